// Pictures kept with observations: one when a thing is first seen, a better one when it is seen better. Drawn off
// the hot path, one at a time for each camera; what waits is replaced by the newest picture of the same thing.

import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ShowingFrame } from './observation-record.ts';
import type { Annotator } from './picture/draw.ts';
import type { SnapshotBudget } from './snapshot-budget.ts';
import type { Observation } from './tracking/observer.ts';

export interface Snapshot {
  /** The observation's id. */
  observation: string;
  camera: string;
  /** Wall-clock milliseconds of the frame. */
  at: number;
  jpeg: Uint8Array;
}

export interface SnapshotsOptions {
  annotator: Annotator;
  budget: SnapshotBudget;
  logger: Logger;
  /** Keeps a snapshot; resolves with where it is found. */
  save: (snapshot: Snapshot) => Promise<string>;
  /** Told once for every snapshot that was asked for and not replaced, with its path unless it failed. */
  onDone: (observation: string, path: string | undefined) => void;
}

interface Wanted {
  observation: Observation;
  frame: ShowingFrame;
}

/** Waiting snapshots of one camera; each holds a frame's bytes. */
const MOST_WAITING = 20;

export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #waiting = new Map<string, Wanted>();
  #working: Promise<void> | undefined;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** False when too many wait, or when enough were written lately. */
  request(observation: Observation, frame: ShowingFrame): boolean {
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(observation.id)) return false;
    if (!this.#options.budget.allows()) return false;
    this.#waiting.set(observation.id, { observation, frame });
    this.#working ??= this.#work();
    return true;
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    for (const [id, { observation, frame }] of this.#waiting) {
      this.#waiting.delete(id);
      let path: string | undefined;
      try {
        const jpeg = await this.#options.annotator.draw(frame.bytes, [observation], frame.hidden);
        this.#options.budget.spend(jpeg.length);
        path = await this.#options.save({ observation: id, camera: observation.camera, at: frame.at, jpeg });
      } catch (error) {
        this.#options.logger.warn({ observation: id, cause: messageOf(error) }, 'a snapshot could not be kept');
      }
      this.#options.onDone(id, path);
    }
    this.#working = undefined;
  }
}
