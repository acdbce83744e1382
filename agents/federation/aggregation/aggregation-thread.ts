// Aggregation beside the event loop: a thread that is there only while there is something to aggregate. Updates go to it by
// transfer, so that 80 MB of them are never there twice.

import { Worker } from 'node:worker_threads';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { Aggregate, Update } from './aggregator.ts';
import type { AggregationConfig } from './config.ts';
import type { AggregationAnswer, AggregationRequest } from './thread-protocol.ts';

export interface AggregationThreadParts {
  /** `rule`, `liars`, `clip`, `mostNorm` and `deadline` of it count here. */
  config: Pick<AggregationConfig, 'rule' | 'liars' | 'clip' | 'mostNorm' | 'deadline'>;
  clock: Clock;
}

export interface AggregationOptions {
  /** Trust in a node, 0 to 1: `trustIn` of `reputation.ts`. Left out, all are trusted. */
  trust?: (node: string) => number;
  /** The coordinator's own update. */
  root?: Float32Array;
  /** Ends it; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Without work for so long, the thread and its memory are given back. */
const IDLE: Millis = 30_000;
/** MB of the thread's heap; updates and the arithmetic lie outside of it. */
const MEMORY = 256;

export class AggregationThread {
  readonly #parts: AggregationThreadParts;
  #thread: Worker | undefined;
  #idle: Timer | undefined;
  #busy = false;

  constructor(parts: AggregationThreadParts) {
    this.#parts = parts;
  }

  /** Whether its thread is there. */
  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  /**
   * Takes the updates over: their `delta` arrays are empty afterwards. One at a time.
   * Rejects with what the rule throws (`AGGREGATION_TOO_FEW`, `AGGREGATION_MISMATCH`, `AGGREGATION_TOO_MANY`, `AGGREGATION_NO_ROOT`),
   * `AGGREGATION_BUSY`, `AGGREGATION_LATE` after the deadline, or `AGGREGATION_FAILED` when the thread dies.
   */
  async aggregate(updates: readonly Update[], options: AggregationOptions = {}): Promise<Aggregate> {
    options.signal?.throwIfAborted();
    if (this.#busy) {
      throw new ParlmeshError('AGGREGATION_BUSY', 'A round is being aggregated already', {
        hint: 'Wait until that is done, or make a thread for each learner',
      });
    }
    this.#busy = true;
    this.#idle?.cancel();
    try {
      const answer = await this.#ask(updates, options);
      if (answer.ok) return answer.aggregate;
      const { code, message, hint } = answer;
      throw new ParlmeshError(code, message, hint === undefined ? {} : { hint });
    } finally {
      this.#busy = false;
      this.#idle = this.#parts.clock.after(IDLE, () => void this.stop());
    }
  }

  async stop(): Promise<void> {
    this.#idle?.cancel();
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }

  #ask(updates: readonly Update[], { trust, root, signal }: AggregationOptions): Promise<AggregationAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<AggregationAnswer>();
    const { config, clock } = this.#parts;
    const { rule, liars, clip, mostNorm, deadline } = config;
    // A thread that hangs, dies or is no longer wanted is of no more use; the next call makes another.
    const fail = (reason: unknown): void => {
      void this.stop();
      reject(reason);
    };
    const failed = (code: string, why: string): void => fail(new ParlmeshError(code, `Nothing was aggregated: ${why}`));
    this.#thread ??= new Worker(new URL('./aggregation.worker.ts', import.meta.url), {
      name: 'aggregation',
      resourceLimits: { maxOldGenerationSizeMb: MEMORY },
    });
    const thread = this.#thread;
    const onError = (error: unknown): void => failed('AGGREGATION_FAILED', messageOf(error));
    const onExit = (): void => failed('AGGREGATION_FAILED', 'its thread ended');
    const onAbort = (): void => fail(signal?.reason);
    thread.once('message', resolve).once('error', onError).once('exit', onExit);
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = clock.after(1000 * deadline, () =>
      failed('AGGREGATION_LATE', `it took longer than aggregation.deadline, ${deadline} s`),
    );
    const deltas = updates.map(({ delta }) => own(delta));
    const request: AggregationRequest = {
      config: { rule, liars, clip, ...(mostNorm !== undefined && { mostNorm }) },
      nodes: updates.map(({ node }) => node),
      weights: Float64Array.from(updates, ({ weight }) => weight),
      deltas,
      ...(trust !== undefined && { trusts: Float64Array.from(updates, ({ node }) => trust(node)) }),
      ...(root !== undefined && { root }),
    };
    thread.postMessage(request, [...new Set(deltas.map(({ buffer }) => buffer as ArrayBuffer))]);
    return promise.finally(() => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      thread.off('message', resolve).off('error', onError).off('exit', onExit);
    });
  }
}

/** A part of a larger buffer is copied: the rest of that buffer belongs to somebody else. */
function own(delta: Float32Array): Float32Array {
  return delta.byteLength === delta.buffer.byteLength && delta.buffer instanceof ArrayBuffer ? delta : delta.slice();
}
