// Peers to look for after a restart: the last ones that were connected, with their addresses.

import type { Clock, Millis } from '../../core/clock.ts';
import { Throttle } from '../throttle.ts';
import type { NodeId } from './keys.ts';
import type { KnownAddress } from './state.ts';

export interface RememberedPeersParts {
  clock: Clock;
  peers: readonly KnownAddress[];
  /** Called after changes, not more often than every two seconds. */
  save: (peers: KnownAddress[]) => void;
}

export const MOST_REMEMBERED = 256;
const SAVE_PERIOD: Millis = 2000;

export class RememberedPeers {
  readonly #known: Map<NodeId, KnownAddress>;
  readonly #save: Throttle;

  constructor({ clock, peers, save }: RememberedPeersParts) {
    this.#known = new Map(peers.map((peer) => [peer.id, peer]));
    this.#save = new Throttle(clock, SAVE_PERIOD, () => save(this.list()));
  }

  /** Adds a peer, or moves it to the end as the newest. One without an address is of no use. */
  add(peer: KnownAddress): void {
    if (peer.addresses.length === 0) return;
    const known = this.#known.get(peer.id);
    this.#known.delete(peer.id);
    this.#known.set(peer.id, peer);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    if (known === undefined || known.name !== peer.name || known.addresses.join() !== peer.addresses.join()) {
      this.#save.request();
    }
  }

  drop(id: NodeId): void {
    if (this.#known.delete(id)) this.#save.request();
  }

  /** Oldest first. */
  list(): KnownAddress[] {
    return [...this.#known.values()];
  }

  stop(): void {
    this.#save.cancel();
  }
}
