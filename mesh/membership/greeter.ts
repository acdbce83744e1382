// From connection to peer: both sides show their certificates (hello) before anything else is heard.

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { AREA_NAME, DEFAULT_AREA } from '../gossip/topics.ts';
import {
  type Hello,
  HelloSchema,
  type PeerMessage,
  PeerMessageSchema,
  RefusedSchema,
} from '../wire/generated/parlmesh_pb.ts';
import { RENEWAL_GRACE } from './authority.ts';
import type { Certificate } from './certificate.ts';
import type { NodeId } from './keys.ts';
import type { Members } from './members.ts';
import type { StrangerReason, Strangers } from './strangers.ts';

export interface GreeterParts {
  members: Members;
  strangers: Strangers;
  /** This node's, as it goes over the wire. */
  certificate: () => Uint8Array;
  version: string;
  /** This node's. */
  area: string;
  clock: Clock;
  send: (peer: NodeId, message: PeerMessage) => void;
  disconnect: (peer: NodeId, cause: string) => void;
  /** The peer has proven that it belongs to the network. Called once a connection. */
  admitted: (peer: NodeId, version: string, area: string) => void;
  /** A node that this network's authority has admitted once says how far its clock is ahead of this one's. */
  clockHeard?: ((peer: NodeId, ahead: Millis) => void) | undefined;
  /** A member was refused because its certificate has expired. */
  expired?: ((certificate: Certificate) => void) | undefined;
}

/** A hello may be lost on a lossy medium: it is said again until it is answered. */
const REPEAT: Millis = 1000;
const MOST_TRIES = 5;
const MOST_VERSION = 64;
/** In which an expired member may have its certificate renewed through this node. */
const RENEWAL_WINDOW: Millis = 20_000;
/** By how much the authority's clock may run ahead of a member's. */
const ISSUED_AHEAD: Millis = 24 * 3600_000;

interface Greeting {
  tries: number;
  /** Of the next hello, or of the end of the renewal window. */
  timer: Timer | undefined;
  state: 'greeting' | 'renewing' | 'admitted';
}

export class Greeter {
  readonly #parts: GreeterParts;
  readonly #greetings = new Map<NodeId, Greeting>();

  constructor(parts: GreeterParts) {
    this.#parts = parts;
  }

  connected(peer: NodeId): void {
    const greeting: Greeting = { tries: 0, timer: undefined, state: 'greeting' };
    this.#greetings.set(peer, greeting);
    this.#greet(peer, greeting);
  }

  disconnected(peer: NodeId): void {
    this.#greetings.get(peer)?.timer?.cancel();
    this.#greetings.delete(peer);
  }

  isAdmitted(peer: NodeId): boolean {
    return this.#greetings.get(peer)?.state === 'admitted';
  }

  /** It is heard for nothing but the renewal of its certificate. */
  isRenewing(peer: NodeId): boolean {
    return this.#greetings.get(peer)?.state === 'renewing';
  }

  /** Shows a renewed certificate to all who are connected. */
  greetAgain(): void {
    for (const peer of this.#greetings.keys()) this.#sayHello(peer, false);
  }

  /** Cuts those whose certificate has expired since they were admitted. */
  sweep(): void {
    for (const [peer, greeting] of this.#greetings) {
      const certificate = greeting.state === 'admitted' ? this.#parts.members.expired(peer) : undefined;
      if (certificate === undefined) continue;
      this.#parts.strangers.expired();
      this.#parts.expired?.(certificate);
      this.#parts.disconnect(peer, 'refused: expired');
    }
  }

  onHello(peer: NodeId, hello: Hello): void {
    const greeting = this.#greetings.get(peer);
    if (greeting === undefined) return;
    const { members, strangers, admitted } = this.#parts;
    const checked = members.check(hello.certificate, peer);
    const certificate = 'certificate' in checked ? checked.certificate : undefined;
    // The connection has proven who the peer is; a certificate of somebody else is a stolen one.
    if (certificate !== undefined && certificate.node !== peer) {
      this.#refuse(peer, 'foreign-certificate');
      return;
    }
    if (certificate !== undefined) this.#compareClocks(hello, certificate);
    if (!checked.ok) {
      if (checked.fault === 'expired') this.#holdOff(peer, greeting, checked.certificate);
      else this.#refuse(peer, checked.fault);
      return;
    }
    if (!hello.answer) this.#sayHello(peer, true);
    if (greeting.state === 'admitted') return;
    greeting.state = 'admitted';
    greeting.timer?.cancel();
    strangers.forget(peer);
    admitted(peer, hello.version.slice(0, MOST_VERSION), AREA_NAME.test(hello.area) ? hello.area : DEFAULT_AREA);
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
    const { certificate, version, area, clock, send } = this.#parts;
    const time = BigInt(Math.max(0, Math.floor(clock.wall())));
    const value = create(HelloSchema, { certificate: certificate(), version, answer, time, area });
    send(peer, create(PeerMessageSchema, { kind: { case: 'hello', value } }));
  }

  #compareClocks({ time }: Hello, { node, issuedAt }: Certificate): void {
    const { clock, clockHeard } = this.#parts;
    // Older versions do not tell it; one that is behind the peer's own certificate is wrong for certain.
    if (Number(time) >= issuedAt - ISSUED_AHEAD) clockHeard?.(node, Number(time) - clock.wall());
  }

  /** Not admitted, but told why, and given time to have its certificate renewed while that is possible. */
  #holdOff(peer: NodeId, greeting: Greeting, certificate: Certificate): void {
    const { strangers, clock, send, disconnect, expired } = this.#parts;
    if (greeting.state !== 'greeting') return;
    greeting.state = 'renewing';
    greeting.timer?.cancel();
    strangers.expired();
    expired?.(certificate);
    send(
      peer,
      create(PeerMessageSchema, { kind: { case: 'refused', value: create(RefusedSchema, { reason: 'expired' }) } }),
    );
    const mayRenew = clock.wall() < certificate.expiresAt + RENEWAL_GRACE;
    greeting.timer = clock.after(mayRenew ? RENEWAL_WINDOW : REPEAT, () => disconnect(peer, 'refused: expired'));
  }

  #refuse(peer: NodeId, reason: StrangerReason): void {
    this.#parts.strangers.refuse(reason, peer);
    this.#parts.disconnect(peer, `refused: ${reason}`);
  }
}
