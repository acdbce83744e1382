// Who is a last resort by this node's own word: neighbours that it was told to do without (nothing at all is taken from some
// of them), and itself while it rests. Forgotten when it ends.

import type { Millis } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';
import type { Link } from './link/link-monitor.ts';
import { dampedCost } from './link/link-quality.ts';
import type { NodeId } from './membership/keys.ts';
import type { MeshLink, MeshPeer } from './views.ts';

export interface ShutOut {
  name: string;
  /** Milliseconds since 1970. */
  since: Millis;
  /** What it did, as a sentence. */
  why: string;
}

/** A link that is avoided is used like any other once it has held for so long ... */
const WELL_FOR: Millis = 10 * 60_000;
/** ... and never lost as much: more than a probe that got lost by chance. */
const MUCH_LOST = 0.11;

interface Trial {
  /** Monotonic. */
  wellSince: Millis;
  /** Failures of the link by then; undefined before the first look. */
  flaps: number | undefined;
}

export class KeptAway {
  /** The links to them are a last resort: every way around is taken first. */
  readonly #avoided = new Map<NodeId, Trial>();
  /** Treated as if they had been removed from the network. */
  readonly isolated = new Map<NodeId, ShutOut>();

  /** This node rests: others go around it where they can. What ends at it comes as before. */
  isResting = false;

  priced(links: Link[]): Link[] {
    if (this.#avoided.size === 0 && !this.isResting) return links;
    return links.map((link) =>
      this.isResting || this.#avoided.has(link.peer) ? { ...link, cost: dampedCost(link.cost) } : link,
    );
  }

  avoid(peer: NodeId, isAvoided: boolean, now: Millis): void {
    if (isAvoided) this.#avoided.set(peer, { wellSince: now, flaps: undefined });
    else this.#avoided.delete(peer);
  }

  /** The link, with whether it is avoided. */
  marked(link: MeshLink): MeshLink {
    return this.#avoided.has(link.peer) ? { ...link, avoided: true } : link;
  }

  /** Looks at the links that are avoided; call it every few seconds. Returns those that are used again from now on. */
  reuse(links: readonly MeshLink[], now: Millis): MeshLink[] {
    return [...this.#avoided].flatMap(([peer, { wellSince, flaps }]) => {
      const link = links.find((one) => one.peer === peer);
      const holds = link?.state === 'up' && link.loss < MUCH_LOST && link.flaps === (flaps ?? link.flaps);
      this.#avoided.set(peer, { wellSince: holds ? wellSince : now, flaps: link?.flaps ?? flaps });
      if (!holds || now - wellSince < WELL_FOR) return [];
      this.#avoided.delete(peer);
      return [link];
    });
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
