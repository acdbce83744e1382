// Who belongs to the network, and who is there just now: asked for every signature, looked up every two seconds.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { MeshPeer } from '../../mesh/views.ts';

const FRESH: Millis = 2_000;

export class Members {
  readonly #mesh: Pick<Mesh, 'id' | 'peers'>;
  readonly #clock: Clock;
  #looked: { at: Millis; peers: ReadonlyMap<string, MeshPeer> } | undefined;

  constructor(mesh: Pick<Mesh, 'id' | 'peers'>, clock: Clock) {
    this.#mesh = mesh;
    this.#clock = clock;
  }

  /** A certificate of the network is known, and not revoked. */
  has(node: string): boolean {
    return node === this.#mesh.id || this.#look().has(node);
  }

  /** It is there, by whichever way it is heard. */
  hears(node: string): boolean {
    const state = this.#look().get(node)?.state;
    return state === 'connected' || state === 'reachable';
  }

  /** The profile of its board; undefined where that is not known. */
  profile(node: string): string | undefined {
    return this.#look().get(node)?.profile;
  }

  #look(): ReadonlyMap<string, MeshPeer> {
    const now = this.#clock.now();
    if (this.#looked === undefined || now - this.#looked.at > FRESH) {
      this.#looked = { at: now, peers: new Map(this.#mesh.peers().map((peer) => [peer.id, peer])) };
    }
    return this.#looked.peers;
  }
}
