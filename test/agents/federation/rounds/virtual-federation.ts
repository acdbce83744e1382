// Whole federations on virtual time: real coordinators and participants, joined by an exchange in memory, that can be killed and
// started again at any moment. What is a model of the world is only what nodes learn: to come nearer to a point of their own.

import { Value } from 'typebox/value';
import { fedAvg } from '../../../../agents/federation/aggregation/rules/fed-avg.ts';
import { FederationConfig } from '../../../../agents/federation/config.ts';
import {
  FederatedCoordinator,
  type FederatedCoordinatorParts,
} from '../../../../agents/federation/federated-coordinator.ts';
import type { Learner, Model, ModelOrigin, Trained, TrainingPlan } from '../../../../agents/federation/learner.ts';
import { bytesOf, versionOf } from '../../../../agents/federation/messages.ts';
import { Participant, type ParticipantParts } from '../../../../agents/federation/participant.ts';
import type { Candidate, CandidateDesk } from '../../../../agents/federation/rollout/candidate.ts';
import { DirectDispatch } from '../../../../agents/federation/rounds/direct-dispatch.ts';
import { float32Codec } from '../../../../agents/federation/rounds/float32-codec.ts';
import { PlainAggregation } from '../../../../agents/federation/rounds/plain-aggregation.ts';
import type { Leadership, UpdateCodec } from '../../../../agents/federation/rounds/ports.ts';
import { Post } from '../../../../agents/federation/rounds/post.ts';
import type { RoundView } from '../../../../agents/federation/rounds/round-view.ts';
import { type Clock, delay, type Timer, VirtualClock } from '../../../../core/clock.ts';
import type { JournalEntry } from '../../../../core/journal.ts';
import { silentLogger } from '../../../../core/logger.ts';
import { type Random, seededRandom } from '../../../../core/random.ts';
import { Exchange, type ExchangeOptions, type MemoryNetwork, runUntil } from '../../exchange.ts';
import { keysOf } from '../member-keys.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';

export const LEARNER = 'toy';
const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** A clock whose timers end with the life of a node, and whose wall may be wrong. */
class MortalClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #wallOff: number;
  #isDead = false;

  constructor(clock: VirtualClock, wallOff: number) {
    this.#clock = clock;
    this.#wallOff = wallOff;
  }

  die(): void {
    this.#isDead = true;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall() + this.#wallOff;
  }

  after(wait: number, run: () => void): Timer {
    return this.#clock.after(wait, () => this.#isDead || run());
  }

  every(period: number, run: () => void): Timer {
    return this.#clock.every(period, () => this.#isDead || run());
  }
}

/** What is left of a node when it dies. */
export class Disk {
  /** Told of every write, before it begins and after it is on the disk. */
  onWrite: (when: 'before' | 'after', what: string, written: unknown) => void = () => {};
  readonly storage = new MemoryFederationStorage();
  notebook: string | undefined;
  model: Float32Array | undefined;
  settled: { version: string; parameters: Float32Array } | undefined;
  readonly proposed: Candidate[] = [];
}

export class ToyLearner implements Learner {
  readonly name = LEARNER;
  readonly title = 'Toy';
  readonly size: number;
  readonly format = 1;
  /** Seconds that training takes; more than what it may take is cut. */
  seconds = 2;
  available = 100;
  trainings = 0;
  failing: string | undefined;
  readonly target: Float32Array;
  readonly #clock: Clock;
  readonly #disk: Disk;

  constructor(clock: Clock, disk: Disk, size: number, target: number) {
    this.#clock = clock;
    this.#disk = disk;
    this.size = size;
    this.target = new Float32Array(size).fill(target);
  }

  current(): Model {
    const parameters = this.#disk.model ?? new Float32Array(this.size);
    return { version: versionOf(bytesOf(parameters)), parameters };
  }

  examples(): number {
    return this.available;
  }

  async train(from: Model, _plan: TrainingPlan, signal: AbortSignal): Promise<Trained> {
    this.trainings++;
    await delay(this.#clock, this.seconds * 1000, signal);
    if (this.failing !== undefined) throw new Error(this.failing);
    const delta = from.parameters.map((value, at) => (this.target[at]! - value) / 2);
    return { delta, examples: this.available, metrics: { loss: Math.abs(delta[0] ?? 0) } };
  }

  compare() {
    return Promise.resolve({ gain: 1.1, trials: 10, sentence: 'it is 1.1 times as good' });
  }

  async adopt({ parameters }: Model, _origin: ModelOrigin): Promise<void> {
    this.#disk.model = parameters;
  }

  async takeBack(): Promise<void> {}

  performance() {
    return undefined;
  }
}

/** Lets all candidates pass, at once; it remembers over restarts. */
export class ToyDesk implements CandidateDesk {
  readonly #disk: Disk;
  readonly #learner: Learner;
  busy = false;

  constructor(disk: Disk, learner: Learner) {
    this.#disk = disk;
    this.#learner = learner;
  }

  async propose(candidate: Candidate): Promise<string> {
    const version = versionOf(bytesOf(candidate.parameters));
    if (this.#disk.settled?.version !== version) this.#disk.proposed.push(candidate);
    this.#disk.settled = { version, parameters: candidate.parameters };
    return version;
  }

  isBusy(): boolean {
    return this.busy;
  }

  async settled(): Promise<Model> {
    return this.#disk.settled ?? this.#learner.current();
  }

  onEnded(): () => void {
    return () => {};
  }
}

export class Seat implements Leadership {
  seat: { node: string; term: number } | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(seat: { node: string; term: number } | undefined) {
    this.seat = seat;
  }

  current() {
    return this.seat;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(seat: { node: string; term: number } | undefined): void {
    this.seat = seat;
    for (const listener of this.#listeners) listener();
  }
}

export interface FederationNode {
  id: string;
  coordinator: FederatedCoordinator;
  participant: Participant;
  learner: ToyLearner;
  leadership: Seat;
  desk: ToyDesk;
  network: MemoryNetwork;
  post: Post;
  disk: Disk;
  journal: JournalEntry[];
  kill(): void;
}

export interface FederationOptions {
  network?: Partial<Omit<ExchangeOptions, 'clock' | 'random'>>;
  seed?: number;
  size?: number;
  config?: Record<string, unknown>;
  coordinator?: Partial<FederatedCoordinatorParts>;
  participant?: (id: string) => Partial<ParticipantParts>;
  codecs?: () => UpdateCodec[];
  /** Milliseconds that a node's wall clock is off. */
  wallOff?: (id: string) => number;
}

export class VirtualFederation {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly exchange: Exchange;
  readonly nodes = new Map<string, FederationNode>();
  readonly disks = new Map<string, Disk>();
  readonly options: FederationOptions;
  step = 40;
  seat = { node: 'n0', term: 1 };

  constructor(options: FederationOptions = {}) {
    this.options = options;
    const { seed = 1, network } = options;
    this.random = seededRandom(seed);
    this.exchange = new Exchange({ clock: this.clock, random: seededRandom(seed + 1), ...network });
  }

  get lead(): FederationNode {
    return this.nodes.get(this.seat.node)!;
  }

  async startAll(count: number): Promise<this> {
    for (let at = 0; at < count; at++) await this.start(`n${at}`);
    return this;
  }

  /** A node's first life or its next one, with what its disk holds. */
  async start(id: string): Promise<FederationNode> {
    const { options } = this;
    const disk = this.disks.get(id) ?? new Disk();
    this.disks.set(id, disk);
    const clock = new MortalClock(this.clock, options.wallOff?.(id) ?? 0);
    let isDead = false;
    const storage = new Proxy(disk.storage, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          if (!isDead) disk.onWrite('before', String(name), args[0]);
          if (isDead) return never();
          const result: unknown = await value.apply(target, args);
          if (!isDead) disk.onWrite('after', String(name), args[0]);
          return isDead ? never() : result;
        };
      },
      set: (target, name, value) => Reflect.set(target, name, value),
    });
    const network = this.exchange.join(id);
    const post = new Post(network);
    const leadership = new Seat(this.seat);
    const number = Number(id.slice(1));
    const learner = new ToyLearner(clock, disk, options.size ?? 20, 1 + (number % 3));
    const desk = new ToyDesk(disk, learner);
    const journal: JournalEntry[] = [];
    const random = seededRandom(this.random.below(2 ** 31));
    const codecs = options.codecs?.() ?? [float32Codec];
    const common = {
      ...{ network, post, keys: keysOf(id), leadership, learners: [learner], clock, random },
      journal: { record: (entry: JournalEntry) => void journal.push(entry) },
    };
    const participant = new Participant({
      ...common,
      budget: () => 30,
      gates: [],
      codec: codecs[0]!,
      condition: () => ({ pressure: 0.1 }),
      notebook: {
        read: async () => (disk.notebook === undefined ? undefined : JSON.parse(disk.notebook)),
        write: async (document) => {
          if (isDead) return never();
          disk.notebook = JSON.stringify(document);
        },
      },
      ...options.participant?.(id),
    });
    const config = Value.Parse(
      FederationConfig,
      Value.Default(FederationConfig, { pause: 1, examples: 1, ...options.config }),
    );
    const coordinator = new FederatedCoordinator({
      ...common,
      ...{ storage, desk, codecs, config, logger: silentLogger },
      dispatch: new DirectDispatch(post, clock, random),
      aggregation: () => new PlainAggregation({ codecs, aggregate: (updates) => fedAvg().aggregate(updates) }),
      mayCoordinate: () => true,
      ownOffer: () => participant.offer(),
      ...options.coordinator,
    });
    const kill = (): void => {
      isDead = true;
      clock.die();
      this.exchange.kill(id);
      this.nodes.delete(id);
    };
    const node = { id, coordinator, participant, learner, leadership, desk, network, post, disk, journal, kill };
    this.nodes.set(id, node);
    const signal = new AbortController().signal;
    await participant.start(signal);
    await coordinator.start(signal);
    return node;
  }

  until(done: () => boolean, most = 600_000): Promise<void> {
    return runUntil(this.clock, done, most, this.step);
  }

  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.until(() => this.clock.now() >= end, ms + 1000);
  }

  /** Round `number`, once it is over. */
  async ended(number: number, most = 600_000): Promise<RoundView> {
    const find = (): RoundView | undefined =>
      this.lead?.coordinator.history(LEARNER, 1000).find((round) => round.number === number);
    await this.until(() => find() !== undefined, most);
    return find()!;
  }
}
