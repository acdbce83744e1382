// PARLMeshOptimizer: a plan of the whole network from the link states of this node: where traffic crowds, what must not
// fail, and which costs would spread the load. A plan is advice; nothing is changed.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { seededRandom } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import { findBetterWeights } from './better-weights.ts';
import { findCuts } from './cuts.ts';
import type { Graph } from './graph.ts';
import { ShardThread } from './shard-thread.ts';
import { type LoadSource, type NewCost, type ShardSetup, TrafficShard } from './traffic-shard.ts';

export interface PlannedLink {
  a: NodeId;
  b: NodeId;
}

export interface NetworkPlan {
  nodes: number;
  links: number;
  /** What the loads are made of: `uniform` counts each ordered pair of nodes once. */
  traffic: 'uniform' | 'measured';
  /** By load in both directions, with its share of all traffic. */
  busiest: (PlannedLink & { load: number; share: number })[];
  /** Nodes and links without which others are cut off, the most harmful first. */
  cutNodes: { node: NodeId; cutsOff: number }[];
  cutLinks: (PlannedLink & { cutsOff: number })[];
  weights: {
    /** The highest load of a link, in one direction, that has a way around it: now, and with the better costs. */
    maximum: number;
    improved: number;
    /** Costs as announced by `a` towards `b`. */
    changes: (PlannedLink & { cost: number; better: number })[];
  };
  threads: number;
}

export interface OptimizerParts {
  /** Worker threads at most; small networks are computed in this one. */
  threads: number;
  seed: number;
}

/** Below this, starting a thread takes longer than the plan. */
const SMALL = 48;
const MOST_BUSIEST = 20;
/** Bounds the search: its effort grows with the square of the nodes. */
const SEARCH_EFFORT = 6_000_000;
const MOST_TRIES = 60;
/** Above this many nodes no costs are tried out: the trees of all would not fit in a board's memory. */
const MOST_SEARCHED = 1500;

export class PARLMeshOptimizer {
  readonly #parts: OptimizerParts;
  #last: { shape: Graph['ids']; version: number; plan: Promise<NetworkPlan> } | undefined;
  readonly #threads = new Set<ShardThread>();

  constructor(parts: OptimizerParts) {
    this.#parts = parts;
  }

  /**
   * The plan of a graph; the last one again while the nodes and `version` are the same.
   * @param traffic how much each node sends to each, row by row; the same between all when left out
   */
  plan(graph: Graph, version: number, traffic?: Float64Array): Promise<NetworkPlan> {
    const shape = graph.ids;
    if (this.#last?.shape === shape && this.#last.version === version) return this.#last.plan;
    const plan = this.#compute({ ...graph, costs: graph.costs.slice() }, traffic);
    const last = { shape, version, plan };
    this.#last = last;
    // What failed is tried again when somebody asks again.
    plan.catch(() => {
      if (this.#last === last) this.#last = undefined;
    });
    return plan;
  }

  /** Ends plans that are being computed; they reject. */
  async stop(): Promise<void> {
    this.#last = undefined;
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  async #compute(graph: Graph, traffic: Float64Array | undefined): Promise<NetworkPlan> {
    const count = graph.ids.length;
    const cuts = findCuts(graph);
    const fixed = new Set(cuts.links.flatMap(({ arc }) => [arc, graph.opposite[arc]!]));
    const trying = count <= MOST_SEARCHED;
    const shards = this.#shards({ graph, traffic, trying });
    try {
      const loads = async (costs: readonly NewCost[]): Promise<Float64Array> =>
        sum(await Promise.all(shards.map((shard) => shard.loads(costs))));
      const effort = Math.floor(SEARCH_EFFORT / Math.max(1, count * count));
      const tries = trying ? Math.min(MOST_TRIES, effort) : 0;
      const random = seededRandom(this.#parts.seed);
      const weights = await findBetterWeights({ graph, fixed, loads, random, tries });
      const name = linkNames(graph);
      return {
        ...sizes(graph),
        traffic: traffic === undefined ? 'uniform' : 'measured',
        busiest: busiest(
          graph,
          weights.loads,
          traffic === undefined ? cuts.parts.map((size) => size * (size - 1)).reduce(add, 0) : traffic.reduce(add, 0),
        ),
        cutNodes: cuts.nodes.map(({ node, cutsOff }) => ({ node: graph.ids[node]!, cutsOff })),
        cutLinks: cuts.links.map(({ arc, cutsOff }) => ({ ...name(arc), cutsOff })),
        weights: {
          maximum: weights.maximum,
          improved: weights.improved,
          changes: weights.costs.map(({ arc, cost }) => ({ ...name(arc), cost: graph.costs[arc]!, better: cost })),
        },
        threads: shards.length,
      };
    } finally {
      await Promise.all(shards.map((shard) => this.#end(shard)));
    }
  }

  #shards(setup: Omit<ShardSetup, 'from' | 'to'>): LoadSource[] {
    const count = setup.graph.ids.length;
    if (count <= SMALL) return [inThisThread(new TrafficShard({ ...setup, from: 0, to: count }))];
    const share = Math.ceil(count / Math.max(1, this.#parts.threads));
    const shards: ShardThread[] = [];
    for (let from = 0; from < count; from += share) {
      const thread = new ShardThread({ ...setup, from, to: Math.min(count, from + share) });
      this.#threads.add(thread);
      shards.push(thread);
    }
    return shards;
  }

  async #end(shard: LoadSource): Promise<void> {
    if (!(shard instanceof ShardThread)) return;
    this.#threads.delete(shard);
    await shard.stop();
  }
}

/** Lets others have their turn before each computation. */
const inThisThread = (shard: TrafficShard): LoadSource => ({
  loads: async (costs) => {
    await nextTurn();
    return shard.loads(costs).slice();
  },
});

const add = (a: number, b: number): number => a + b;

function sum(parts: Float64Array[]): Float64Array {
  const [first, ...rest] = parts;
  const total = first!;
  for (const part of rest) for (let at = 0; at < total.length; at++) total[at]! += part[at]!;
  return total;
}

function linkNames({ ids, targets, opposite }: Graph): (arc: number) => PlannedLink {
  return (arc) => ({ a: ids[targets[opposite[arc]!]!]!, b: ids[targets[arc]!]! });
}

/** Only what is in use. */
function sizes({ ids, offsets, costs }: Graph): { nodes: number; links: number } {
  const inUse = costs.map((cost) => (cost < Number.POSITIVE_INFINITY ? 1 : 0));
  const nodes = ids.filter((_, node) => inUse.subarray(offsets[node], offsets[node + 1]).includes(1)).length;
  return { nodes, links: inUse.reduce(add, 0) / 2 };
}

function busiest(graph: Graph, loads: Float64Array, sent: number): NetworkPlan['busiest'] {
  const name = linkNames(graph);
  const links: NetworkPlan['busiest'] = [];
  for (const [arc, load] of loads.entries()) {
    const back = graph.opposite[arc]!;
    if (arc > back || load + loads[back]! === 0) continue;
    const both = load + loads[back]!;
    links.push({ ...name(arc), load: both, share: both / sent });
  }
  return links.sort((x, y) => y.load - x.load || (x.a < y.a ? -1 : 1)).slice(0, MOST_BUSIEST);
}
