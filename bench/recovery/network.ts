// A small network of daemons on loopback whose agents work on jobs, and what can be done to them.

import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { JobSpec } from '../../agents/swarm/job-spec.ts';
import type { JobDetailView, JobView, SwarmView } from '../../agents/swarm/job-view.ts';
import { joinNetworkOf, LocalNode } from '../../daemon/cli/local-node.ts';
import { until } from '../rig/processes.ts';

/** Agents of a node, each with one slot. */
export const AGENTS = 4;
const READY_WITHIN = 60_000;
const NAP = `export async function run({ seconds }) {
  await new Promise((done) => setTimeout(done, seconds * 1000));
  return { seconds };
}
`;

export interface RunningNode {
  node: LocalNode;
  id: string;
}

export class WorkingNetwork {
  readonly nodes: RunningNode[] = [];
  readonly #scratch = mkdtempSync(join(tmpdir(), 'parlmesh-recovery-'));

  async start(count: number): Promise<void> {
    const modules = join(this.#scratch, 'modules');
    mkdirSync(modules);
    chmodSync(modules, 0o755);
    writeFileSync(join(modules, 'nap.mjs'), NAP);
    writeFileSync(join(modules, 'nap.yaml'), stringify({ slots: AGENTS }));
    const config = join(this.#scratch, 'parlmesh.yaml');
    // All else is as it comes.
    const commands = [{ name: 'nap', argv: ['sleep'], extraArguments: 1 }];
    writeFileSync(
      config,
      stringify({ agents: { commands, modules: { folder: modules } }, swarm: { agents: { max: AGENTS }, speed: 1 } }),
    );
    const nodes = Array.from({ length: count }, (_, index) => {
      const dataDir = join(this.#scratch, `n${index}`);
      return new LocalNode({ name: `n${index}`, dataDir, config, settings: { PARLMESH_LOG_LEVEL: 'error' } });
    });
    for (const node of nodes) node.start();
    await Promise.all(nodes.map((node) => node.ready(READY_WITHIN)));
    for (const node of nodes.slice(1)) await joinNetworkOf(nodes[0]!, node);
    for (const node of nodes) this.nodes.push({ node, id: (await node.get<{ id: string }>('node')).id });
    await this.whole();
  }

  /** Resolves when each node can give tasks to each other. */
  async whole(): Promise<void> {
    for (const { node } of this.nodes) {
      await until(`${node.name} reaches all workers`, READY_WITHIN, async () => {
        const { workers } = await node.get<SwarmView>('swarm');
        return workers.filter(({ reachable, slots }) => reachable && slots > 0).length === this.nodes.length;
      });
    }
  }

  submit(home: RunningNode, spec: JobSpec): Promise<JobView> {
    return home.node.post<JobView>('jobs', spec);
  }

  detail({ node }: RunningNode, job: string): Promise<JobDetailView> {
    return node.get<JobDetailView>(`jobs/${job}`);
  }

  /** Ends it at once, as a power cut would. Its data stay. */
  async kill({ node }: RunningNode): Promise<void> {
    await node.stop('SIGKILL');
  }

  async revive({ node }: RunningNode): Promise<void> {
    node.start();
    await node.ready(READY_WITHIN);
  }

  /** Stops one job worker, as its supervisor does with one that failed, and starts it anew. */
  async restartAgent({ node }: RunningNode, agent: string): Promise<void> {
    await node.request('POST', `/api/v3/agents/${encodeURIComponent(agent)}/restart`);
  }

  /** Sends a signal to the processes below a node whose command line says this. Returns how many there were. */
  signal({ node }: RunningNode, what: RegExp, signal: NodeJS.Signals): number {
    const found = descendantsOf(node.pid!).filter(({ command }) => what.test(command));
    for (const { pid } of found) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has just ended.
      }
    }
    return found.length;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ node }) => node.stop('SIGKILL')));
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

/** All processes that a process has started, theirs included. */
function descendantsOf(root: number): { pid: number; command: string }[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has just ended.
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter(isBelow).flatMap((pid) => {
    try {
      return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
    } catch {
      return [];
    }
  });
}
