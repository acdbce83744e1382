// Questions between the coordinator and the nodes, of which it is one itself: what a node asks itself does not go over the
// network.

import type { Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { AgentNetwork } from '../../network.ts';

type Handler = (origin: string, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array;

export class Post {
  readonly #network: AgentNetwork;
  readonly #handlers = new Map<string, Handler>();

  constructor(network: AgentNetwork) {
    this.#network = network;
  }

  get self(): string {
    return this.#network.self;
  }

  /** Before the network starts. */
  handle(service: string, handler: Handler): void {
    this.#handlers.set(service, handler);
    this.#network.handle(service, handler);
  }

  /** Rejects as `AgentNetwork.request` does. */
  async ask(node: string, service: string, payload: Uint8Array, deadline: Millis): Promise<Uint8Array> {
    if (node !== this.#network.self) return this.#network.request(node, service, payload, { deadline });
    const handler = this.#handlers.get(service);
    if (handler === undefined) throw new ParlmeshError('RELAY_REFUSED', `there is no service "${service}" here`);
    return handler(node, payload);
  }
}
