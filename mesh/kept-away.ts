// Neighbours that this node was told to do without: routes go around some, and nothing at all is taken from others. Of this
// node alone, and forgotten when it ends.

import type { Link } from './link/link-monitor.ts';
import { dampedCost } from './link/link-quality.ts';
import type { NodeId } from './membership/keys.ts';

export class KeptAway {
  /** A last resort: every way around them is taken first. */
  readonly avoided = new Set<NodeId>();
  /** Treated as if they had been removed from the network. */
  readonly isolated = new Set<NodeId>();

  priced(links: Link[]): Link[] {
    if (this.avoided.size === 0) return links;
    return links.map((link) => (this.avoided.has(link.peer) ? { ...link, cost: dampedCost(link.cost) } : link));
  }
}
