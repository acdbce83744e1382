// Tasks that only take time: for trying a job out, and for replaying recorded workflows.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Clock, delay } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { resultsIn } from '../job-spec.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';

const Input = Type.Object({ seconds: Type.Number({ minimum: 0, maximum: 604_800 }) });

/** `{ seconds }`; its result is the same. */
export class WaitExecutor implements TaskExecutor {
  readonly kind = 'wait';
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  check(input: unknown): void {
    if (resultsIn(input).length === 0) read(input);
  }

  async run(input: unknown, { signal }: TaskContext): Promise<unknown> {
    const { seconds } = read(input);
    if (seconds > 0) await delay(this.#clock, seconds * 1000, signal);
    return { seconds };
  }
}

function read(input: unknown): Static<typeof Input> {
  if (Value.Check(Input, input)) return input;
  throw new ParlmeshError('TASK_INPUT_INVALID', 'A `wait` task takes `{ seconds: 0 to 604800 }`');
}
