// Questions and answers over a broker, for boards that reach nothing else: the relay has no routes over one. Signed by the node
// that says them, addressed to one node. What comes twice is answered twice, so only questions that may be repeated go
// this way; the broker reads along, so its connection is to be encrypted.

import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type Static, type TSchema, Type } from 'typebox';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { AgentNetwork, NetworkNode, NewsTopic } from '../network.ts';
import { frameOf, readFrame } from './messages.ts';

/** What is needed of a client of the broker. */
export interface BrokerPort {
  /** At most once. False when it cannot be sent now. Never throws. */
  publish(topic: string, payload: Uint8Array): boolean;
  /** For as long as the port lives, over its reconnections. Never throws. */
  subscribe(topic: string, hear: (payload: Uint8Array) => void): void;
}

export interface BrokerWayParts {
  self: string;
  /** Of the network that this node is in now: part of the topics. */
  networkId: () => string;
  port: BrokerPort;
  keys: {
    sign(body: Uint8Array): Uint8Array;
    /** Is that the signature of `node`, a member of the network? Never throws. */
    verify(node: string, body: Uint8Array, signature: Uint8Array): boolean;
  };
  clock: Clock;
}

const Said = Type.Object({
  kind: Type.Union([Type.Literal('ask'), Type.Literal('answer'), Type.Literal('refusal')]),
  from: Type.String({ minLength: 1, maxLength: 128 }),
  /** Drawn by who asks. */
  number: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  service: Type.String({ maxLength: 128 }),
});
type Said = Static<typeof Said>;

const PREFIX = Buffer.from('parlmesh broker way 1\0');
const SIGNATURE_BYTES = 64;
const MOST_BYTES = 80 * 1024;
const MOST_PENDING = 256;
const MOST_UNDER_WAY = 64;
/** Messages a second whose signature is looked at: each costs some 0.1 ms, and anybody who reaches the broker can send some. */
const MOST_A_SECOND = 200;

interface Pending {
  node: string;
  settle: (answer: () => Uint8Array) => void;
}

export class BrokerWay implements Pick<AgentNetwork, 'request' | 'handle'> {
  readonly #parts: BrokerWayParts;
  readonly #handlers = new Map<string, Parameters<AgentNetwork['handle']>[1]>();
  readonly #pending = new Map<string, Pending>();
  /** Nodes whose question is being answered: one of each. */
  readonly #underWay = new Set<string>();
  readonly #rate: TokenBucket;
  #dropped = 0;
  #listensTo = '';

  constructor(parts: BrokerWayParts) {
    this.#parts = parts;
    this.#rate = new TokenBucket(MOST_A_SECOND, MOST_A_SECOND, parts.clock.now());
  }

  /** Hears what is asked of this node. Again after it has entered another network. */
  listen(): void {
    const inbox = this.#inbox(this.#parts.self);
    if (inbox === this.#listensTo) return;
    this.#listensTo = inbox;
    this.#parts.port.subscribe(inbox, (payload) => {
      if (inbox === this.#listensTo) this.#hear(payload);
    });
  }

  /** Messages that were not for here, not signed rightly, too large or too many. */
  get dropped(): number {
    return this.#dropped;
  }

  handle(service: string, handler: Parameters<AgentNetwork['handle']>[1]): void {
    this.#handlers.set(service, handler);
  }

  request(
    node: string,
    service: string,
    payload: Uint8Array,
    { deadline = 5000 }: { deadline?: Millis } = {},
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const number = randomBytes(16).toString('hex');
      if (this.#pending.size >= MOST_PENDING) throw unsent(`${MOST_PENDING} questions wait for answers already`);
      const said = this.#say(node, { kind: 'ask', from: this.#parts.self, number, service }, payload);
      if (!said) throw unsent('the broker is away, or busy');
      const timer = this.#parts.clock.after(deadline, () => {
        this.#pending.delete(number);
        reject(new ParlmeshError('BROKER_UNANSWERED', `${node} did not answer over the broker`));
      });
      const settle: Pending['settle'] = (answer) => {
        this.#pending.delete(number);
        timer.cancel();
        try {
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      };
      this.#pending.set(number, { node, settle });
    });
  }

  #say(to: string, said: Said, payload: Uint8Array): boolean {
    const frame = frameOf(said, payload);
    const signature = this.#parts.keys.sign(bodyOf(to, frame));
    return this.#parts.port.publish(this.#inbox(to), Buffer.concat([signature, frame]));
  }

  #hear(bytes: Uint8Array): void {
    const { self, keys, clock } = this.#parts;
    const frame = bytes.subarray(SIGNATURE_BYTES);
    const read = bytes.length > MOST_BYTES ? undefined : readFrame(Said, frame);
    const isSound =
      read !== undefined &&
      this.#rate.take(clock.now()) &&
      keys.verify(read.header.from, bodyOf(self, frame), bytes.subarray(0, SIGNATURE_BYTES));
    if (!isSound) {
      this.#dropped += 1;
      return;
    }
    const { header, bytes: payload } = read;
    if (header.kind === 'ask') void this.#answer(header, payload);
    else this.#settle(header, payload);
  }

  #settle({ kind, from, number }: Said, payload: Uint8Array): void {
    const pending = this.#pending.get(number);
    if (pending === undefined || pending.node !== from) return;
    pending.settle(() => {
      if (kind === 'answer') return payload;
      throw new ParlmeshError('RELAY_REFUSED', Buffer.from(payload).toString('utf8').slice(0, 500));
    });
  }

  async #answer({ from, number, service }: Said, payload: Uint8Array): Promise<void> {
    if (this.#underWay.has(from) || this.#underWay.size >= MOST_UNDER_WAY) {
      this.#dropped += 1;
      return;
    }
    this.#underWay.add(from);
    const { self } = this.#parts;
    try {
      const handler = this.#handlers.get(service);
      if (handler === undefined) throw new Error(`there is no service "${service.slice(0, 64)}"`);
      this.#say(from, { kind: 'answer', from: self, number, service }, await handler(from, payload));
    } catch (error) {
      this.#say(from, { kind: 'refusal', from: self, number, service }, Buffer.from(messageOf(error).slice(0, 500)));
    } finally {
      this.#underWay.delete(from);
    }
  }

  #inbox(node: string): string {
    return `parlmesh/${this.#parts.networkId()}/ask/${node}`;
  }
}

/**
 * The network as it is with a broker beside the relay: whoever is heard over the broker can be asked there. Streams need the
 * relay.
 */
export class BrokerNetwork implements AgentNetwork {
  readonly #network: AgentNetwork;
  readonly #way: BrokerWay;
  readonly #isHeard: (node: string) => boolean;

  /** @param isHeard whether a node is heard over the broker just now */
  constructor(network: AgentNetwork, way: BrokerWay, isHeard: (node: string) => boolean) {
    this.#network = network;
    this.#way = way;
    this.#isHeard = isHeard;
  }

  get self(): string {
    return this.#network.self;
  }

  nodes(): NetworkNode[] {
    return this.#network
      .nodes()
      .map((node) => (node.reachable || !this.#isHeard(node.id) ? node : { ...node, reachable: true }));
  }

  onNodes(listener: () => void): () => void {
    return this.#network.onNodes(listener);
  }

  request(
    node: string,
    service: string,
    payload: Uint8Array,
    options: { deadline?: Millis } = {},
  ): Promise<Uint8Array> {
    const isNear = this.#network.nodes().some(({ id, reachable }) => id === node && reachable);
    return (isNear ? this.#network : this.#way).request(node, service, payload, options);
  }

  handle(service: string, handler: Parameters<AgentNetwork['handle']>[1]): void {
    this.#network.handle(service, handler);
    this.#way.handle(service, handler);
  }

  openStream(node: string, service: string, header: string): Promise<Duplex> {
    return this.#network.openStream(node, service, header);
  }

  handleStream(service: string, handler: (origin: string, stream: Duplex, header: string) => Promise<void>): void {
    this.#network.handleStream(service, handler);
  }

  publish<S extends TSchema>(topic: NewsTopic<S>, payload: Static<S>): void {
    this.#network.publish(topic, payload);
  }

  subscribe<S extends TSchema>(topic: NewsTopic<S>, handler: (origin: string, payload: Static<S>) => void): void {
    this.#network.subscribe(topic, handler);
  }
}

/** Who it is for is signed too: nobody can pass it on to another. */
function bodyOf(to: string, frame: Uint8Array): Uint8Array {
  return Buffer.concat([PREFIX, Buffer.from(`${to}\0`), frame]);
}

const unsent = (cause: string): ParlmeshError =>
  new ParlmeshError('BROKER_UNSENT', `The question was not sent over the broker: ${cause}`);
