// What this node has lived through, in its store: batches of decisions, numbered, each counted once, and drawn again for
// learning, plainly or by how much was learned from them last (Schaul et al. 2016).

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import { type Experience, packExperience, packedBytes } from './experience.ts';
import { type ExperienceStorage, MOST_EXPERIENCE_BYTES } from './experience-storage.ts';

export interface ExperienceBufferParts {
  storage: ExperienceStorage;
  /** Id of this node. */
  node: string;
  /** Bytes that may be written in an hour: flash wears. */
  bytesPerHour: number;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** Decisions of a batch: enough that few rows are written, few enough that a crash loses little. */
const BATCH = 64;
const HOUR: Millis = 3600_000;
/** Rows that a draw looks at. */
const WINDOW = 512;

export class ExperienceBuffer {
  readonly #parts: ExperienceBufferParts;
  #waiting: Experience[] = [];
  #waitingBytes = 0;
  /** Bytes that may be written now: fills up over an hour. */
  #budget: number;
  #budgetAt: Millis;
  #sequence: number;
  #skipped = 0;

  constructor(parts: ExperienceBufferParts) {
    this.#parts = parts;
    this.#budget = parts.bytesPerHour;
    this.#budgetAt = parts.clock.now();
    this.#sequence = parts.storage.received(parts.node);
  }

  /** Decisions that were not kept, since the hour's bytes were spent. */
  get skipped(): number {
    return this.#skipped;
  }

  get size(): { rows: number; bytes: number } {
    return this.#parts.storage.size();
  }

  add(decision: Experience, version: number): void {
    const bytes = packedBytes(decision);
    if (bytes > MOST_EXPERIENCE_BYTES / 2) return;
    this.#waiting.push(decision);
    this.#waitingBytes += bytes;
    if (this.#waiting.length >= BATCH || this.#waitingBytes > MOST_EXPERIENCE_BYTES / 2) void this.flush(version);
  }

  /** Writes what waits. Never rejects: what cannot be kept is counted. */
  async flush(version: number): Promise<void> {
    const { storage, node, clock, logger } = this.#parts;
    const decisions = this.#waiting;
    if (decisions.length === 0) return;
    [this.#waiting, this.#waitingBytes] = [[], 0];
    const data = packExperience(decisions);
    if (!this.#spend(data.length)) {
      this.#skipped += decisions.length;
      return;
    }
    // The coordinator may have more of this node than its store, which was restored: numbers go on after those then.
    const sequence = Math.max(this.#sequence, storage.received(node)) + 1;
    this.#sequence = sequence;
    const row = { node, sequence, at: clock.wall(), version, priority: 1, decisions: decisions.length, data };
    try {
      await storage.put([row]);
    } catch (error) {
      // The number stays free for the next batch, unless more went out meanwhile: gaps would be waited for.
      if (this.#sequence === sequence) this.#sequence--;
      this.#skipped += decisions.length;
      logger.warn({ cause: messageOf(error) }, 'experience was not kept');
    }
  }

  /** Batches to learn from, as they were packed. */
  draw(count: number, how: 'plain' | 'prioritised'): { id: number; data: Uint8Array }[] {
    const { storage, random } = this.#parts;
    if (how === 'prioritised') return storage.highestPriority(count);
    const rows = storage.after(0, WINDOW);
    while (rows.length > count) rows.splice(random.below(rows.length), 1);
    return rows;
  }

  /** What was learned from batches: the mean size of their advantages. */
  learned(priorities: readonly { id: number; priority: number }[]): Promise<void> {
    return this.#parts.storage.setPriorities(priorities);
  }

  #spend(bytes: number): boolean {
    const { clock, bytesPerHour } = this.#parts;
    const now = clock.now();
    this.#budget = Math.min(bytesPerHour, this.#budget + ((now - this.#budgetAt) / HOUR) * bytesPerHour);
    this.#budgetAt = now;
    if (bytes > this.#budget) return false;
    this.#budget -= bytes;
    return true;
  }
}
