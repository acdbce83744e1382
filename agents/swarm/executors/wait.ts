// Tasks that only take time: for trying a job out, and for replaying recorded workflows.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Clock, delay } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';
import { MOST_REPLAYED_BYTES } from '../wfcommons.ts';
import { replayedBytes } from './replayed-bytes.ts';

export const ReplayInput = Type.Object({
  seconds: Type.Number({ minimum: 0, maximum: 604_800 }),
  /** Of its result. */
  bytes: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_REPLAYED_BYTES })),
});

/** `{ seconds, bytes }`; its result is the same seconds, or that many bytes. Whatever else is in the input is only brought. */
export class WaitExecutor implements TaskExecutor {
  readonly kind = 'wait';
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  check(input: unknown): void {
    read(input);
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    const { seconds, bytes = 0 } = read(input);
    if (seconds > 0) await delay(this.#clock, seconds * 1000, context.signal);
    return (await replayedBytes(bytes, this.#clock, context)) ?? { seconds };
  }
}

function read(input: unknown): Static<typeof ReplayInput> {
  if (Value.Check(ReplayInput, input)) return input;
  throw new ParlmeshError(
    'TASK_INPUT_INVALID',
    `A \`wait\` task takes \`{ seconds: 0 to 604800, bytes: 0 to ${MOST_REPLAYED_BYTES} }\``,
  );
}
