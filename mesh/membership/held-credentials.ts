// The credentials of the network that this node is in, as they change: what is new is on disk before it is used.

import { type Credentials, credentialsToDocument } from './network.ts';
import type { MeshState } from './state.ts';

export class HeldCredentials {
  readonly #state: MeshState;
  #current: Credentials;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(state: MeshState, credentials: Credentials) {
    this.#state = state;
    this.#current = credentials;
  }

  get current(): Credentials {
    return this.#current;
  }

  /** One change after the other. Rejects, and nothing has changed, when it cannot be written. */
  change(next: (current: Credentials) => Credentials): Promise<void> {
    const changing = this.#writing
      .catch(() => {})
      .then(async () => {
        const credentials = next(this.#current);
        if (credentials === this.#current) return;
        await this.#state.write('credentials', credentialsToDocument(credentials));
        this.#current = credentials;
      });
    this.#writing = changing;
    return changing;
  }
}
