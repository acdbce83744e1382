// In which order nodes are asked: unlike boards first, so that few canaries see much. Pure; the same version gives the same
// order on every coordinator, so that one that takes over goes on with the same nodes.

import type { AgentNetwork } from '../../network.ts';

export interface Asked {
  id: string;
  /** What boards have in common: the profile; nodes of one group are alike. */
  group?: string | undefined;
  /** Anomaly score, 0 to 1: a node that is not well says little of a model. */
  score: number;
}

/** Anomalous nodes come last. */
const ANOMALOUS = 0.5;

/** One of each group in turn, drawn by the version; within a group likewise. */
export function orderOf(nodes: readonly Asked[], version: string): string[] {
  const place = (text: string): number => hash(`${version}/${text}`);
  const groups = new Map<string, Asked[]>();
  for (const node of nodes) {
    const name = node.group ?? '';
    const members = groups.get(name) ?? [];
    groups.set(name, members);
    members.push(node);
  }
  const drawn = [...groups]
    .map(([name, members]) => ({ at: place(name), members: sortedBy(members, ({ id }) => place(id)) }))
    .sort((a, b) => a.at - b.at);
  const longest = Math.max(0, ...drawn.map(({ members }) => members.length));
  const order = Array.from({ length: longest }, (_, turn) =>
    drawn.flatMap(({ members }) => members[turn] ?? []),
  ).flat();
  const isSick = ({ score }: Asked): boolean => score >= ANOMALOUS;
  return [...order.filter((node) => !isSick(node)), ...order.filter(isSick)].map(({ id }) => id);
}

/** Nodes that can be reached, this one too. */
export function reachableInOrder(
  network: Pick<AgentNetwork, 'nodes' | 'self'>,
  group: (node: string) => string | undefined,
  version: string,
): string[] {
  const others = network.nodes().filter(({ reachable }) => reachable);
  const all = [...others.map(({ id, score }) => ({ id, score })), { id: network.self, score: 0 }];
  return orderOf(
    all.map((node) => ({ ...node, group: group(node.id) })),
    version,
  );
}

/** @param of counted once for each */
function sortedBy<T>(items: readonly T[], of: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, at: of(item) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** In no order. */
export function reachableNodes(network: Pick<AgentNetwork, 'nodes' | 'self'>): string[] {
  return [...network.nodes().flatMap(({ id, reachable }) => (reachable ? [id] : [])), network.self];
}

/** FNV-1a, 32 bits, mixed once more (the finaliser of MurmurHash3): who is asked first is no secret, and is asked for often. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
