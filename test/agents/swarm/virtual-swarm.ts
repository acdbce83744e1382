// Whole swarms on virtual time: real orchestrators, workers and supervisors, joined by an exchange in memory, that can be
// killed and started again at any moment.

import type { Actor } from '../../../agents/authorizer.ts';
import { Supervisor } from '../../../agents/supervisor.ts';
import { WaitExecutor } from '../../../agents/swarm/executors/wait.ts';
import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import type { JobView } from '../../../agents/swarm/job-view.ts';
import { SwarmOrchestrator, type SwarmParts } from '../../../agents/swarm/orchestrator.ts';
import { heft } from '../../../agents/swarm/scheduling/list-schedulers.ts';
import type { TaskExecutor } from '../../../agents/swarm/task-executor.ts';
import { type Clock, type Timer, VirtualClock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { type Random, seededRandom } from '../../../core/random.ts';
import { Exchange, type ExchangeOptions, runUntil } from '../exchange.ts';
import { Disk, MemoryStorage } from './memory-storage.ts';

/** A clock whose timers end with the life of a node. */
class MortalClock implements Clock {
  readonly #clock: VirtualClock;
  #isDead = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  die(): void {
    this.#isDead = true;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall();
  }

  after(delay: number, run: () => void): Timer {
    return this.#clock.after(delay, () => this.#isDead || run());
  }

  every(period: number, run: () => void): Timer {
    return this.#clock.every(period, () => this.#isDead || run());
  }
}

export interface VirtualNode {
  id: string;
  swarm: SwarmOrchestrator;
  journal: JournalEntry[];
  storage: MemoryStorage;
  kill(): void;
}

export interface Options extends Partial<Omit<ExchangeOptions, 'clock' | 'random'>> {
  seed?: number;
  config?: Partial<SwarmParts['config']>;
  executors?: (node: string, clock: Clock) => TaskExecutor[];
}

export const operator: Actor = { kind: 'operator', name: 'tester' };

export class VirtualSwarm {
  readonly clock = new VirtualClock();
  /** Virtual milliseconds between two turns in which promises settle. */
  step = 1;
  readonly random: Random;
  readonly exchange: Exchange;
  readonly nodes = new Map<string, VirtualNode>();
  readonly disks = new Map<string, Disk>();
  readonly #options: Options;

  constructor(options: Options = {}) {
    const { seed = 1, config: _, executors: __, ...exchange } = options;
    this.#options = options;
    this.random = seededRandom(seed);
    this.exchange = new Exchange({ clock: this.clock, random: seededRandom(seed + 1), ...exchange });
  }

  /** A node's first life or its next one, with what its disk holds. */
  async start(id: string, config: Partial<SwarmParts['config']> = {}): Promise<VirtualNode> {
    const disk = this.disks.get(id) ?? new Disk();
    this.disks.set(id, disk);
    const clock = new MortalClock(this.clock);
    const storage = new MemoryStorage(disk, this.clock);
    const journal: JournalEntry[] = [];
    const random = seededRandom(this.random.below(2 ** 31));
    const parts = {
      clock,
      random,
      journal: { record: (entry: JournalEntry) => void journal.push(entry) },
      logger: silentLogger,
    };
    const supervision = { maxRestarts: 5, restartPeriod: 60, heartbeatTimeout: 5, retryDegraded: 300 };
    const supervisor = new Supervisor({ ...parts, config: supervision });
    const swarm = new SwarmOrchestrator({
      ...parts,
      name: id,
      network: this.exchange.join(id),
      storage,
      blobs: noBlobs,
      authorizer: { authorize: async () => {} },
      supervisor,
      executors: this.#options.executors?.(id, clock) ?? [new WaitExecutor(clock)],
      scheduler: () => ({ scheduler: heft, why: 'it is the one of this test' }),
      config: {
        ...{ work: true, agents: { min: 1, max: 2 }, slotsPerAgent: 2, queue: 4, lease: 2, retries: 2, labels: {} },
        ...this.#options.config,
        ...config,
      },
    });
    const kill = (): void => {
      clock.die();
      storage.die();
      this.exchange.kill(id);
      this.nodes.delete(id);
    };
    await supervisor.start(new AbortController().signal);
    await swarm.start(new AbortController().signal);
    const node = { id, swarm, journal, storage, kill };
    this.nodes.set(id, node);
    return node;
  }

  until(done: () => boolean, most = 60_000): Promise<void> {
    return runUntil(this.clock, done, most, this.step);
  }

  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.until(() => this.clock.now() >= end, ms + 1000);
  }

  /** Waits, on virtual time, for a promise. */
  async settled<T>(promise: Promise<T>, most = 60_000): Promise<T> {
    let isOver = false;
    promise.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    await this.until(() => isOver, most);
    return promise;
  }

  submit(node: VirtualNode, spec: JobSpec): Promise<JobView> {
    return this.settled(node.swarm.changes.submit(spec, operator));
  }

  /** The job as any living node shows it, once it has ended. */
  async ended(job: string, most = 60_000): Promise<JobView> {
    const view = (): JobView | undefined =>
      [...this.nodes.values()].flatMap(({ swarm }) =>
        swarm.window.jobs().filter(({ id, state }) => id === job && state !== 'running'),
      )[0];
    await this.until(() => view() !== undefined, most);
    return view()!;
  }
}

export const noBlobs: SwarmParts['blobs'] = {
  bring: async () => {},
  hold: () => {},
  release: () => {},
  read: () => Promise.reject(new ParlmeshError('BLOB_UNKNOWN', 'there are no blobs in this test')),
  write: () => Promise.reject(new ParlmeshError('BLOB_LIMIT', 'there are no blobs in this test')),
};

/** So many tasks of so long that need nothing of each other. */
export const wide = (count: number, seconds: number): JobSpec => ({
  name: 'wide',
  tasks: Array.from({ length: count }, (_, index) => ({ id: `t${index}`, kind: 'wait', input: { seconds }, seconds })),
});
