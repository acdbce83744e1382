// The worker threads of a node for what computes: one pool, as many threads as the board's profile says, started when
// they are needed and let go when all idle. A task that takes too long, or is taken back, ends with its thread.

import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

export interface ThreadPoolOptions {
  threads: number;
  /** Tasks that wait for a thread; more are refused. */
  mostWaiting: number;
  /** MiB of JavaScript heap that a task may hold; one that needs more ends with its thread. */
  memory: number;
  /** How long the threads are kept for the next task; each takes some 10 MB. */
  idleTime: Millis;
  clock: Clock;
}

/** What the thread's `run` is called with. */
export interface ThreadOrder {
  input: unknown;
  port: MessagePort;
}

/** Now, and since the start. */
export interface ThreadPoolFigures {
  running: number;
  waiting: number;
  /** Tasks that got a thread, and the seconds that they waited for it together. */
  begun: number;
  waitedSeconds: number;
}

/** A task from its order to its end. */
interface Place {
  since: Millis;
  isRunning: boolean;
}

export interface ThreadTask {
  /** A module of this package that exports `run({ input, port })`: shares of progress go to the port. */
  entry: URL;
  /** Copied to the thread. */
  input: unknown;
  timeout: Millis;
  /** Hears the share of the work that is done, as the thread tells it. */
  progress?(share: number): void;
  /** Ends the task; `run` then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  #pool: Promise<Piscina> | undefined;
  #idle: Timer | undefined;
  readonly #waiting: Place[] = [];
  readonly #totals = { running: 0, begun: 0, waitedSeconds: 0 };

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /**
   * Resolves to what the thread's `run` returned. Rejects with what it threw, or `THREADS_BUSY`, `THREAD_TIMED_OUT`,
   * `THREAD_OUT_OF_MEMORY`, `THREAD_ENDED`.
   */
  async run({ entry, input, timeout, signal, progress }: ThreadTask): Promise<unknown> {
    signal?.throwIfAborted();
    const { threads, mostWaiting } = this.#options;
    // Piscina 5.3 does not hold its own bound while no thread is ready.
    if (this.#totals.running >= threads && this.#waiting.length >= mostWaiting) {
      throw new ParlmeshError('THREADS_BUSY', `${mostWaiting} tasks wait for a thread already`);
    }
    const place = this.#enter();
    this.#idle?.cancel();
    const late = new AbortController();
    const timer = this.#options.clock.after(timeout, () =>
      late.abort(new ParlmeshError('THREAD_TIMED_OUT', `it took more than ${timeout / 1000} s`)),
    );
    const ends = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    const { port1: here, port2: port } = new MessageChannel();
    const tell = (share: unknown): void => {
      if (typeof share === 'number') progress?.(share);
    };
    here.on('message', tell);
    try {
      this.#pool ??= this.#open();
      const pool = await this.#pool;
      const task: ThreadOrder = { input, port };
      const result = await pool.run(task, { filename: entry.href, name: 'run', signal: ends, transferList: [port] });
      // What the thread told last may still lie there.
      for (let left = receiveMessageOnPort(here); left !== undefined; left = receiveMessageOnPort(here)) {
        tell(left.message);
      }
      return result;
    } catch (error) {
      throw ends.aborted ? ends.reason : this.#explain(error);
    } finally {
      this.#leave(place);
      if (this.#totals.running === 0)
        this.#idle = this.#options.clock.after(this.#options.idleTime, () => void this.close());
      timer.cancel();
      here.close();
    }
  }

  figures(): ThreadPoolFigures {
    return { ...this.#totals, waiting: this.#waiting.length };
  }

  /** Tasks get their threads in the order in which they came, as in piscina itself. */
  #enter(): Place {
    const place: Place = { since: this.#options.clock.now(), isRunning: false };
    if (this.#totals.running < this.#options.threads) this.#begin(place);
    else this.#waiting.push(place);
    return place;
  }

  #begin(place: Place): void {
    place.isRunning = true;
    this.#totals.running++;
    this.#totals.begun++;
    this.#totals.waitedSeconds += (this.#options.clock.now() - place.since) / 1000;
  }

  #leave(place: Place): void {
    if (!place.isRunning) {
      this.#waiting.splice(this.#waiting.indexOf(place), 1);
      return;
    }
    this.#totals.running--;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#begin(next);
  }

  /** Ends all threads; running tasks are rejected. */
  async close(): Promise<void> {
    this.#idle?.cancel();
    const pool = this.#pool;
    this.#pool = undefined;
    await (await pool)?.destroy();
  }

  async #open(): Promise<Piscina> {
    const { threads, memory } = this.#options;
    // Loaded when it is first needed: most nodes never compute.
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      // With fewer at least than at most, piscina 5.3 forgets what waits when a running task is ended.
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      resourceLimits: { maxOldGenerationSizeMb: memory },
      recordTiming: false,
      env: {},
    });
    // What befalls a thread is told by the task that ran in it.
    pool.on('error', () => {});
    return pool;
  }

  #explain(error: unknown): unknown {
    const { code } = (error ?? {}) as { code?: unknown };
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
      return new ParlmeshError('THREAD_OUT_OF_MEMORY', `it needed more than ${this.#options.memory} MiB of memory`);
    }
    const message = messageOf(error);
    if (/^(worker thread exited|terminating worker)/i.test(message)) {
      return new ParlmeshError('THREAD_ENDED', `its thread ended: ${message}`);
    }
    return error;
  }
}
