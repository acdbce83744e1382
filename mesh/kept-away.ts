// Who is a last resort by this node's own word: neighbours that it was told to do without (nothing at all is taken from some
// of them), and itself while it rests. Forgotten when it ends.

import type { Millis } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';
import type { Link } from './link/link-monitor.ts';
import { dampedCost } from './link/link-quality.ts';
import type { NodeId } from './membership/keys.ts';
import type { MeshPeer } from './views.ts';

export interface ShutOut {
  name: string;
  /** Milliseconds since 1970. */
  since: Millis;
  /** What it did, as a sentence. */
  why: string;
}

export class KeptAway {
  /** A last resort: every way around them is taken first. */
  readonly avoided = new Set<NodeId>();
  /** Treated as if they had been removed from the network. */
  readonly isolated = new Map<NodeId, ShutOut>();

  /** This node rests: others go around it where they can. What ends at it comes as before. */
  isResting = false;

  priced(links: Link[]): Link[] {
    if (this.avoided.size === 0 && !this.isResting) return links;
    return links.map((link) =>
      this.isResting || this.avoided.has(link.peer) ? { ...link, cost: dampedCost(link.cost) } : link,
    );
  }

  /** Throws `PEER_NOT_FOUND` where it was not. */
  readmit(peer: NodeId): ShutOut {
    const shutOut = this.isolated.get(peer);
    if (shutOut === undefined) {
      throw new ParlmeshError('PEER_NOT_FOUND', `This node has shut out no node ${peer}`, {
        hint: 'parlmesh peers shows who is shut out',
      });
    }
    this.isolated.delete(peer);
    return shutOut;
  }

  /** The peers with who is shut out among them: where it was connected, the mesh has forgotten it. */
  shown(peers: MeshPeer[]): MeshPeer[] {
    if (this.isolated.size === 0) return peers;
    const known = new Set(peers.map(({ id }) => id));
    const forgotten = [...this.isolated].filter(([id]) => !known.has(id));
    const all = [
      ...peers,
      ...forgotten.map(([id, { name, since }]) => unconnected(id, name, { state: 'gone', since })),
    ];
    return all
      .map((peer) => {
        const shutOut = this.isolated.get(peer.id);
        return shutOut === undefined ? peer : { ...peer, shutOut: { since: shutOut.since, why: shutOut.why } };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Nothing is known of it but its name. */
export function unconnected(
  id: NodeId,
  name: string,
  { state, since }: Pick<MeshPeer['presence'], 'state' | 'since'>,
): MeshPeer {
  return {
    ...{ id, name, state: 'gone', since, transports: [], addresses: [] },
    presence: { state, since, suspectedBy: [], tried: [], localDoubt: 0, flaps: 0, damped: false, why: '' },
  };
}
