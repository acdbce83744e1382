// Links made worse on purpose, for trying out what the network does about it: cut, lossy, slow, or with frames that were
// altered on the way. Nothing but chaos (daemon/chaos) sets one; it ends with the process.

import { EventEmitter } from 'node:events';
import type { Millis } from '../core/clock.ts';
import type { NodeId } from './membership/keys.ts';

export interface Impairment {
  /** Nothing passes, in either direction; the connection is not told. */
  cut?: boolean;
  /** Share of datagrams that are lost, 0 to 1; on a stream each of them costs a retransmission instead. */
  loss?: number;
  /** Milliseconds that everything takes longer. */
  delay?: Millis;
  /** Copies with a byte altered that go out along with each gossiped frame: what a node does that forges. */
  forged?: number;
  /** Frames that the peer hands over for others are taken and end here. */
  withholds?: boolean;
}

/** Emits `changed` with the peer whose impairment is another one now. */
export class Impairments extends EventEmitter<{ changed: [NodeId] }> {
  readonly #of = new Map<NodeId, Impairment>();

  set(peer: NodeId, impairment: Impairment | undefined): void {
    if (impairment === undefined) this.#of.delete(peer);
    else this.#of.set(peer, impairment);
    this.emit('changed', peer);
  }

  of(peer: NodeId): Impairment | undefined {
    return this.#of.get(peer);
  }

  get any(): boolean {
    return this.#of.size > 0;
  }
}
