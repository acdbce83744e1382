// Tasks that keep a processor busy: recorded workflows replayed as work instead of waiting. Each computes in a thread of
// the node's pool, which ends with a task that is taken back.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { ThreadPool } from '../../pool/thread-pool.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';
import { replayedBytes } from './replayed-bytes.ts';
import { ReplayInput } from './wait.ts';

/** An hour: what is longer should be told apart in tasks. */
const Input = Type.Object({ ...ReplayInput.properties, seconds: Type.Number({ minimum: 0, maximum: 3_600 }) });

/** However slow the board is. */
const LONGEST: Millis = 86_400_000;

/** `{ seconds, bytes }`: as much work as a board of speed 1 does in that time. */
export class ComputeExecutor implements TaskExecutor {
  readonly kind = 'compute';
  readonly #clock: Clock;
  readonly #threads: ThreadPool;

  constructor(clock: Clock, threads: ThreadPool) {
    this.#clock = clock;
    this.#threads = threads;
  }

  check(input: unknown): void {
    read(input);
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    const { seconds, bytes = 0 } = read(input);
    if (seconds > 0) await this.#compute(seconds, context);
    return (await replayedBytes(bytes, this.#clock, context)) ?? { seconds };
  }

  async #compute(seconds: number, context: TaskContext): Promise<void> {
    const entry = new URL('./compute.worker.ts', import.meta.url);
    const progress = (share: number): void => context.progress(share);
    await this.#threads.run({ entry, input: { seconds }, timeout: LONGEST, signal: context.signal, progress });
  }
}

function read(input: unknown): Static<typeof Input> {
  if (Value.Check(Input, input)) return input;
  throw new ParlmeshError('TASK_INPUT_INVALID', 'A `compute` task takes `{ seconds: 0 to 3600, bytes }`');
}
