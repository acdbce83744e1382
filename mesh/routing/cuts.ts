// Single points of failure: nodes and links without which the network falls apart (Tarjan's algorithm, without
// recursion, as a chain of ten thousand nodes would be as deep).

import { findArc, type Graph } from './graph.ts';

export interface Cuts {
  /** Nodes that separate others when they fail; `cutsOff` of those lose the largest part. */
  nodes: { node: number; cutsOff: number }[];
  /** Links that separate nodes when they fail, each once; the smaller side is cut off. */
  links: { arc: number; cutsOff: number }[];
  /** Nodes in each connected part of the network. */
  parts: number[];
}

/** The most harmful first. */
export function findCuts(graph: Graph): Cuts {
  const { ids, offsets, targets, costs } = graph;
  const count = ids.length;
  /** When a node was found, from 1; 0 before. */
  const found = new Int32Array(count);
  /** The earliest node that the subtree reaches without the arc to its parent. */
  const low = new Int32Array(count);
  const size = new Int32Array(count).fill(1);
  const nextArc = offsets.slice(0, count);
  const parent = new Int32Array(count).fill(-1);
  /** By node: sizes of the parts below it that hang on it alone. */
  const partsBelow = new Map<number, number[]>();
  const cuts: Cuts = { nodes: [], links: [], parts: [] };
  let time = 0;

  for (let root = 0; root < count; root++) {
    if (found[root] !== 0) continue;
    const bridges: { arc: number; below: number }[] = [];
    const members: number[] = [];
    const stack = [root];
    found[root] = low[root] = ++time;
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      const arc = nextArc[node]!++;
      if (arc < offsets[node + 1]!) {
        const to = targets[arc]!;
        if (costs[arc] === Number.POSITIVE_INFINITY || to === parent[node]) continue;
        if (found[to] !== 0) {
          low[node] = Math.min(low[node]!, found[to]!);
          continue;
        }
        parent[to] = node;
        found[to] = low[to] = ++time;
        stack.push(to);
        continue;
      }
      stack.pop();
      members.push(node);
      const above = parent[node]!;
      if (above === -1) continue;
      size[above]! += size[node]!;
      low[above] = Math.min(low[above]!, low[node]!);
      if (low[node]! >= found[above]!) partsBelow.set(above, [...(partsBelow.get(above) ?? []), size[node]!]);
      if (low[node]! > found[above]!) {
        bridges.push({ arc: findArc(graph, above, node), below: size[node]! });
      }
    }
    const whole = members.length;
    cuts.parts.push(whole);
    for (const { arc, below } of bridges) cuts.links.push({ arc, cutsOff: Math.min(below, whole - below) });
    for (const node of members) {
      const parts = partsBelow.get(node) ?? [];
      const above = whole - 1 - parts.reduce((sum, part) => sum + part, 0);
      if (above > 0) parts.push(above);
      if (parts.length > 1) cuts.nodes.push({ node, cutsOff: whole - 1 - Math.max(...parts) });
    }
  }
  cuts.nodes.sort((x, y) => y.cutsOff - x.cutsOff || x.node - y.node);
  cuts.links.sort((x, y) => y.cutsOff - x.cutsOff || x.arc - y.arc);
  return cuts;
}
