// Why a route is as it is: the first difference between two graphs that explains the change, as a sentence.

import type { NodeId } from '../membership/keys.ts';
import { type Graph, linkCost } from './graph.ts';

export interface ExplainInput {
  self: NodeId;
  /** Node ids from the first hop to the destination; undefined where there was or is no path. */
  oldPath: readonly NodeId[] | undefined;
  newPath: readonly NodeId[] | undefined;
  before: Graph;
  after: Graph;
  nameOf: (id: NodeId) => string;
}

export function explainChange({ self, oldPath, newPath, before, after, nameOf }: ExplainInput): string {
  const say = (a: NodeId, b: NodeId): string => {
    if (a === self) return `link to ${nameOf(b)}`;
    return b === self ? `link to ${nameOf(a)}` : `link ${nameOf(a)}–${nameOf(b)}`;
  };
  if (oldPath !== undefined) {
    for (const [a, b] of hopsOf(self, oldPath)) {
      if (linkCost(after, a, b) === undefined) return `${say(a, b)} went down`;
    }
  }
  if (newPath === undefined) return 'no path is left';
  if (oldPath === undefined && newPath.length === 1) return 'direct';
  const [first] = newPath;
  if (oldPath === undefined) return `first path found, through ${nameOf(first ?? self)}`;
  for (const [a, b] of hopsOf(self, newPath)) {
    const was = linkCost(before, a, b);
    const is = linkCost(after, a, b);
    if (was === undefined) return a === self ? `${say(a, b)} came up` : `${nameOf(a)} announced a link to ${nameOf(b)}`;
    if (is !== undefined && is < was) {
      return a === self ? `${say(a, b)} got better` : `${nameOf(a)} announced a cheaper link to ${nameOf(b)}`;
    }
  }
  for (const [a, b] of hopsOf(self, oldPath)) {
    const was = linkCost(before, a, b);
    const is = linkCost(after, a, b);
    if (was !== undefined && is !== undefined && is > was) return `${say(a, b)} got worse (cost ${was} to ${is})`;
  }
  return 'a path of equal cost was preferred';
}

function* hopsOf(self: NodeId, path: readonly NodeId[]): Iterable<[NodeId, NodeId]> {
  let from = self;
  for (const to of path) {
    yield [from, to];
    from = to;
  }
}
