// The load that the traffic of some sources puts on every link, kept up to date while dearer costs are tried out: a
// trial moves only the parts of the trees that hang on what became dearer, and can be taken back. One shard of a
// network-wide plan, a pure function of plain data: others do the same for the other sources, in this thread, in another
// one, or elsewhere.

import type { Demand } from './demand.ts';
import { COST_STEP, type Graph } from './graph.ts';
import { KeyHeap } from './key-heap.ts';
import { UndoLog } from './undo-log.ts';

export type PlanGraph = Pick<Graph, 'offsets' | 'targets' | 'opposite' | 'costs'>;

export interface ShardSetup {
  graph: PlanGraph;
  /** The sources of this shard: from, and up to but without. */
  from: number;
  to: number;
  /** Undefined for the same between all. */
  demand: Demand | undefined;
  /** Whether costs will be tried out; otherwise no tree is kept (16 bytes for each pair of source and node). */
  trying: boolean;
  /** Where the load of each arc is kept; shared between threads. */
  loads: Float64Array;
}

export interface NewCost {
  arc: number;
  cost: number;
}

/** `raise` takes the last trial back first if it is to; `compare` tells what became of the pairs since the beginning. */
export type ShardJob = { kind: 'raise'; costs: readonly NewCost[]; takeBack: boolean } | { kind: 'compare' };

/** Pairs of nodes whose path was computed anew, or is another now. */
export interface MovedPairs {
  pairs: number;
  /** Of their traffic. */
  rate: number;
}

/** Distance and hops in one exact number: a hop counts less than any step of cost, for networks of up to so many hops. */
const HOP_ROOM = 2 ** 14;
const keyOf = (cost: number): number => (cost / COST_STEP) * HOP_ROOM + 1;

export class TrafficShard {
  readonly loads: Float64Array;
  readonly #graph: PlanGraph;
  readonly #demand: Demand | undefined;
  readonly #count: number;
  /** With traffic, in rising order. */
  readonly #sources: number[] = [];
  /** By arc: what it adds to a key. */
  readonly #keys: Float64Array;
  /** By arc: where it begins. */
  readonly #tails: Int32Array;
  /** By source and node, row by row: its key, and the arc that leads to it (-1: none). */
  readonly #distance: Float64Array;
  readonly #parent: Int32Array;
  #firstParent: Int32Array | undefined;
  readonly #undo: UndoLog;
  readonly #heap: KeyHeap;
  /** By node, of one source: what it is sent. */
  readonly #sent: Float64Array;
  /** By node: what passes through it or ends there. All 0 between two calls. */
  readonly #flow: Float64Array;
  /** Nodes, each after the one before it on its path. */
  readonly #order: Int32Array;
  /** 1 for nodes that lost their path. All 0 between two calls. */
  readonly #lost: Uint8Array;

  constructor({ graph, from, to, demand, trying, loads }: ShardSetup) {
    const { offsets, targets, opposite, costs } = graph;
    const count = offsets.length - 1;
    this.loads = loads;
    this.#graph = graph;
    this.#demand = demand;
    this.#count = count;
    for (let source = from; source < to; source++) {
      if (demand === undefined || demand.offsets[source]! < demand.offsets[source + 1]!) this.#sources.push(source);
    }
    this.#keys = Float64Array.from(costs, keyOf);
    this.#tails = Int32Array.from(opposite, (back) => targets[back]!);
    const rows = trying ? this.#sources.length : 1;
    this.#distance = new Float64Array(rows * count);
    this.#parent = new Int32Array(rows * count);
    this.#undo = new UndoLog(this.#distance, this.#parent, loads);
    this.#heap = new KeyHeap(count);
    this.#sent = new Float64Array(count).fill(demand === undefined ? 1 : 0);
    this.#flow = new Float64Array(count);
    this.#order = new Int32Array(count);
    this.#lost = new Uint8Array(count);
    for (const [at, source] of this.#sources.entries()) this.#computeTree(source, trying ? at : 0);
  }

  run(job: ShardJob): MovedPairs {
    if (job.kind === 'compare') return this.#compare();
    if (job.takeBack) this.#undo.takeBack(this.#keys);
    return this.#raise(job.costs);
  }

  /** @param costs finite, none lower than now */
  #raise(costs: readonly NewCost[]): MovedPairs {
    const keys = this.#keys;
    this.#firstParent ??= this.#parent.slice();
    this.#undo.begin();
    for (const { arc, cost } of costs) {
      this.#undo.keepKey(arc, keys[arc]!);
      keys[arc] = keyOf(cost);
    }
    const moved = { pairs: 0, rate: 0 };
    for (const [at, source] of this.#sources.entries()) this.#moveTree(source, at * this.#count, costs, moved);
    return moved;
  }

  #compare(): MovedPairs {
    const moved = { pairs: 0, rate: 0 };
    const first = this.#firstParent;
    if (first === undefined) return moved;
    const state = new Uint8Array(this.#count);
    for (const [at, source] of this.#sources.entries()) {
      const row = at * this.#count;
      this.#markMoved(first, row, state);
      this.#takeDemand(source);
      for (let node = 0; node < this.#count; node++) {
        if (state[node] !== MOVED || this.#sent[node] === 0) continue;
        moved.pairs++;
        moved.rate += this.#sent[node]!;
      }
      this.#dropDemand(source);
    }
    return moved;
  }

  #computeTree(source: number, at: number): void {
    const row = at * this.#count;
    const distance = this.#distance.subarray(row, row + this.#count).fill(Number.POSITIVE_INFINITY);
    const parent = this.#parent.subarray(row, row + this.#count).fill(-1);
    distance[source] = 0;
    this.#heap.lift(source, 0);
    const reached = this.#settle(distance, parent);
    this.#takeDemand(source);
    this.#addLoads(parent, reached, 1);
    this.#dropDemand(source);
  }

  /** Moves what hangs on dearer arcs of one tree, with its loads. */
  #moveTree(source: number, row: number, costs: readonly NewCost[], moved: MovedPairs): void {
    const order = this.#order;
    let count = this.#loseRoots(row, costs);
    if (count === 0) return;
    const distance = this.#distance.subarray(row, row + this.#count);
    const parent = this.#parent.subarray(row, row + this.#count);
    count = this.#loseBelow(parent, count);
    this.#takeDemand(source);
    this.#addLoads(parent, count, -1);
    for (let at = 0; at < count; at++) {
      const node = order[at]!;
      this.#undo.keepPath(row + node);
      distance[node] = Number.POSITIVE_INFINITY;
      parent[node] = -1;
    }
    for (let at = 0; at < count; at++) this.#rejoin(distance, parent, order[at]!);
    const settled = this.#settle(distance, parent);
    this.#addLoads(parent, settled, 1);
    for (let at = 0; at < settled; at++) {
      const node = order[at]!;
      this.#lost[node] = 0;
      moved.rate += this.#sent[node]!;
    }
    moved.pairs += settled;
    this.#dropDemand(source);
  }

  /** Begins the order with the highest nodes that hang on dearer arcs: others may hang on those. */
  #loseRoots(row: number, costs: readonly NewCost[]): number {
    const lost = this.#lost;
    const roots: number[] = [];
    for (const { arc } of costs) {
      const node = this.#graph.targets[arc]!;
      if (this.#parent[row + node] !== arc) continue;
      lost[node] = 1;
      roots.push(node);
    }
    const highest = roots.filter((root) => {
      let arc = this.#parent[row + root]!;
      while (arc !== -1 && lost[this.#tails[arc]!] === 0) arc = this.#parent[row + this.#tails[arc]!]!;
      return arc === -1;
    });
    for (const root of roots) lost[root] = 0;
    let count = 0;
    for (const root of highest) count = this.#lose(root, count);
    return count;
  }

  #lose(node: number, count: number): number {
    this.#lost[node] = 1;
    this.#order[count] = node;
    return count + 1;
  }

  /** Adds to the nodes of the order those whose paths lead through them. */
  #loseBelow(parent: Int32Array, roots: number): number {
    const { offsets, targets } = this.#graph;
    const lost = this.#lost;
    let count = roots;
    for (let at = 0; at < count; at++) {
      const node = this.#order[at]!;
      const end = offsets[node + 1]!;
      for (let arc = offsets[node]!; arc < end; arc++) {
        const to = targets[arc]!;
        if (parent[to] === arc && lost[to] === 0) count = this.#lose(to, count);
      }
    }
    return count;
  }

  /** Hangs a node that lost its path to the best neighbour that kept its own. */
  #rejoin(distance: Float64Array, parent: Int32Array, node: number): void {
    const { offsets, targets, opposite } = this.#graph;
    let best = Number.POSITIVE_INFINITY;
    let over = -1;
    // Neighbours are in rising order: the first of equals is the smallest, as everywhere.
    for (let arc = offsets[node]!; arc < offsets[node + 1]!; arc++) {
      const through = distance[targets[arc]!]! + this.#keys[opposite[arc]!]!;
      if (this.#lost[targets[arc]!] === 1 || through >= best) continue;
      best = through;
      over = opposite[arc]!;
    }
    if (over === -1) return;
    distance[node] = best;
    parent[node] = over;
    this.#heap.lift(node, best);
  }

  /** Settles what is in the heap and what gets nearer through it; answers how many nodes, which are then in the order. */
  #settle(distance: Float64Array, parent: Int32Array): number {
    const { offsets, targets } = this.#graph;
    const keys = this.#keys;
    const tails = this.#tails;
    const heap = this.#heap;
    const order = this.#order;
    let settled = 0;
    while (heap.size > 0) {
      const node = heap.takeFirst();
      order[settled++] = node;
      const here = distance[node]!;
      const end = offsets[node + 1]!;
      for (let arc = offsets[node]!; arc < end; arc++) {
        const through = here + keys[arc]!;
        const to = targets[arc]!;
        const known = distance[to]!;
        if (through > known) continue;
        if (through === known) {
          if (through < Number.POSITIVE_INFINITY && node < tails[parent[to]!]!) parent[to] = arc;
          continue;
        }
        distance[to] = through;
        parent[to] = arc;
        heap.lift(to, through);
      }
    }
    return settled;
  }

  /**
   * Adds what is sent to the first `count` nodes of the order to the arcs of their paths, or takes it away. Where a path
   * leads on through a node that is not among them, it is followed to the source.
   */
  #addLoads(parent: Int32Array, count: number, sign: 1 | -1): void {
    const tails = this.#tails;
    const order = this.#order;
    const loads = this.loads;
    const flow = this.#flow;
    const partial = this.#lost[order[0]!] === 1;
    for (let at = count - 1; at >= 0; at--) {
      const node = order[at]!;
      const through = flow[node]! + this.#sent[node]!;
      flow[node] = 0;
      let arc = parent[node]!;
      if (arc === -1 || through === 0) continue;
      loads[arc]! += sign * through;
      const before = tails[arc]!;
      if (!partial || this.#lost[before] === 1) {
        flow[before]! += through;
        continue;
      }
      for (arc = parent[before]!; arc !== -1; arc = parent[tails[arc]!]!) loads[arc]! += sign * through;
    }
  }

  #takeDemand(source: number): void {
    if (this.#demand === undefined) return;
    const { offsets, targets, rates } = this.#demand;
    for (let at = offsets[source]!; at < offsets[source + 1]!; at++) this.#sent[targets[at]!]! += rates[at]!;
  }

  #dropDemand(source: number): void {
    if (this.#demand === undefined) return;
    const { offsets, targets } = this.#demand;
    for (let at = offsets[source]!; at < offsets[source + 1]!; at++) this.#sent[targets[at]!] = 0;
  }

  /** Tells the nodes of a row whose paths are others now: their own last arc, or one before it. */
  #markMoved(first: Int32Array, row: number, state: Uint8Array): void {
    const way: number[] = [];
    state.fill(UNKNOWN);
    for (let node = 0; node < this.#count; node++) {
      let at = node;
      while (state[at] === UNKNOWN && this.#parent[row + at] !== -1 && this.#parent[row + at] === first[row + at]) {
        way.push(at);
        at = this.#tails[this.#parent[row + at]!]!;
      }
      if (state[at] === UNKNOWN) state[at] = this.#parent[row + at] === first[row + at] ? KEPT : MOVED;
      for (const passed of way.splice(0)) state[passed] = state[at]!;
    }
  }
}

const UNKNOWN = 0;
const KEPT = 1;
const MOVED = 2;
