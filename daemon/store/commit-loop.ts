// When waiting rows go to the writer, and what happens when they cannot: one batch at a time, everything that came
// meanwhile in the next (group commit), retries with back-off until the disk takes rows again.

import { backoff } from '../../core/backoff.ts';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { AcknowledgedWrite } from './batch.ts';
import type { PendingRows } from './pending-rows.ts';
import type { Writer } from './writer.ts';

/**
 * open -> full | failed (a batch was not written) -> open (a later try was).
 * `full`: no space; `failed`: the thread died, the file is damaged, the disk answers with errors.
 */
export type WriteState =
  | { kind: 'closed' }
  | { kind: 'open' }
  | { kind: 'full'; cause: string; attempts: number }
  | { kind: 'failed'; cause: string; attempts: number; reopen: boolean };

export interface CommitLoopOptions {
  rows: PendingRows;
  writer: Writer;
  clock: Clock;
  random: Random;
  /** Longest wait of a row that nobody waits for. */
  flushInterval: Millis;
  /** Opens the file anew after damage or the thread's death, repairing it if needed. */
  reopen: () => Promise<void>;
  /** Bytes that the file system has left for us. */
  freeBytes: () => Promise<number>;
  onState: (state: WriteState, before: WriteState) => void;
}

const CURED_BY_REOPENING = new Set(['STORE_WRITER_DIED', 'STORE_NOT_OPEN', 'STORE_CORRUPT']);
const RETRY = { first: 1000, most: 30_000 };
/** Failed tries after which whoever waits for a write is told, and later ones are refused at once. */
const PATIENCE = 3;
/** Space that must be there before a full disk is tried again: less would be full again after a moment. */
const MARGIN_BYTES = 1_000_000;

export class CommitLoop {
  readonly #options: CommitLoopOptions;
  #state: WriteState = { kind: 'closed' };
  #flush: Timer | undefined;
  #retry: Timer | undefined;
  #running: Promise<void> | undefined;
  /** All writes of one turn of the event loop share a commit. */
  #turnEnds = false;

  constructor(options: CommitLoopOptions) {
    this.#options = options;
  }

  get state(): WriteState {
    return this.#state;
  }

  /** closed -> open, once the writer has opened the file. */
  open(): void {
    this.#become({ kind: 'open' });
    this.soon();
  }

  /** Any -> closed, after one last try to write what waits. Whoever still waits for a write is told. */
  async close(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    this.#flush?.cancel();
    this.#flush = undefined;
    this.#become({ kind: 'closed' });
    await this.#exclusively(() => this.#commit());
    // The last try may have failed, which is a state of its own.
    this.#retry?.cancel();
    this.#become({ kind: 'closed' });
    this.#options.rows.rejectAcknowledged(new ParlmeshError('STORE_CLOSED', 'The store is closed'));
  }

  /** Resolves once all that waits now is written; rejects with the cause when it is not. */
  async drain(): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#state.kind === 'open') await this.#commit();
    });
    const refusal = this.#refusal(0);
    if (refusal !== undefined) throw refusal;
  }

  /** Rows wait: they are written within the flush interval. */
  soon(): void {
    if (this.#state.kind !== 'open' || this.#running !== undefined) return;
    this.#flush ??= this.#options.clock.after(this.#options.flushInterval, () => this.#run());
  }

  /** Queues a write that somebody waits for; resolves with the rows that it added. */
  async acknowledge(write: AcknowledgedWrite): Promise<number> {
    const refusal = this.#refusal(PATIENCE);
    if (refusal !== undefined) throw refusal;
    const written = this.#options.rows.acknowledge(write);
    if (this.#state.kind === 'open' && this.#running === undefined && !this.#turnEnds) {
      this.#turnEnds = true;
      setImmediate(() => {
        this.#turnEnds = false;
        this.#run();
      });
    }
    return written;
  }

  /** A read found damage: the file is opened anew, which repairs it. */
  distrust(error: unknown): void {
    if (this.#state.kind === 'open') this.#fail(error, true);
  }

  #run(): void {
    this.#flush?.cancel();
    this.#flush = undefined;
    if (this.#running === undefined && this.#state.kind === 'open') void this.#exclusively(() => this.#commit());
  }

  /** Runs `work`, which never throws, when nothing else runs; afterwards sees to what came meanwhile. */
  async #exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#running = work().finally(() => {
      this.#running = undefined;
      if (this.#options.rows.someoneWaits) this.#run();
      else if (this.#options.rows.size > 0) this.soon();
    });
    await this.#running;
  }

  /** Writes all that waits as one batch. Never throws. */
  async #commit(): Promise<void> {
    const batch = this.#options.rows.take();
    if (batch === undefined) return;
    try {
      const outcome = await this.#options.writer.request({ kind: 'batch', batch });
      this.#options.rows.settle(outcome);
    } catch (error) {
      this.#options.rows.giveBack();
      this.#fail(error, error instanceof ParlmeshError && CURED_BY_REOPENING.has(error.code));
    }
  }

  #fail(error: unknown, reopen: boolean): void {
    const before = this.#state;
    const attempts = before.kind === 'full' || before.kind === 'failed' ? before.attempts + 1 : 0;
    const cause = messageOf(error);
    const { rows, clock, random } = this.#options;
    if (error instanceof ParlmeshError && error.code === 'STORE_FULL') {
      this.#become({ kind: 'full', cause, attempts });
      rows.shedDispensable();
    } else {
      // Whatever it is, it did not pass by itself: a new connection may help.
      this.#become({ kind: 'failed', cause, attempts, reopen: reopen || attempts > 0 });
    }
    const refusal = this.#refusal(PATIENCE);
    if (refusal !== undefined) rows.rejectAcknowledged(refusal);
    // The first death is made good at once; what fails again may need time.
    const wait = reopen && attempts === 0 ? 0 : backoff(attempts, RETRY, random);
    this.#retry?.cancel();
    this.#retry = clock.after(wait, () => void this.#exclusively(() => this.#tryAgain()));
  }

  async #tryAgain(): Promise<void> {
    const before = this.#state;
    if (before.kind !== 'full' && before.kind !== 'failed') return;
    try {
      if (before.kind === 'failed' && before.reopen) await this.#options.reopen();
      if (before.kind === 'full') await this.#requireSpace(before.cause);
    } catch (error) {
      this.#fail(error, before.kind === 'failed' && before.reopen);
      return;
    }
    await this.#commit();
    // Unless the commit failed anew, which made another state.
    if (this.#state === before) this.#become({ kind: 'open' });
  }

  async #requireSpace(cause: string): Promise<void> {
    if ((await this.#options.freeBytes()) < MARGIN_BYTES) throw new ParlmeshError('STORE_FULL', cause);
  }

  /** Why a write cannot be waited for now; undefined when it can. */
  #refusal(patience: number): ParlmeshError | undefined {
    const state = this.#state;
    if (state.kind === 'closed') return new ParlmeshError('STORE_CLOSED', 'The store is closed');
    if (state.kind === 'full') {
      return new ParlmeshError('STORE_FULL', state.cause, { hint: 'Free space in the data folder' });
    }
    if (state.kind === 'failed' && state.attempts >= patience) return new ParlmeshError('STORE_FAILED', state.cause);
    return undefined;
  }

  #become(state: WriteState): void {
    const before = this.#state;
    this.#state = state;
    if (before.kind !== state.kind) this.#options.onState(state, before);
  }
}
