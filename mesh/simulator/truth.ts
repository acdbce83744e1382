// What the routes should be: shortest paths over the links that really work, found apart from the nodes' own routing,
// and where frames would really go if they followed the nodes' next hops.

import type { SimulatedNetwork, SimulatedNode } from './simulated-network.ts';

interface Arc {
  to: number;
  cost: number;
}

export interface Verdict {
  /** Ordered pairs of living, honest nodes that working links between honest nodes join. */
  pairs: number;
  /** Of them: the source has no route, or one that is not the shortest. */
  wrong: number;
  /** Of the pairs: the route is not the shortest, because somebody on it lies about costs or links. */
  lured: number;
  /** Routes to nodes that are dead or cut off. */
  stale: number;
  /** Of the pairs: frames would end nowhere or go round in circles. */
  unreachable: number;
}

/** Costs are whole numbers; a quarter is only rounding. */
const TOLERANCE = 0.25;

/** Compares the routes of all living, honest nodes with the truth at this moment. */
export function judge(network: SimulatedNetwork): Verdict {
  const { nodes } = network;
  const arcs = workingArcs(network);
  const part = partsOf(nodes.length, arcs);
  const liars = nodes.map(({ adversary }) => adversary !== undefined);
  const honestPart = liars.includes(true) ? partsOf(nodes.length, honestOnly(arcs, liars)) : part;
  const next = nextHops(network, arcs);
  const verdict: Verdict = { pairs: 0, wrong: 0, lured: 0, stale: 0, unreachable: 0 };
  const incoming = reversed(arcs);
  const honest = network.honest();
  for (const { number: destination, alive, id } of nodes) {
    if (!alive) {
      verdict.stale += honest.filter(({ mesh }) => mesh.routing.hasRoute(id)).length;
      continue;
    }
    if (liars[destination]) continue;
    const distance = distancesTo(destination, incoming);
    const way = follow(destination, next[destination]!, liars);
    for (const { number: source, mesh } of honest) {
      if (source === destination) continue;
      if (part[source] !== part[destination]) {
        if (mesh.routing.hasRoute(id)) verdict.stale++;
        continue;
      }
      if (honestPart[source] !== honestPart[destination]) continue;
      verdict.pairs++;
      if ((way[source]! & ARRIVES) === 0) verdict.unreachable++;
      const hop = next[destination]![source]!;
      const cost = hop < 0 ? undefined : arcs[source]!.find(({ to }) => to === hop)?.cost;
      const found = cost === undefined ? Number.POSITIVE_INFINITY : cost + distance[hop]!;
      if (found <= distance[source]! + TOLERANCE) continue;
      if (network.hasAreas && hop >= 0) continue;
      if ((way[source]! & THROUGH_LIAR) === 0) verdict.wrong++;
      else verdict.lured++;
    }
  }
  return verdict;
}

/** Pairs of honest, living nodes that working links between honest nodes join: up to `most`, spread evenly. */
export function honestPairs(network: SimulatedNetwork, most: number): [SimulatedNode, SimulatedNode][] {
  const { nodes, random } = network;
  const liars = nodes.map(({ adversary }) => adversary !== undefined);
  const part = partsOf(nodes.length, honestOnly(workingArcs(network), liars));
  const honest = network.honest();
  const pairs: [SimulatedNode, SimulatedNode][] = [];
  for (let tries = 0; tries < 4 * most && pairs.length < most && honest.length > 1; tries++) {
    const [a, b] = [honest[random.below(honest.length)]!, honest[random.below(honest.length)]!];
    if (a !== b && part[a.number] === part[b.number]) pairs.push([a, b]);
  }
  return pairs;
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

const ARRIVES = 1;
const THROUGH_LIAR = 2;

/** By source: whether frames for `destination` arrive, and whether a liar stands on their way. */
function follow(destination: number, next: Int32Array, liars: readonly boolean[]): Uint8Array {
  const found = new Uint8Array(next.length);
  const seen = new Uint8Array(next.length);
  found[destination] = ARRIVES;
  seen[destination] = 1;
  const way: number[] = [];
  for (let source = 0; source < next.length; source++) {
    way.length = 0;
    let at = source;
    while (at >= 0 && seen[at] === 0) {
      seen[at] = 1;
      way.push(at);
      at = next[at]!;
    }
    // A node that is on this very way has not arrived yet: a circle.
    let told = at < 0 ? 0 : found[at]! | (liars[at] ? THROUGH_LIAR : 0);
    while (way.length > 0) {
      const node = way.pop()!;
      found[node] = told;
      if (liars[node]) told |= THROUGH_LIAR;
    }
  }
  return found;
}

const honestOnly = (arcs: readonly (readonly Arc[])[], liars: readonly boolean[]): Arc[][] =>
  arcs.map((list, from) => (liars[from] ? [] : list.filter(({ to }) => !liars[to])));

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
