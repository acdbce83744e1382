// One step of a frame on its way: along the path that it carries, else as the routes of this node say.

import type { NodeId } from '../membership/keys.ts';
import type { NextHop } from './mesh-router.ts';

export interface Heading {
  destination: NodeId;
  /** What is left of the path that the frame must follow, the next node first. */
  path?: readonly NodeId[];
}

/** The next node, and the path that the frame carries on from there. */
export interface Hop {
  to: NodeId;
  path?: readonly NodeId[];
}

/**
 * Where the frame goes next and the path that it carries on; undefined when there is no way now. A frame with a path
 * follows it wherever the tables point, and takes another only where the next link of it is down.
 */
export function forward(
  { destination, path }: Heading,
  { isUp, nextHop }: { isUp: (neighbour: NodeId) => boolean; nextHop: (destination: NodeId) => NextHop | undefined },
): Hop | undefined {
  const [carried] = path ?? [];
  if (carried !== undefined && isUp(carried)) return { to: carried, path: path!.slice(1) };
  const hop = nextHop(destination);
  if (hop === undefined) return undefined;
  return hop.carry ? { to: hop.nextHop, path: hop.path.slice(1) } : { to: hop.nextHop };
}
