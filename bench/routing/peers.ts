// The same networks in others' hands: graphology (installed into a temporary folder), networkx and scipy (where Python
// has them). Each answers seconds of processor time for one full computation of shortest paths from one node, or why it
// cannot.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LinkStateList } from '../../mesh/routing/graph.ts';

export type Measured = { seconds: number } | { skipped: string };

const GRAPHOLOGY = ['graphology@0.26.0', 'graphology-shortest-path@2.1.0', 'graphology-metrics@2.4.2'];

const GRAPHOLOGY_RUN = `
import { readFileSync } from 'node:fs';
import Graph from 'graphology';
import { dijkstra } from 'graphology-shortest-path';
const { nodes, links, rounds } = JSON.parse(readFileSync('network.json', 'utf8'));
const graph = new Graph({ type: 'directed' });
for (const node of nodes) graph.addNode(node);
for (const [a, b, weight] of links) graph.addEdge(a, b, { weight });
for (let round = 0; round < 5; round++) dijkstra.singleSource(graph, nodes[round], 'weight');
const start = process.threadCpuUsage();
for (let round = 0; round < rounds; round++) dijkstra.singleSource(graph, nodes[round % nodes.length], 'weight');
const { user, system } = process.threadCpuUsage(start);
console.log((user + system) / 1e6 / rounds);
`;

const BETWEENNESS_RUN = `
import { readFileSync } from 'node:fs';
import Graph from 'graphology';
import betweenness from 'graphology-metrics/centrality/edge-betweenness.js';
const { nodes, links } = JSON.parse(readFileSync('network.json', 'utf8'));
const graph = new Graph({ type: 'directed' });
for (const node of nodes) graph.addNode(node);
for (const [a, b, weight] of links) graph.addEdge(a, b, { weight });
const start = process.threadCpuUsage();
betweenness(graph, { getEdgeWeight: 'weight', normalized: false });
const { user, system } = process.threadCpuUsage(start);
console.log((user + system) / 1e6);
`;

const NETWORKX_RUN = `
import json, time, networkx
network = json.load(open('network.json'))
graph = networkx.DiGraph()
graph.add_weighted_edges_from(network['links'])
graph.add_nodes_from(network['nodes'])
start = time.process_time()
for r in range(network['rounds']):
    networkx.single_source_dijkstra(graph, network['nodes'][r % len(network['nodes'])])
print((time.process_time() - start) / network['rounds'])
`;

const SCIPY_RUN = `
import json, time, numpy
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
network = json.load(open('network.json'))
place = {node: at for at, node in enumerate(network['nodes'])}
rows, columns, costs = zip(*[(place[a], place[b], c) for a, b, c in network['links']])
graph = csr_matrix((numpy.array(costs, dtype=float), (rows, columns)), shape=(len(place), len(place)))
dijkstra(graph, indices=0, return_predecessors=True)
start = time.process_time()
for r in range(network['rounds']):
    dijkstra(graph, indices=r % len(place), return_predecessors=True)
print((time.process_time() - start) / network['rounds'])
`;

export class Peers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'parlmesh-routing-'));
  #graphology: string | undefined;

  constructor() {
    writeFileSync(join(this.#folder, 'package.json'), '{"type":"module"}');
    try {
      execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...GRAPHOLOGY], {
        cwd: this.#folder,
        stdio: 'pipe',
      });
    } catch {
      this.#graphology = `npm could not install ${GRAPHOLOGY.join(' and ')}`;
    }
  }

  /** @param rounds computations to average over */
  measure(lists: readonly LinkStateList[], rounds: number): Record<'graphology' | 'networkx' | 'scipy', Measured> {
    this.#write(lists, rounds);
    return {
      graphology: this.#runGraphology(GRAPHOLOGY_RUN),
      networkx: this.#run('python3', ['-c', NETWORKX_RUN]),
      scipy: this.#run('python3', ['-c', SCIPY_RUN]),
    };
  }

  /** Loads of all links when every node sends the same to every other, once. */
  measureBetweenness(lists: readonly LinkStateList[]): Measured {
    this.#write(lists, 1);
    return this.#runGraphology(BETWEENNESS_RUN);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(lists: readonly LinkStateList[], rounds: number): void {
    const links = lists.flatMap(({ origin, links }) => [...links].map(([to, cost]) => [origin, to, cost]));
    const nodes = lists.map(({ origin }) => origin);
    writeFileSync(join(this.#folder, 'network.json'), JSON.stringify({ nodes, links, rounds }));
  }

  #runGraphology(program: string): Measured {
    if (this.#graphology !== undefined) return { skipped: this.#graphology };
    writeFileSync(join(this.#folder, 'run.mjs'), program);
    return this.#run(process.execPath, ['run.mjs']);
  }

  #run(command: string, args: string[]): Measured {
    try {
      const printed = execFileSync(command, args, { cwd: this.#folder, stdio: 'pipe', encoding: 'utf8' });
      return { seconds: Number(printed) };
    } catch (error) {
      const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
      return { skipped: said ?? 'it failed' };
    }
  }
}
