// Whether neighbours pass on what they are handed, and what follows from it: joins the checks to one node's relay,
// routes and links.

import type { Clock } from '../core/clock.ts';
import type { Blame } from './gossip/blame.ts';
import type { Link, LinkMonitor } from './link/link-monitor.ts';
import { dampedCost } from './link/link-quality.ts';
import type { NodeId } from './membership/keys.ts';
import type { MeshJournal } from './mesh-journal.ts';
import type { Relay } from './relay/relay.ts';
import { TransitChecks } from './relay/transit-checks.ts';
import { isPath, linkedTo, pathAround } from './routing/detour.ts';
import type { Routing } from './routing/routing.ts';
import type { MeshPeer } from './views.ts';

export interface TransitParts {
  self: NodeId;
  clock: Clock;
  relay: Relay;
  routing: Routing;
  links: LinkMonitor;
  story: MeshJournal;
  blame: Blame;
  /** A neighbour is avoided from now on, or no longer. */
  judged: (peer: NodeId) => void;
}

export class Transit {
  readonly checks: TransitChecks;
  readonly #parts: TransitParts;

  constructor(parts: TransitParts) {
    this.#parts = parts;
    const { self, clock, relay, routing, links, story, judged } = parts;
    this.checks = new TransitChecks({
      self,
      clock,
      takeUsed: () => relay.takeUsed(),
      routeTo: (destination) => routing.nextHop(destination)?.path,
      pathAround: (destination, avoid) => pathAround(routing.graph, self, destination, avoid),
      isPath: (path) => isPath(routing.graph, self, path),
      linkedTo: (peer) => linkedTo(routing.graph, peer),
      isWell: (peer) => links.get(peer)?.state.kind === 'up',
      probe: (path, within) => relay.probe(path, within),
      changed: (peer, verdict) => {
        story.transit(peer, verdict);
        routing.linksChanged();
        judged(peer);
      },
    });
  }

  /** A neighbour that passes nothing on is a last resort, for itself as for what lies beyond. */
  priced(links: Link[]): Link[] {
    if (this.checks.counts().avoided === 0) return links;
    return links.map((link) => (this.checks.avoids(link.peer) ? { ...link, cost: dampedCost(link.cost) } : link));
  }

  /** With what it was caught at. */
  shown(peer: MeshPeer): MeshPeer {
    const { blame, clock } = this.#parts;
    const misdeeds = blame.of(peer.id, clock.now());
    const withholds = this.checks.avoids(peer.id);
    if (!withholds && misdeeds === undefined) return peer;
    return { ...peer, ...(withholds && { withholds }), ...(misdeeds !== undefined && { misdeeds }) };
  }
}
