// One attempt of one task on this node: its time limit, its progress, its last lines, and how it ended.

import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import type { BlobRef } from '../blob-ref.ts';
import { MOST_LOG_LINES } from '../job-event.ts';
import type { Assignment } from '../messages.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';
import type { Work } from './job-worker.ts';

/** What tasks need of large inputs and results. */
export interface WorkerBlobs {
  /** Resolves once the bytes are on this node. */
  bring(ref: BlobRef, holders: readonly string[], signal: AbortSignal): Promise<void>;
  read(ref: BlobRef): Promise<Uint8Array>;
  write(bytes: Uint8Array, mediaType?: string): Promise<BlobRef>;
}

export type Outcome =
  | { kind: 'done'; result: unknown }
  | { kind: 'failed'; outcome: 'failed' | 'timed-out'; cause: string; hopeless: boolean }
  /** The agent ended; another may take it up. */
  | { kind: 'interrupted' }
  /** It was taken back or cancelled. */
  | { kind: 'withdrawn' };

export interface AttemptParts {
  assignment: Assignment;
  executor: TaskExecutor;
  blobs: WorkerBlobs;
  clock: Clock;
  started(attempt: TaskAttempt): void;
  ended(attempt: TaskAttempt, outcome: Outcome): void;
  /** It has something new to tell of its progress. */
  told(attempt: TaskAttempt): void;
}

/** Characters of a result that goes by value. */
const MOST_RESULT = 16 * 1024;
const LINE_LENGTH = 500;
/** How long a task that was aborted may take to give its slot back. */
const ABORT_PATIENCE: Millis = 5000;
/** Errors after which another attempt cannot do better. */
const HOPELESS: ReadonlySet<string> = new Set(['TASK_INPUT_INVALID', 'TASK_RESULT_INVALID', 'NOT_AUTHORIZED']);

export class TaskAttempt implements Work, TaskContext {
  readonly assignment: Assignment;
  readonly key: string;
  startedAt: Millis | undefined;
  share: number | undefined;
  /** Its last lines, and how many of them nobody was told of yet. */
  readonly lines: string[] = [];
  untold = 0;
  readonly #parts: AttemptParts;
  readonly #abort = new AbortController();
  #isOver = false;

  // Bound, since executors take them out of the context.
  readonly progress = (share: number): void => {
    if (this.#isOver || !(share >= 0 && share <= 1)) return;
    this.share = share;
    this.#parts.told(this);
  };
  readonly log = (line: string): void => {
    if (this.#isOver) return;
    this.lines.push(String(line).slice(0, LINE_LENGTH));
    if (this.lines.length > MOST_LOG_LINES) this.lines.shift();
    this.untold = Math.min(MOST_LOG_LINES, this.untold + 1);
    this.#parts.told(this);
  };
  readonly readBlob = (ref: BlobRef): Promise<Uint8Array> => this.#parts.blobs.read(ref);
  readonly writeBlob = (bytes: Uint8Array, mediaType?: string): Promise<BlobRef> =>
    this.#parts.blobs.write(bytes, mediaType);

  constructor(parts: AttemptParts) {
    this.#parts = parts;
    this.assignment = parts.assignment;
    this.key = keyOf(parts.assignment);
  }

  get job(): string {
    return this.assignment.job;
  }

  get task(): string {
    return this.assignment.id;
  }

  get attempt(): number {
    return this.assignment.attempt;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async run(): Promise<boolean> {
    if (this.#isOver) return false;
    const { clock, started } = this.#parts;
    this.startedAt = clock.wall();
    started(this);
    const work = this.#execute();
    const { timeout } = this.assignment;
    const timer = timeout === undefined ? undefined : clock.after(timeout * 1000, () => this.#timeOut(timeout));
    const outcome = await Promise.race([work, this.#aborted()]);
    this.#end(outcome);
    timer?.cancel();
    // Its slot is free when it is really over, or nobody will wait any longer.
    if (this.signal.aborted) await Promise.race([work, delay(clock, ABORT_PATIENCE)]);
    return outcome.kind === 'done';
  }

  interrupt(): void {
    this.#stop({ kind: 'interrupted' });
  }

  withdraw(): void {
    this.#stop({ kind: 'withdrawn' });
  }

  async #execute(): Promise<Outcome> {
    const { executor, blobs } = this.#parts;
    const { input, blobs: needed } = this.assignment;
    try {
      await Promise.all(needed.map(({ ref, holders }) => blobs.bring(ref, holders, this.signal)));
      return { kind: 'done', result: await this.#bounded(await executor.run(input, this)) };
    } catch (thrown) {
      const hopeless = thrown instanceof ParlmeshError && HOPELESS.has(thrown.code);
      return { kind: 'failed', outcome: 'failed', cause: messageOf(thrown).slice(0, 2000), hopeless };
    }
  }

  /** The result itself, or a reference to it when it is large. */
  async #bounded(result: unknown): Promise<unknown> {
    let text: string | undefined;
    try {
      text = JSON.stringify(result);
    } catch (thrown) {
      throw new ParlmeshError('TASK_RESULT_INVALID', `The result cannot be told as JSON: ${messageOf(thrown)}`);
    }
    if (text === undefined) return null;
    if (text.length <= MOST_RESULT) return result;
    return this.#parts.blobs.write(Buffer.from(text), 'application/json');
  }

  #aborted(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.signal.addEventListener('abort', () => resolve(this.signal.reason), { once: true });
    });
  }

  #timeOut(seconds: number): void {
    const cause = `It was not done within ${seconds} s`;
    this.#stop({ kind: 'failed', outcome: 'timed-out', cause, hopeless: false });
  }

  #stop(outcome: Outcome): void {
    if (this.#isOver) return;
    if (this.startedAt === undefined) this.#end(outcome);
    this.#abort.abort(outcome);
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.ended(this, outcome);
  }
}

export const keyOf = ({ job, id }: { job: string; id: string }): string => `${job}/${id}`;
