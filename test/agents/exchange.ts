// Networks of agents in memory on a virtual clock: nodes that can be cut off, killed and brought back, with messages that
// come late, twice or not at all. Everything goes by a seed.

import { Duplex, PassThrough } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { AgentNetwork, NetworkNode, NewsTopic } from '../../agents/network.ts';
import type { Millis, VirtualClock } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';

type Handler = (origin: string, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array;
type StreamHandler = (origin: string, stream: Duplex, header: string) => Promise<void>;

export interface ExchangeOptions {
  clock: VirtualClock;
  random: Random;
  /** One way; default 1 ms. */
  latency?: Millis;
  /** Added at random. */
  jitter?: Millis;
  /** Share of messages (questions, answers, news) that are lost. */
  loss?: number;
  /** Share of questions and news that arrive twice. */
  duplication?: number;
  /** After so long others notice that a node came or went. */
  noticeAfter?: Millis;
}

interface Seat {
  network: MemoryNetwork;
  name: string;
  /** Grows with every life of the node; what is under way to an earlier life is lost. */
  life: number;
  alive: boolean;
}

export class Exchange {
  readonly options: Required<ExchangeOptions>;
  readonly seats = new Map<string, Seat>();
  readonly #cut = new Set<string>();
  readonly #states = new Map<string, Map<string, unknown>>();

  constructor(options: ExchangeOptions) {
    this.options = { latency: 1, jitter: 0, loss: 0, duplication: 0, noticeAfter: 0, ...options };
  }

  /** A node's first life, or the next one after `kill`: handlers are registered anew. */
  join(id: string, name = id): MemoryNetwork {
    const life = (this.seats.get(id)?.life ?? 0) + 1;
    const network = new MemoryNetwork(this, id, life);
    this.seats.set(id, { network, name, life, alive: true });
    this.#notice();
    // States of others reach a newcomer once it listens.
    this.options.clock.after(this.options.latency, () => {
      for (const [topic, states] of this.#states) {
        for (const [origin, payload] of states) if (this.reaches(origin, id)) network.hear(topic, origin, payload);
      }
    });
    return network;
  }

  kill(id: string): void {
    const seat = this.seats.get(id);
    if (seat === undefined) return;
    seat.alive = false;
    for (const states of this.#states.values()) states.delete(id);
    this.#notice();
  }

  /** Cuts or mends the way between two nodes. */
  cut(a: string, b: string, isCut = true): void {
    for (const pair of [`${a}>${b}`, `${b}>${a}`]) {
      if (isCut) this.#cut.add(pair);
      else this.#cut.delete(pair);
    }
    this.#notice();
  }

  /** Cuts one node off from all others, or brings it back. */
  isolate(id: string, isCut = true): void {
    for (const other of this.seats.keys()) if (other !== id) this.cut(id, other, isCut);
  }

  reaches(from: string, to: string): boolean {
    return this.isAlive(from) && this.isAlive(to) && !this.#cut.has(`${from}>${to}`);
  }

  isAlive(id: string): boolean {
    return this.seats.get(id)?.alive ?? false;
  }

  /** Hands over `deliver` after the latency, unless it is lost. */
  carry(from: string, to: string, deliver: (seat: Seat) => void, twice = true): void {
    const { clock, random, latency, jitter, loss, duplication } = this.options;
    const life = this.seats.get(to)?.life;
    const times = twice && random.next() < duplication ? 2 : 1;
    for (let time = 0; time < times; time++) {
      if (random.next() < loss) continue;
      clock.after(latency + jitter * random.next(), () => {
        const seat = this.seats.get(to);
        if (seat !== undefined && seat.life === life && this.reaches(from, to)) deliver(seat);
      });
    }
  }

  say(topic: NewsTopic<TSchema>, origin: string, payload: unknown): void {
    if (topic.kind === 'state') {
      const states = this.#states.get(topic.name) ?? new Map<string, unknown>();
      this.#states.set(topic.name, states.set(origin, payload));
    }
    for (const id of this.seats.keys()) {
      if (id !== origin) this.carry(origin, id, ({ network }) => network.hear(topic.name, origin, payload));
    }
  }

  #notice(): void {
    this.options.clock.after(this.options.noticeAfter, () => {
      // Gossip brings the states that were missed while the way was cut.
      for (const [topic, states] of this.#states) {
        for (const [origin, payload] of states) {
          for (const [id, { network, alive }] of this.seats) {
            if (id !== origin && alive && this.reaches(origin, id)) network.hear(topic, origin, payload);
          }
        }
      }
      for (const { network, alive } of this.seats.values()) if (alive) network.notice();
    });
  }
}

export class MemoryNetwork implements AgentNetwork {
  readonly self: string;
  readonly #exchange: Exchange;
  readonly #life: number;
  readonly #handlers = new Map<string, Handler>();
  readonly #streams = new Map<string, StreamHandler>();
  readonly #topics = new Map<string, { schema: TSchema; handler: (origin: string, payload: never) => void }>();
  readonly #listeners = new Set<() => void>();
  #reachable = new Map<string, boolean>();

  constructor(exchange: Exchange, self: string, life: number) {
    this.#exchange = exchange;
    this.self = self;
    this.#life = life;
  }

  nodes(): NetworkNode[] {
    const { latency } = this.#exchange.options;
    return [...this.#exchange.seats].flatMap(([id, { name }]) =>
      id === this.self
        ? []
        : [{ id, name, reachable: this.#reachable.get(id) ?? false, score: 0, roundTrip: (2 * latency) / 1000 }],
    );
  }

  onNodes(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  request(
    node: string,
    service: string,
    payload: Uint8Array,
    options: { deadline?: Millis } = {},
  ): Promise<Uint8Array> {
    const { clock } = this.#exchange.options;
    return new Promise((resolve, reject) => {
      const late = new ParlmeshError('RELAY_UNANSWERED', `${node} did not answer`);
      const timer = clock.after(options.deadline ?? 5000, () => reject(late));
      if (!this.#isLive()) return;
      const settle = (settled: () => void): void => {
        timer.cancel();
        settled();
      };
      if (!this.#reachable.get(node)) {
        return settle(() => reject(new ParlmeshError('RELAY_NO_ROUTE', `There is no way to ${node}`)));
      }
      this.#exchange.carry(this.self, node, ({ network }) => {
        const answer = (deliver: () => void): void =>
          this.#exchange.carry(node, this.self, () => this.#isLive() && settle(deliver), false);
        network.answer(service, this.self, payload).then(
          (reply) => answer(() => resolve(reply)),
          (thrown: unknown) => answer(() => reject(new ParlmeshError('RELAY_REFUSED', messageOf(thrown)))),
        );
      });
    });
  }

  handle(service: string, handler: Handler): void {
    this.#handlers.set(service, handler);
  }

  async openStream(node: string, service: string, header: string): Promise<Duplex> {
    const seat = this.#exchange.seats.get(node);
    if (seat === undefined || !this.#exchange.reaches(this.self, node)) {
      throw new ParlmeshError('RELAY_NO_ROUTE', `There is no way to ${node}`);
    }
    const [near, far] = pair();
    await seat.network.takeStream(service, this.self, far, header);
    return near;
  }

  handleStream(service: string, handler: StreamHandler): void {
    this.#streams.set(service, handler);
  }

  publish<S extends TSchema>(topic: NewsTopic<S>, payload: Static<S>): void {
    if (this.#isLive()) this.#exchange.say(topic, this.self, payload);
  }

  subscribe<S extends TSchema>(topic: NewsTopic<S>, handler: (origin: string, payload: Static<S>) => void): void {
    this.#topics.set(topic.name, { schema: topic.schema, handler });
  }

  hear(topic: string, origin: string, payload: unknown): void {
    const subscription = this.#topics.get(topic);
    if (!this.#isLive() || subscription === undefined || !Value.Check(subscription.schema, payload)) return;
    subscription.handler(origin, payload as never);
  }

  async answer(service: string, origin: string, payload: Uint8Array): Promise<Uint8Array> {
    const handler = this.#handlers.get(service);
    if (handler === undefined) throw new Error(`there is no service "${service}"`);
    return handler(origin, payload);
  }

  async takeStream(service: string, origin: string, stream: Duplex, header: string): Promise<void> {
    const handler = this.#streams.get(service);
    if (handler === undefined) throw new Error(`there is no service "${service}"`);
    await handler(origin, stream, header);
  }

  notice(): void {
    if (!this.#isLive()) return;
    this.#reachable = new Map(
      [...this.#exchange.seats.keys()].map((id) => [id, this.#exchange.reaches(this.self, id)]),
    );
    for (const listener of this.#listeners) listener();
  }

  #isLive(): boolean {
    const seat = this.#exchange.seats.get(this.self);
    return seat?.life === this.#life && seat.alive;
  }
}

/** Two ends of one pipe. */
function pair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [
    Duplex.from({ readable: back, writable: there }) as Duplex,
    Duplex.from({ readable: there, writable: back }) as Duplex,
  ];
}

/** Runs virtual time and lets promises settle in between, until `done` or for `most` ms. */
export async function runUntil(
  clock: VirtualClock,
  done: () => boolean,
  most: Millis,
  step: Millis = 1,
): Promise<void> {
  const end = clock.now() + most;
  while (!done()) {
    if (clock.now() >= end) throw new Error(`not within ${most} ms of virtual time`);
    clock.advance(step);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
