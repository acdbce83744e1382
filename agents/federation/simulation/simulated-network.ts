// A network of federation nodes in one process: real messages, simulated ways. Parts of it can be cut off from each other,
// nodes die, words are lost and late; every byte is counted. For the simulator, benches and property tests; the rounds,
// the election and the aggregation that run on it are the ones that serve.

import type { Duplex } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Random } from '../../../core/random.ts';
import type { AgentNetwork, NetworkNode, NewsTopic } from '../../network.ts';

type Handler = (origin: string, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array;

export interface SimulatedWays {
  clock: Clock;
  random: Random;
  /** One way, now. 0: at once, without a timer. */
  delay(from: string, to: string): Millis;
  /** Share of questions, answers and words that are lost. */
  loss: number;
  /** After so long nodes notice who came and went. */
  noticeAfter: Millis;
  /** So often states that were lost are brought again, as gossip's exchange of digests does; 0: never. */
  syncEvery: Millis;
}

export interface Traffic {
  sent: number;
  received: number;
  /** Questions asked. */
  questions: number;
  /** Bytes of words, counted once for each that is told and each that hears. */
  words: number;
}

/** Who lived, and in which part, when nodes last noticed. */
interface Sight {
  alive: ReadonlySet<string>;
  part: ReadonlyMap<string, number>;
}

interface Told {
  number: number;
  payload: unknown;
  bytes: number;
}

export class SimulatedNetworks {
  readonly ways: SimulatedWays;
  readonly #seats = new Map<string, SimulatedNetwork>();
  /** Nodes of different parts do not reach each other. */
  readonly #part = new Map<string, number>();
  /** By topic, then origin. */
  readonly #states = new Map<string, Map<string, Told>>();
  #numbered = 0;
  #isNoticing = false;

  constructor(ways: SimulatedWays) {
    this.ways = ways;
    if (ways.syncEvery > 0) ways.clock.every(ways.syncEvery, () => this.#synchronise());
  }

  /** A node's first life, or its next one: what is under way to an earlier one is lost. */
  join(id: string): SimulatedNetwork {
    const network = new SimulatedNetwork(this, id);
    this.#seats.set(id, network);
    this.#changed();
    return network;
  }

  kill(id: string): void {
    this.#seats.delete(id);
    this.#changed();
  }

  /** Nodes that are named with different numbers do not reach each other; all others are in part 0. */
  separate(parts: ReadonlyMap<string, number>): void {
    this.#part.clear();
    for (const [id, part] of parts) this.#part.set(id, part);
    this.#changed();
  }

  isAlive(id: string): boolean {
    return this.#seats.has(id);
  }

  reaches(from: string, to: string): boolean {
    return this.isAlive(from) && this.isAlive(to) && (this.#part.get(from) ?? 0) === (this.#part.get(to) ?? 0);
  }

  ids(): Iterable<string> {
    return this.#seats.keys();
  }

  seat(id: string): SimulatedNetwork | undefined {
    return this.#seats.get(id);
  }

  /** Hands over `deliver` after the delay, unless it is lost or `to` has died or is cut off by then. */
  carry(from: string, to: string, deliver: (seat: SimulatedNetwork) => void): void {
    const { clock, random, loss } = this.ways;
    const seat = this.#seats.get(to);
    if (seat === undefined || (loss > 0 && random.next() < loss)) return;
    const arrive = (): void => {
      if (this.#seats.get(to) === seat && this.reaches(from, to)) deliver(seat);
    };
    const delay = this.ways.delay(from, to);
    if (delay === 0) queueMicrotask(arrive);
    else clock.after(delay, arrive);
  }

  tell(topic: NewsTopic<TSchema>, origin: string, payload: unknown): void {
    const bytes = JSON.stringify(payload).length;
    const told: Told = { number: ++this.#numbered, payload, bytes };
    if (topic.kind === 'state') {
      const states = this.#states.get(topic.name) ?? new Map<string, Told>();
      this.#states.set(topic.name, states.set(origin, told));
    }
    const from = this.#seats.get(origin);
    if (from !== undefined) from.traffic.words += bytes;
    for (const id of this.#seats.keys()) {
      if (id !== origin && this.reaches(origin, id)) {
        this.carry(origin, id, (seat) => seat.hear(topic.name, origin, told.number, payload, bytes));
      }
    }
  }

  /** Several changes at once are noticed together. */
  #changed(): void {
    if (this.ways.noticeAfter === 0 && this.#isNoticing) return;
    this.#isNoticing = true;
    const notice = (): void => {
      this.#isNoticing = false;
      this.#synchronise();
      const seen: Sight = { alive: new Set(this.#seats.keys()), part: new Map(this.#part) };
      for (const seat of [...this.#seats.values()]) seat.notice(seen);
    };
    if (this.ways.noticeAfter === 0) queueMicrotask(notice);
    else this.ways.clock.after(this.ways.noticeAfter, notice);
  }

  #synchronise(): void {
    for (const [topic, states] of this.#states) {
      for (const [origin, { number, payload, bytes }] of states) {
        for (const [id, seat] of this.#seats) {
          if (id === origin || !seat.lacks(topic, origin, number) || !this.reaches(origin, id)) continue;
          this.carry(origin, id, (to) => to.hear(topic, origin, number, payload, bytes));
        }
      }
    }
  }
}

export class SimulatedNetwork implements AgentNetwork {
  readonly self: string;
  readonly traffic: Traffic = { sent: 0, received: 0, questions: 0, words: 0 };
  readonly #all: SimulatedNetworks;
  readonly #handlers = new Map<string, Handler>();
  readonly #topics = new Map<string, { schema: TSchema; handler: (origin: string, payload: never) => void }>();
  readonly #newest = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #sight: Sight = { alive: new Set(), part: new Map() };
  #known: NetworkNode[] | undefined;

  constructor(all: SimulatedNetworks, self: string) {
    this.#all = all;
    this.self = self;
  }

  nodes(): NetworkNode[] {
    this.#known ??= [...this.#all.ids()].flatMap((id) =>
      id === this.self
        ? []
        : [
            {
              ...{ id, name: id, score: 0, reachable: this.#sees(id) },
              roundTrip: (2 * this.#all.ways.delay(this.self, id)) / 1000,
            },
          ],
    );
    return this.#known;
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
    this.traffic.questions++;
    this.traffic.sent += payload.length;
    return new Promise((resolve, reject) => {
      if (!this.#sees(node)) {
        reject(new ParlmeshError('RELAY_NO_ROUTE', `There is no way to ${node}`));
        return;
      }
      const deadline = options.deadline ?? 5000;
      const late = this.#all.ways.clock.after(deadline, () =>
        reject(new ParlmeshError('RELAY_UNANSWERED', `${node} did not answer within ${deadline} ms`)),
      );
      const settle = (settled: () => void): void => {
        late.cancel();
        settled();
      };
      this.#all.carry(this.self, node, (seat) => {
        seat.traffic.received += payload.length;
        seat.answer(service, this.self, payload).then(
          (reply) => {
            seat.traffic.sent += reply.length;
            this.#all.carry(node, this.self, () => {
              this.traffic.received += reply.length;
              settle(() => resolve(reply));
            });
          },
          (thrown: unknown) =>
            this.#all.carry(node, this.self, () =>
              settle(() => reject(new ParlmeshError('RELAY_REFUSED', messageOf(thrown)))),
            ),
        );
      });
    });
  }

  handle(service: string, handler: Handler): void {
    this.#handlers.set(service, handler);
  }

  openStream(node: string): Promise<Duplex> {
    return Promise.reject(new ParlmeshError('RELAY_NO_STREAMS', `The simulated way to ${node} carries no streams`));
  }

  handleStream(): void {}

  publish<S extends TSchema>(topic: NewsTopic<S>, payload: Static<S>): void {
    if (this.#all.seat(this.self) === this) this.#all.tell(topic, this.self, payload);
  }

  subscribe<S extends TSchema>(topic: NewsTopic<S>, handler: (origin: string, payload: Static<S>) => void): void {
    this.#topics.set(topic.name, { schema: topic.schema, handler });
  }

  /** Older than what was heard of that origin: it is dropped, as gossip does. */
  hear(topic: string, origin: string, number: number, payload: unknown, bytes: number): void {
    const subscription = this.#topics.get(topic);
    this.traffic.words += bytes;
    if (subscription === undefined || !this.lacks(topic, origin, number)) return;
    this.#newest.set(`${topic} ${origin}`, number);
    if (Value.Check(subscription.schema, payload)) subscription.handler(origin, payload as never);
  }

  lacks(topic: string, origin: string, number: number): boolean {
    return this.#topics.has(topic) && (this.#newest.get(`${topic} ${origin}`) ?? 0) < number;
  }

  async answer(service: string, origin: string, payload: Uint8Array): Promise<Uint8Array> {
    const handler = this.#handlers.get(service);
    if (handler === undefined) throw new Error(`there is no service "${service}"`);
    return handler(origin, payload);
  }

  notice(sight: Sight): void {
    this.#sight = sight;
    this.remeasure();
    for (const listener of [...this.#listeners]) listener();
  }

  #sees(id: string): boolean {
    const { alive, part } = this.#sight;
    return alive.has(id) && (part.get(id) ?? 0) === (part.get(this.self) ?? 0);
  }

  /** Round trips are looked up again. */
  remeasure(): void {
    this.#known = undefined;
  }
}
