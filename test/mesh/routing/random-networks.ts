// Random small networks for property tests, and the same as link states.

import fc from 'fast-check';
import { buildGraph, type Graph, type LinkStateList } from '../../../mesh/routing/graph.ts';

export interface Edge {
  a: number;
  b: number;
  cost: number;
}

export interface Network {
  count: number;
  edges: Edge[];
}

/** @param mostCost few different costs make many ties */
export function networks({ minNodes = 1, maxNodes = 14, maxEdges = 40, mostCost = 20 } = {}): fc.Arbitrary<Network> {
  return fc.integer({ min: minNodes, max: maxNodes }).chain((count) => {
    const node = fc.nat({ max: count - 1 });
    const edge = fc.record({ a: node, b: node, cost: fc.integer({ min: 1, max: mostCost }) });
    return fc.record({ count: fc.constant(count), edges: fc.array(edge, { maxLength: maxEdges }) });
  });
}

export const nameOf = (node: number): string => `n${String(node).padStart(2, '0')}`;

export function listsOf({ count, edges }: Network): LinkStateList[] {
  return Array.from({ length: count }, (_, node) => ({
    origin: nameOf(node),
    links: new Map(
      edges
        .filter(({ a, b }) => a !== b && (a === node || b === node))
        .map(({ a, b, cost }) => [nameOf(a === node ? b : a), cost]),
    ),
  }));
}

export const graphOf = (network: Network): Graph => buildGraph(listsOf(network));
