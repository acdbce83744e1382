// Carries out tasks of kind `module`: calls what a module exports as `run`, in a process under the module's permissions.
// The process is kept for the next task of the same module for a while, and renewed now and then.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { BlobRef } from '../swarm/blob-ref.ts';
import type { TaskContext, TaskExecutor } from '../swarm/task-executor.ts';
import type { ModuleProcess } from './module-process.ts';
import type { Modules } from './modules.ts';
import type { FromModule } from './protocol.ts';

const Input = Type.Object(
  {
    module: Type.String({ minLength: 1, maxLength: 32, description: 'Name of a module of the node’s folder.' }),
    input: Type.Optional(Type.Unknown({ description: 'Handed to its `run`.' })),
  },
  { additionalProperties: false },
);
type Input = Static<typeof Input>;

/** A process is renewed after so many tasks, so that what leaks slowly does no harm. */
const MOST_RUNS = 500;
/** What a cancelled task may take to end before its process is killed. */
const CANCEL_GRACE: Millis = 1_000;
const MOST_BLOB_BYTES = 4_000_000;
const MOST_RESULT_BYTES = 16_000;

interface Warm {
  process: Promise<ModuleProcess>;
  slots: number;
  /** By id of the call. */
  running: Map<number, TaskContext>;
  /** Taken slots, those of runs that are about to start included. */
  taken: number;
  runs: number;
  waiting: (() => void)[];
  idle: Timer | undefined;
  retired: boolean;
}

export class ModuleExecutor implements TaskExecutor {
  readonly kind = 'module';
  readonly #modules: Modules;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #warm = new Map<string, Warm>();

  constructor(modules: Modules, clock: Clock, logger: Logger) {
    this.#modules = modules;
    this.#clock = clock;
    this.#logger = logger;
  }

  check(input: unknown): void {
    if (!Value.Check(Input, input)) throw invalid('a module task takes { module, input? }');
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    if (!Value.Check(Input, input)) throw invalid('a module task takes { module, input? }');
    const warm = await this.#slotOf(input.module, context.signal);
    try {
      return await this.#run(warm, input, context);
    } finally {
      this.#release(input.module, warm);
    }
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    const all = [...this.#warm];
    await Promise.all(all.map(([name, warm]) => this.#retire(name, warm)));
  }

  async #run(warm: Warm, { module, input }: Input, context: TaskContext): Promise<unknown> {
    const process = await warm.process;
    if (!process.exports.run) throw invalid(`module ${module} exports no run()`);
    context.signal.throwIfAborted();
    const { job, task, attempt, key } = context;
    const { id, ending } = process.call((at) => ({ t: 'run', id: at, input, context: { job, task, attempt, key } }));
    warm.running.set(id, context);
    warm.runs++;
    const ended = Promise.withResolvers<never>();
    const end = (cause: unknown): void => {
      process.say({ t: 'cancel', id });
      // It may not listen: the next task has a fresh process.
      this.#forget(module, warm);
      // Whoever does not listen loses the process; other tasks in it are tried again.
      const patience = this.#clock.after(CANCEL_GRACE, () => {
        process.kill(new ParlmeshError('MODULE_HUNG', `module ${module}: did not end a cancelled task`));
      });
      void ending.then(
        () => patience.cancel(),
        () => patience.cancel(),
      );
      ended.reject(cause);
    };
    const onAbort = (): void => end(context.signal.reason);
    const { longestRun } = this.#modules.config;
    const deadline = this.#clock.after(longestRun * 1000, () =>
      end(new ParlmeshError('MODULE_TIMED_OUT', `module ${module}: a task took more than ${longestRun} s`)),
    );
    context.signal.addEventListener('abort', onAbort, { once: true });
    try {
      return bounded(module, await Promise.race([ending, ended.promise]));
    } finally {
      context.signal.removeEventListener('abort', onAbort);
      deadline.cancel();
      warm.running.delete(id);
    }
  }

  /** Takes a slot in the module's process, which is opened when there is none. */
  async #slotOf(name: string, signal: AbortSignal): Promise<Warm> {
    for (;;) {
      signal.throwIfAborted();
      const warm = this.#warm.get(name) ?? this.#open(name);
      if (warm.taken < warm.slots) {
        warm.idle?.cancel();
        warm.taken++;
        return warm;
      }
      const turn = Promise.withResolvers<void>();
      warm.waiting.push(turn.resolve);
      const onAbort = (): void => turn.resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      await turn.promise;
      signal.removeEventListener('abort', onAbort);
    }
  }

  #open(name: string): Warm {
    const { slots } = this.#modules.grants(name);
    const warm: Warm = {
      slots,
      running: new Map(),
      taken: 0,
      runs: 0,
      waiting: [],
      idle: undefined,
      retired: false,
      process: this.#modules.open(name, 'task', {
        frame: (frame) => void this.#onFrame(warm, name, frame),
        gone: () => this.#forget(name, warm),
      }),
    };
    warm.process.catch(() => this.#forget(name, warm));
    this.#warm.set(name, warm);
    return warm;
  }

  #release(name: string, warm: Warm): void {
    warm.taken--;
    warm.waiting.shift()?.();
    if (warm.taken > 0) return;
    if (warm.retired || warm.runs >= MOST_RUNS) void this.#retire(name, warm);
    else {
      const idle = this.#modules.config.idleTime * 1000;
      warm.idle = this.#clock.after(idle, () => void this.#retire(name, warm));
    }
  }

  async #retire(name: string, warm: Warm): Promise<void> {
    this.#forget(name, warm);
    await warm.process.then((process) => process.stop()).catch(() => {});
  }

  /** The next task of the module gets a fresh process. */
  #forget(name: string, warm: Warm): void {
    warm.retired = true;
    warm.idle?.cancel();
    if (this.#warm.get(name) === warm) this.#warm.delete(name);
    for (const wake of warm.waiting.splice(0)) wake();
  }

  async #onFrame(warm: Warm, name: string, frame: FromModule): Promise<void> {
    switch (frame.t) {
      case 'progress':
        warm.running.get(frame.id)?.progress(frame.share);
        return;
      case 'log': {
        const context = frame.run === undefined ? undefined : warm.running.get(frame.run);
        if (context === undefined) this.#logger.info({ module: name }, frame.line);
        else context.log(frame.line);
        return;
      }
      case 'blob':
      case 'keep': {
        const process = await warm.process;
        try {
          process.answer(frame.id, { ok: true, value: await blobOf(warm.running.get(frame.run), frame) });
        } catch (error) {
          const code = error instanceof ParlmeshError ? error.code : 'BLOB_FAILED';
          process.answer(frame.id, { ok: false, code, message: messageOf(error) });
        }
        return;
      }
      case 'post':
        (await warm.process).answer(frame.id, { ok: false, code: 'AGENT_ONLY', message: 'tasks send no letters' });
    }
  }
}

async function blobOf(
  context: TaskContext | undefined,
  frame: FromModule & { t: 'blob' | 'keep' },
): Promise<string | BlobRef> {
  if (context === undefined) throw new ParlmeshError('TASK_OVER', 'its task is over');
  if (frame.t === 'keep') return context.writeBlob(Buffer.from(frame.base64, 'base64'), frame.mediaType);
  if (!Value.Check(BlobRef, frame.read)) throw new ParlmeshError('BLOB_INVALID', 'that is no reference to a blob');
  if (frame.read.bytes > MOST_BLOB_BYTES) {
    throw new ParlmeshError('BLOB_TOO_LARGE', `a module reads blobs of at most ${MOST_BLOB_BYTES} bytes`);
  }
  return Buffer.from(await context.readBlob(frame.read)).toString('base64');
}

function bounded(module: string, result: unknown): unknown {
  const bytes = Buffer.byteLength(JSON.stringify(result) ?? 'null');
  if (bytes <= MOST_RESULT_BYTES) return result ?? null;
  throw new ParlmeshError('RESULT_TOO_LARGE', `module ${module}: its result has ${bytes} bytes`, {
    hint: `more than ${MOST_RESULT_BYTES} bytes go through context.writeBlob`,
  });
}

function invalid(message: string): ParlmeshError {
  return new ParlmeshError('TASK_INPUT_INVALID', message, { hint: 'docs/agents.md describes module tasks' });
}
