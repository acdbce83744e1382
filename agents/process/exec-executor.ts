// Carries out tasks of kind `exec`: runs a configured command of this node.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../core/errors.ts';
import { BlobRef } from '../swarm/blob-ref.ts';
import type { TaskContext, TaskExecutor } from '../swarm/task-executor.ts';
import type { Commands } from './commands.ts';
import { LineReader } from './line-reader.ts';

const ResultRef = Type.Object({ $result: Type.String({ maxLength: 256 }) });

/** As a job says it: results of other tasks are filled in before it runs. */
const Written = Type.Object(
  {
    command: Type.String({ minLength: 1, maxLength: 32, description: 'Name of a configured command.' }),
    args: Type.Optional(Type.Array(Type.Union([Type.String({ maxLength: 4096 }), ResultRef]), { maxItems: 32 })),
    stdin: Type.Optional(Type.Union([Type.String({ maxLength: 64_000 }), BlobRef, ResultRef])),
  },
  { additionalProperties: false },
);

const Input = Type.Object({
  command: Type.String(),
  args: Type.Optional(Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 32 })),
  stdin: Type.Optional(Type.Union([Type.String({ maxLength: 64_000 }), BlobRef])),
});
type Input = Static<typeof Input>;

/** A longer output becomes a blob. */
const MOST_INLINE_BYTES = 8_000;

/**
 * Input: `{ command, args?, stdin? }`. Result: `{ stdout, seconds }`, where a `stdout` of more than 8 kB is a blob. What
 * the command prints as errors goes to the log of the task, line by line; another exit code than 0 is a failure.
 */
export class ExecExecutor implements TaskExecutor {
  readonly kind = 'exec';
  readonly #commands: Commands;

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  check(input: unknown): void {
    if (!Value.Check(Written, input)) throw invalid(Value.Errors(Written, input)[0]);
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    if (!Value.Check(Input, input)) throw invalid(Value.Errors(Input, input)[0]);
    const { command, args = [] } = input;
    const lines = new LineReader((line) => context.log(line));
    const stdin = await stdinOf(input, context);
    const outcome = await this.#commands.run({
      name: command,
      extraArguments: args,
      environment: { JOB: context.job, TASK: context.task, TASK_KEY: context.key, ATTEMPT: String(context.attempt) },
      signal: context.signal,
      onStderr: (chunk) => lines.push(chunk),
      ...(stdin !== undefined && { stdin }),
    });
    lines.end();
    const { stdout, seconds } = outcome;
    const inline = stdout.length <= MOST_INLINE_BYTES;
    return {
      stdout: inline ? stdout.toString() : await context.writeBlob(stdout, 'application/octet-stream'),
      seconds,
    };
  }
}

async function stdinOf({ stdin }: Input, context: TaskContext): Promise<Uint8Array | string | undefined> {
  return stdin === undefined || typeof stdin === 'string' ? stdin : context.readBlob(stdin);
}

function invalid(problem: { instancePath: string; message: string } | undefined): ParlmeshError {
  const where = `${problem?.instancePath || 'its input'} ${problem?.message ?? 'is wrong'}`;
  return new ParlmeshError('TASK_INPUT_INVALID', `an exec task takes { command, args?, stdin? }: ${where}`, {
    hint: 'docs/agents.md describes exec tasks',
  });
}
