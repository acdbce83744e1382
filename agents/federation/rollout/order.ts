// In which order nodes are asked: unlike boards first, so that few canaries see much. Pure; the same version gives the same
// order on every coordinator, so that one that takes over goes on with the same nodes.

import { createHash } from 'node:crypto';
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
  const place = (text: string): number => createHash('sha256').update(`${version}/${text}`).digest().readUInt32LE();
  const groups = new Map<string, Asked[]>();
  for (const node of nodes) {
    const name = node.group ?? '';
    groups.set(name, [...(groups.get(name) ?? []), node]);
  }
  const drawn = [...groups]
    .map(([name, members]) => ({ at: place(name), members: members.toSorted((a, b) => place(a.id) - place(b.id)) }))
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
