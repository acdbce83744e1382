// PARLMeshOptimizer: a plan of the whole network from the link states and the measured traffic that a node knows: where
// traffic crowds, what must not fail, and which costs would spread the load.

import { seededRandom } from '../../core/random.ts';
import { findBetterWeights } from './better-weights.ts';
import { findCuts } from './cuts.ts';
import type { Demand } from './demand.ts';
import type { Graph } from './graph.ts';
import { describePlan, type NetworkPlan } from './network-plan.ts';
import { type Shard, ShardHere, ShardThread } from './shard-thread.ts';
import type { MovedPairs, NewCost, PlanGraph, ShardJob, ShardSetup } from './traffic-shard.ts';

export interface OptimizerParts {
  /** Worker threads at most, alive only while a plan is computed; small networks are computed in this one. */
  threads: number;
  seed: number;
}

export interface PlanInput {
  /** With the costs as they are measured. */
  graph: Graph;
  /** The same between all when left out. */
  demand?: Demand | undefined;
  /** Bytes per second that each arc bears; all the same when left out. */
  capacities?: Float64Array | undefined;
}

/** Below this, starting a thread takes longer than the plan. */
const SMALL = 48;
/** Paths that the search may compute anew: bounds its time, about a microsecond for three. */
const EFFORT = 1_000_000;
const MOST_TRIALS = 400;
/** Above this many nodes no costs are tried out: the trees of all would not fit in a board's memory. */
const MOST_SEARCHED = 1500;

export class PARLMeshOptimizer {
  readonly #parts: OptimizerParts;
  #last: { version: string; plan: Promise<NetworkPlan> } | undefined;
  readonly #threads = new Set<ShardThread>();

  constructor(parts: OptimizerParts) {
    this.#parts = parts;
  }

  /** The last plan again while `version` is the same. One is computed at a time: who asks meanwhile gets that one. */
  plan(version: string, input: () => PlanInput): Promise<NetworkPlan> {
    if (this.#last !== undefined && (this.#last.version === version || this.#threads.size > 0)) return this.#last.plan;
    const plan = this.#compute(input());
    const last = { version, plan };
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

  async #compute({ graph: live, demand, capacities }: PlanInput): Promise<NetworkPlan> {
    const graph = { ...live, costs: live.costs.slice() };
    const count = graph.ids.length;
    const cuts = findCuts(graph);
    const fixed = new Set(cuts.links.flatMap(({ arc }) => [arc, graph.opposite[arc]!]));
    const trying = count <= MOST_SEARCHED;
    const shards = this.#shards({ graph: sharedGraph(graph), demand: demand && sharedDemand(demand), trying });
    const all = (job: ShardJob): Promise<MovedPairs[]> => Promise.all(shards.map((shard) => shard.run(job)));
    const raise = async (costs: readonly NewCost[], takeBack: boolean) => {
      const moved = await all({ kind: 'raise', costs, takeBack });
      return { loads: sum(shards.map(({ loads }) => loads)), paths: total(moved).pairs };
    };
    try {
      const { loads } = await raise([], false);
      const better = await findBetterWeights({
        ...{ graph, fixed, loads, raise },
        capacities: capacities ?? new Float64Array(loads.length).fill(1),
        random: seededRandom(this.#parts.seed),
        mostTrials: trying ? MOST_TRIALS : 0,
        effort: EFFORT,
      });
      const moved = total(better.costs.length === 0 ? [] : await all({ kind: 'compare' }));
      return describePlan({
        ...{ graph, cuts, capacities, loads, better, moved },
        measured: demand !== undefined,
        sent: demand === undefined ? cuts.parts.reduce((pairs, size) => pairs + size * (size - 1), 0) : sentBy(demand),
        threads: shards.length,
      });
    } finally {
      await Promise.all(shards.map((shard) => this.#end(shard)));
    }
  }

  #shards(setup: Omit<ShardSetup, 'from' | 'to' | 'loads'>): Shard[] {
    const { offsets, targets } = setup.graph;
    const count = offsets.length - 1;
    const loads = (): Float64Array => new Float64Array(new SharedArrayBuffer(8 * targets.length));
    if (count <= SMALL) return [new ShardHere({ ...setup, from: 0, to: count, loads: loads() })];
    const share = Math.ceil(count / Math.max(1, this.#parts.threads));
    const shards: ShardThread[] = [];
    for (let from = 0; from < count; from += share) {
      const thread = new ShardThread({ ...setup, from, to: Math.min(count, from + share), loads: loads() });
      this.#threads.add(thread);
      shards.push(thread);
    }
    return shards;
  }

  async #end(shard: Shard): Promise<void> {
    await shard.stop();
    if (shard instanceof ShardThread) this.#threads.delete(shard);
  }
}

/** Copies that all threads read. */
function sharedGraph({ offsets, targets, opposite, costs }: Graph): PlanGraph {
  return {
    offsets: sharedIntegers(offsets),
    targets: sharedIntegers(targets),
    opposite: sharedIntegers(opposite),
    costs: sharedNumbers(costs),
  };
}

function sharedDemand({ offsets, targets, rates }: Demand): Demand {
  return { offsets: sharedIntegers(offsets), targets: sharedIntegers(targets), rates: sharedNumbers(rates) };
}

function sharedIntegers(from: Int32Array): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(from.byteLength));
  shared.set(from);
  return shared;
}

function sharedNumbers(from: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(from.byteLength));
  shared.set(from);
  return shared;
}

function sum(parts: Float64Array[]): Float64Array {
  const whole = parts[0]!.slice();
  for (const part of parts.slice(1)) for (let at = 0; at < whole.length; at++) whole[at]! += part[at]!;
  return whole;
}

function total(parts: MovedPairs[]): MovedPairs {
  return parts.reduce((sum, { pairs, rate }) => ({ pairs: sum.pairs + pairs, rate: sum.rate + rate }), NONE);
}

const NONE: MovedPairs = { pairs: 0, rate: 0 };

const sentBy = ({ rates }: Demand): number => rates.reduce((sum, rate) => sum + rate, 0);
