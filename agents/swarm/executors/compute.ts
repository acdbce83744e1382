// Tasks that keep a processor busy: recorded workflows replayed as work instead of waiting. Each computes in a thread of
// its own, which ends with the task.

import { Worker } from 'node:worker_threads';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';
import { replayedBytes } from './replayed-bytes.ts';
import { ReplayInput } from './wait.ts';

/** An hour: what is longer should be told apart in tasks. */
const Input = Type.Object({ ...ReplayInput.properties, seconds: Type.Number({ minimum: 0, maximum: 3_600 }) });

/** `{ seconds, bytes }`: as much work as a board of speed 1 does in that time. */
export class ComputeExecutor implements TaskExecutor {
  readonly kind = 'compute';
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  check(input: unknown): void {
    read(input);
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    const { seconds, bytes = 0 } = read(input);
    if (seconds > 0) await compute(seconds, context);
    return (await replayedBytes(bytes, this.#clock, context)) ?? { seconds };
  }
}

function compute(seconds: number, { signal, progress }: TaskContext): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./compute.worker.ts', import.meta.url), { workerData: { seconds } });
    const onAbort = (): void => void worker.terminate();
    signal.addEventListener('abort', onAbort, { once: true });
    worker.on('message', (share: number) => progress(share));
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(signal.reason);
      else if (code === 0) resolve();
      else reject(new ParlmeshError('TASK_FAILED', `The computing thread ended with code ${code}`));
    });
  });
}

function read(input: unknown): Static<typeof Input> {
  if (Value.Check(Input, input)) return input;
  throw new ParlmeshError('TASK_INPUT_INVALID', 'A `compute` task takes `{ seconds: 0 to 3600, bytes }`');
}
