// From connection to peer: both sides show their certificates (hello) before anything else is heard.

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { type Hello, HelloSchema, type PeerMessage, PeerMessageSchema } from '../wire/generated/parlmesh_pb.ts';
import type { NodeId } from './keys.ts';
import type { Members } from './members.ts';
import type { StrangerReason, Strangers } from './strangers.ts';

export interface GreeterParts {
  members: Members;
  strangers: Strangers;
  /** This node's, as it goes over the wire. */
  certificate: Uint8Array;
  version: string;
  clock: Clock;
  send: (peer: NodeId, message: PeerMessage) => void;
  disconnect: (peer: NodeId, cause: string) => void;
  /** The peer has proven that it belongs to the network. Called once a connection. */
  admitted: (peer: NodeId, version: string) => void;
}

/** A hello may be lost on a lossy medium: it is said again until it is answered. */
const REPEAT: Millis = 1000;
const MOST_TRIES = 5;
const MOST_VERSION = 64;

interface Greeting {
  tries: number;
  timer: Timer | undefined;
  admitted: boolean;
}

export class Greeter {
  readonly #parts: GreeterParts;
  readonly #greetings = new Map<NodeId, Greeting>();

  constructor(parts: GreeterParts) {
    this.#parts = parts;
  }

  connected(peer: NodeId): void {
    const greeting: Greeting = { tries: 0, timer: undefined, admitted: false };
    this.#greetings.set(peer, greeting);
    this.#greet(peer, greeting);
  }

  disconnected(peer: NodeId): void {
    this.#greetings.get(peer)?.timer?.cancel();
    this.#greetings.delete(peer);
  }

  isAdmitted(peer: NodeId): boolean {
    return this.#greetings.get(peer)?.admitted ?? false;
  }

  onHello(peer: NodeId, hello: Hello): void {
    const greeting = this.#greetings.get(peer);
    if (greeting === undefined) return;
    const checked = this.#parts.members.check(hello.certificate, peer);
    // The connection has proven who the peer is; a certificate of somebody else is a stolen one.
    const fault = !checked.ok ? checked.fault : checked.certificate.node === peer ? undefined : 'foreign-certificate';
    if (fault !== undefined) {
      this.#refuse(peer, fault);
      return;
    }
    if (!hello.answer) this.#sayHello(peer, true);
    if (greeting.admitted) return;
    greeting.admitted = true;
    greeting.timer?.cancel();
    this.#parts.strangers.forget(peer);
    this.#parts.admitted(peer, hello.version.slice(0, MOST_VERSION));
  }

  stop(): void {
    for (const { timer } of this.#greetings.values()) timer?.cancel();
    this.#greetings.clear();
  }

  #greet(peer: NodeId, greeting: Greeting): void {
    if (greeting.tries++ >= MOST_TRIES) {
      this.#refuse(peer, 'no-hello');
      return;
    }
    this.#sayHello(peer, false);
    greeting.timer = this.#parts.clock.after(REPEAT, () => this.#greet(peer, greeting));
  }

  #sayHello(peer: NodeId, answer: boolean): void {
    const { certificate, version, send } = this.#parts;
    const value = create(HelloSchema, { certificate, version, answer });
    send(peer, create(PeerMessageSchema, { kind: { case: 'hello', value } }));
  }

  #refuse(peer: NodeId, reason: StrangerReason): void {
    this.#parts.strangers.refuse(reason, peer);
    this.#parts.disconnect(peer, `refused: ${reason}`);
  }
}
