// Who is a last resort by this node's own word: neighbours that it was told to do without (nothing at all is taken from some
// of them), and itself while it rests. Forgotten when it ends.

import type { Link } from './link/link-monitor.ts';
import { dampedCost } from './link/link-quality.ts';
import type { NodeId } from './membership/keys.ts';

export class KeptAway {
  /** A last resort: every way around them is taken first. */
  readonly avoided = new Set<NodeId>();
  /** Treated as if they had been removed from the network. */
  readonly isolated = new Set<NodeId>();

  /** This node rests: others go around it where they can. What ends at it comes as before. */
  isResting = false;

  priced(links: Link[]): Link[] {
    if (this.avoided.size === 0 && !this.isResting) return links;
    return links.map((link) =>
      this.isResting || this.avoided.has(link.peer) ? { ...link, cost: dampedCost(link.cost) } : link,
    );
  }
}
