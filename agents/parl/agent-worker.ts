// The shard of this node: one thread that learns. It is there only while there is something to learn, and within a share of
// one processor: after each lesson it rests.

import { Worker } from 'node:worker_threads';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Learned, ShardAnswer, ShardRequest } from './shard-protocol.ts';

export interface AgentWorkerParts {
  /** Share of one processor that learning may take, on average. */
  share: number;
  clock: Clock;
}

export interface TeachOptions {
  signal?: AbortSignal;
  waits?: boolean;
}

/** Without work for so long, the thread and its memory are given back. */
const IDLE: Millis = 30_000;
/** Longer takes no lesson: the thread hangs, or the board is far too slow for it. */
const LONGEST: Millis = 600_000;
/** MB that the thread may take. */
const MEMORY = 192;

export class AgentWorker {
  readonly #parts: AgentWorkerParts;
  #thread: Worker | undefined;
  #idle: Timer | undefined;
  /** Resolves once the lesson under way has ended. */
  #underWay: Promise<void> | undefined;
  #restsUntil: Millis = 0;
  #spent: Millis = 0;

  constructor(parts: AgentWorkerParts) {
    this.#parts = parts;
  }

  /** Milliseconds of a processor that lessons took. */
  get spent(): Millis {
    return this.#spent;
  }

  /** Whether a lesson may begin now: none is under way, and the last one is paid for. */
  get isFree(): boolean {
    return this.#underWay === undefined && this.#parts.clock.now() >= this.#restsUntil;
  }

  /**
   * Rejects with `PARL_LESSON_FAILED` when the thread cannot learn from it, dies or takes too long, `PARL_BUSY`, or with
   * the signal's reason.
   * @param waits for the lesson under way to end, instead of rejecting
   */
  async teach(request: ShardRequest, { signal, waits = false }: TeachOptions = {}): Promise<Learned> {
    while (this.#underWay !== undefined) {
      if (!waits) throw new ParlmeshError('PARL_BUSY', 'This node learns already', { hint: 'Wait until that is done' });
      await this.#underWay;
    }
    signal?.throwIfAborted();
    const { promise, resolve: ended } = Promise.withResolvers<void>();
    this.#underWay = promise;
    this.#idle?.cancel();
    const { clock, share } = this.#parts;
    const startedAt = clock.now();
    try {
      const answer = await this.#ask(request, signal);
      if (!answer.ok) throw new ParlmeshError('PARL_LESSON_FAILED', `Nothing could be learned: ${answer.message}`);
      return answer.learned;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      this.#underWay = undefined;
      ended();
      const took = clock.now() - startedAt;
      this.#spent += took;
      this.#restsUntil = Math.max(this.#restsUntil, clock.now()) + took * (1 / share - 1);
      this.#idle = clock.after(IDLE, () => void this.stop());
    }
  }

  async stop(): Promise<void> {
    this.#idle?.cancel();
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #ask(request: ShardRequest, signal: AbortSignal | undefined): Promise<ShardAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ShardAnswer>();
    const failed = (why: string): void =>
      reject(new ParlmeshError('PARL_LESSON_FAILED', `Nothing was learned: ${why}`));
    this.#thread ??= new Worker(new URL('./shard.worker.ts', import.meta.url), {
      name: 'parl',
      resourceLimits: { maxOldGenerationSizeMb: MEMORY },
    });
    const thread = this.#thread;
    const onError = (error: unknown): void => failed(error instanceof Error ? error.message : String(error));
    const onExit = (): void => failed('its thread ended');
    thread.once('message', resolve).once('error', onError).once('exit', onExit);
    const timer = this.#parts.clock.after(LONGEST, () => failed(`it took longer than ${LONGEST / 1000} s`));
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    thread.postMessage(request);
    return promise.finally(() => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      thread.off('message', resolve).off('error', onError).off('exit', onExit);
    });
  }
}
