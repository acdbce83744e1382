// Whom this node seeks out: configured addresses, peers of earlier lives, members that tell where they are.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import type { MeshConfig } from '../config.ts';
import { Throttle } from '../throttle.ts';
import { BootstrapWatch } from './bootstrap-watch.ts';
import { Dialer, type DialTarget } from './dialer.ts';
import type { NodeId } from './keys.ts';
import type { KnownAddress } from './state.ts';

export interface ReachParts {
  self: NodeId;
  config: Pick<MeshConfig, 'maxPeers' | 'autoDial' | 'bootstrap'>;
  /** Peers of an earlier life. */
  remembered: readonly KnownAddress[];
  /** Called when there are others to remember; not more often than every two seconds. */
  remember: (peers: KnownAddress[]) => void;
  dial: (target: DialTarget, signal: AbortSignal) => Promise<NodeId>;
  isConnected: (peer: NodeId) => boolean;
  connections: () => number;
  failed: (target: DialTarget, cause: string) => void;
  clock: Clock;
  random: Random;
  journal: Journal;
}

export const MOST_REMEMBERED = 256;
const SAVE_PERIOD: Millis = 2000;
const REDIAL = { first: 1000, most: 60_000 };

export class Reach {
  readonly #parts: ReachParts;
  readonly #dialer: Dialer;
  readonly #known: Map<NodeId, KnownAddress>;
  readonly #save: Throttle;
  readonly #bootstrap: BootstrapWatch;

  constructor(parts: ReachParts) {
    this.#parts = parts;
    this.#bootstrap = new BootstrapWatch(parts.journal, parts.config.bootstrap);
    this.#dialer = new Dialer({
      ...parts,
      dial: async (target, signal) => {
        const peer = await parts.dial(target, signal);
        this.#bootstrap.reached(target.addresses);
        return peer;
      },
      failed: (target, cause) => {
        this.#bootstrap.failed(target.addresses, cause);
        parts.failed(target, cause);
      },
      backoff: REDIAL,
      hasRoom: () => parts.connections() < parts.config.maxPeers,
    });
    this.#known = new Map(parts.remembered.map((peer) => [peer.id, peer]));
    this.#save = new Throttle(parts.clock, SAVE_PERIOD, () => parts.remember(this.remembered()));
  }

  start(): void {
    for (const address of this.#parts.config.bootstrap) {
      this.#dialer.want({ peer: /\/p2p\/([^/]+)$/.exec(address)?.[1], addresses: [address] });
    }
    for (const { id, addresses } of this.#known.values()) this.#dialer.want({ peer: id, addresses });
  }

  stop(): void {
    this.#dialer.stop();
    this.#save.cancel();
  }

  /** A member said where it is. The smaller id dials at once, the other at `seekAll`: not both at the same moment. */
  memberSeen(peer: NodeId, addresses: string[]): void {
    if (this.#parts.config.autoDial && this.#parts.self < peer) this.#dialer.want({ peer, addresses });
  }

  /** Seeks all members that are not connected. */
  seekAll(members: Iterable<{ id: NodeId; addresses: string[] }>): void {
    if (!this.#parts.config.autoDial) return;
    for (const { id, addresses } of members) {
      if (!this.#parts.isConnected(id)) this.#dialer.want({ peer: id, addresses });
    }
  }

  /** Somebody who may be of this network is nearby. */
  discovered(peer: NodeId, addresses: string[]): void {
    this.#dialer.want({ peer, addresses: addresses.slice(0, 16) });
  }

  lost(peer: NodeId): void {
    this.#dialer.lost(peer);
  }

  /** Remembers a peer that is connected. One without an address is of no use. */
  add(peer: KnownAddress): void {
    this.#bootstrap.connected(peer.id);
    if (peer.addresses.length === 0) return;
    const known = this.#known.get(peer.id);
    this.#known.delete(peer.id);
    this.#known.set(peer.id, peer);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    const changed = known === undefined || known.name !== peer.name || known.addresses.join() !== peer.addresses.join();
    if (changed) this.#save.request();
  }

  /** Never seek this one again. */
  drop(peer: NodeId): void {
    this.#dialer.drop(peer);
    if (this.#known.delete(peer)) this.#save.request();
  }

  /** Oldest first. */
  remembered(): KnownAddress[] {
    return [...this.#known.values()];
  }
}
