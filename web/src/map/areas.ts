// What the map and the list of peers say of areas: nothing while the network is one.

import type { TopologyView } from '../../../daemon/view/schema.ts';

type MapNode = TopologyView['nodes'][number];

/** Whether nodes are in more than one area, as far as they told. */
export const hasAreas = (nodes: readonly MapNode[]): boolean =>
  new Set(nodes.flatMap(({ area }) => area ?? [])).size > 1;

/** The line below a node's name. */
export function noteOf({ self, state, area }: MapNode, showsArea: boolean): string | undefined {
  const role = self ? 'this node' : state === 'connected' ? undefined : state;
  const words = [role, showsArea ? area : undefined].filter((word) => word !== undefined);
  return words.length === 0 ? undefined : words.join(', ');
}
