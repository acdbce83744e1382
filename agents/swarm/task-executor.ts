// What carries out the tasks of one kind. An executor knows nothing of jobs, leases and other nodes.

import type { BlobRef } from './blob-ref.ts';

export interface TaskContext {
  readonly job: string;
  readonly task: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** The same for every attempt of a task: an effect that carries it happens once, whatever is tried again. */
  readonly key: string;
  /** Aborts when the task is cancelled, timed out or taken back; `run` must settle soon after. */
  readonly signal: AbortSignal;
  /** @param share 0 to 1 */
  progress(share: number): void;
  /** One line for people; long and many lines are cut. */
  log(line: string): void;
  /** Reads a large input; it has been brought to this node before the task starts. */
  readBlob(ref: BlobRef): Promise<Uint8Array>;
  /** Keeps a large result on this node; the reference goes into the result. */
  writeBlob(bytes: Uint8Array, mediaType?: string): Promise<BlobRef>;
}

export interface TaskExecutor {
  /** `wait`, `http.get`, `exec`. */
  readonly kind: string;
  /** Throws `TASK_INPUT_INVALID` for an input that can never work. References to results are still in it. */
  check(input: unknown): void;
  /**
   * Resolves to the result: anything JSON has, at most 16 kB (a large one goes through `writeBlob`).
   * Rejects when the attempt failed; with `TASK_INPUT_INVALID` or another code of `hopeless`, it is not tried again.
   */
  run(input: unknown, context: TaskContext): Promise<unknown>;
}
