// What the routes should be: shortest paths over the links that really work, found apart from the nodes' own routing,
// and where frames would really go if they followed the nodes' next hops.

import type { SimulatedNetwork } from './simulated-network.ts';

interface Arc {
  to: number;
  cost: number;
}

export interface Verdict {
  /** Ordered pairs of living nodes that working links join. */
  pairs: number;
  /** Of them: the source has no route, or one that is not the shortest. */
  wrong: number;
  /** Routes to nodes that are dead or cut off. */
  stale: number;
  /** Of the pairs: frames would end nowhere or go round in circles. */
  unreachable: number;
}

/** Costs are whole numbers; a quarter is only rounding. */
const TOLERANCE = 0.25;

/** Compares the routes of all living nodes with the truth at this moment. */
export function judge(network: SimulatedNetwork): Verdict {
  const { nodes } = network;
  const arcs = workingArcs(network);
  const part = partsOf(nodes.length, arcs);
  const next = nextHops(network, arcs);
  const verdict: Verdict = { pairs: 0, wrong: 0, stale: 0, unreachable: 0 };
  const incoming = reversed(arcs);
  for (const { number: destination, alive, id } of nodes) {
    if (!alive) {
      verdict.stale += nodes.filter((node) => node.alive && node.mesh.routing.hasRoute(id)).length;
      continue;
    }
    const distance = distancesTo(destination, incoming);
    const arrives = whoArrives(destination, next[destination]!);
    for (const { number: source, alive: lives, mesh } of nodes) {
      if (!lives || source === destination) continue;
      const hop = next[destination]![source]!;
      if (part[source] !== part[destination]) {
        if (mesh.routing.hasRoute(id)) verdict.stale++;
        continue;
      }
      verdict.pairs++;
      if (!arrives[source]) verdict.unreachable++;
      const cost = hop < 0 ? undefined : arcs[source]!.find(({ to }) => to === hop)?.cost;
      const found = cost === undefined ? Number.POSITIVE_INFINITY : cost + distance[hop]!;
      if (!(found <= distance[source]! + TOLERANCE)) verdict.wrong++;
    }
  }
  return verdict;
}

/** By source: links that carry, at the cost that the source announces; Infinity while it thinks the link unusable. */
function workingArcs(network: SimulatedNetwork): Arc[][] {
  const arcs: Arc[][] = network.nodes.map(() => []);
  const costs = network.nodes.map(
    ({ alive, mesh }) => new Map(alive ? mesh.links().map((link) => [link.peer, link]) : []),
  );
  const usable = (from: number, to: number): number => {
    const link = costs[from]!.get(network.nodes[to]!.id);
    return link === undefined || link.state === 'down' || link.roundTripSeconds === undefined
      ? Number.POSITIVE_INFINITY
      : link.cost;
  };
  for (const link of network.links) {
    if (!network.isLiving(link)) continue;
    const { a, b } = link;
    // Who is denied by the other side is used by nobody.
    const both = Number.isFinite(usable(a, b) + usable(b, a));
    arcs[a]!.push({ to: b, cost: both ? usable(a, b) : Number.POSITIVE_INFINITY });
    arcs[b]!.push({ to: a, cost: both ? usable(b, a) : Number.POSITIVE_INFINITY });
  }
  return arcs;
}

/** A number for each part of the network that hangs together. */
export function partsOf(count: number, arcs: readonly (readonly { to: number }[])[]): Int32Array {
  const part = new Int32Array(count).fill(-1);
  for (let first = 0; first < count; first++) {
    if (part[first] !== -1) continue;
    const waiting = [first];
    part[first] = first;
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const { to } of arcs[node]!) {
        if (part[to] !== -1) continue;
        part[to] = first;
        waiting.push(to);
      }
    }
  }
  return part;
}

/** By destination and source: the neighbour to which the source sends; -1 where it has none, or the link is dead. */
function nextHops(network: SimulatedNetwork, arcs: readonly (readonly Arc[])[]): Int32Array[] {
  const { nodes } = network;
  const next = nodes.map(() => new Int32Array(nodes.length).fill(-1));
  for (const { number: source, alive, mesh } of nodes) {
    if (!alive) continue;
    const byId = new Map(arcs[source]!.map(({ to }) => [nodes[to]!.id, to]));
    for (const { number: destination, id } of nodes) {
      if (destination === source) continue;
      const hop = mesh.routing.nextHop(id)?.nextHop;
      next[destination]![source] = (hop === undefined ? undefined : byId.get(hop)) ?? -1;
    }
  }
  return next;
}

function whoArrives(destination: number, next: Int32Array): Uint8Array {
  const arrives = new Uint8Array(next.length);
  const seen = new Uint8Array(next.length);
  arrives[destination] = 1;
  seen[destination] = 1;
  for (let source = 0; source < next.length; source++) {
    const way: number[] = [];
    let at = source;
    while (at >= 0 && seen[at] === 0) {
      seen[at] = 1;
      way.push(at);
      at = next[at]!;
    }
    // A node that is on this very way has not arrived yet: a circle.
    if (at >= 0 && arrives[at] === 1) for (const node of way) arrives[node] = 1;
  }
  return arrives;
}

function reversed(arcs: readonly (readonly Arc[])[]): Arc[][] {
  const incoming: Arc[][] = arcs.map(() => []);
  arcs.forEach((list, from) => {
    for (const { to, cost } of list) incoming[to]!.push({ to: from, cost });
  });
  return incoming;
}

/** Dijkstra with a plain heap of pairs, old ones skipped: another way than the routing's, on purpose. */
function distancesTo(destination: number, incoming: readonly (readonly Arc[])[]): Float64Array {
  const distance = new Float64Array(incoming.length).fill(Number.POSITIVE_INFINITY);
  distance[destination] = 0;
  const heap: [number, number][] = [[0, destination]];
  for (let first = takeLeast(heap); first !== undefined; first = takeLeast(heap)) {
    const [reached, node] = first;
    if (reached > distance[node]!) continue;
    for (const { to, cost } of incoming[node]!) {
      const there = reached + cost;
      if (there >= distance[to]!) continue;
      distance[to] = there;
      put(heap, [there, to]);
    }
  }
  return distance;
}

function put(heap: [number, number][], entry: [number, number]): void {
  let at = heap.length;
  while (at > 0) {
    const above = (at - 1) >>> 1;
    if (heap[above]![0] <= entry[0]) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = entry;
}

function takeLeast(heap: [number, number][]): [number, number] | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]![0] < heap[child]![0]) child++;
    if (heap[child]![0] >= last[0]) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
