// Who belongs to the network, and who is there just now: asked for every signature, looked up every two seconds.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Mesh } from '../../mesh/mesh.ts';

const FRESH: Millis = 2_000;

export class Members {
  readonly #mesh: Pick<Mesh, 'id' | 'peers'>;
  readonly #clock: Clock;
  #looked: { at: Millis; ids: ReadonlySet<string>; heard: ReadonlySet<string> } | undefined;

  constructor(mesh: Pick<Mesh, 'id' | 'peers'>, clock: Clock) {
    this.#mesh = mesh;
    this.#clock = clock;
  }

  /** A certificate of the network is known, and not revoked. */
  has(node: string): boolean {
    return this.#look().ids.has(node);
  }

  /** It is there, by whichever way it is heard. */
  hears(node: string): boolean {
    return this.#look().heard.has(node);
  }

  #look() {
    const now = this.#clock.now();
    if (this.#looked === undefined || now - this.#looked.at > FRESH) {
      const peers = this.#mesh.peers();
      const heard = peers.filter(({ state }) => state === 'connected' || state === 'reachable');
      this.#looked = {
        at: now,
        ids: new Set([this.#mesh.id, ...peers.map(({ id }) => id)]),
        heard: new Set(heard.map(({ id }) => id)),
      };
    }
    return this.#looked;
  }
}
