// Tells observations together with their pictures: one picture when a thing is first seen, a better one when it is seen
// much better, and one end, which waits for a picture that is under way.

import type { Logger } from '../core/logger.ts';
import type { Annotator, Hidden } from './picture/draw.ts';
import type { SnapshotBudget } from './snapshot-budget.ts';
import { type Snapshot, Snapshots } from './snapshots.ts';
import type { Observation } from './tracking/observer.ts';

/** An observation as it is recorded and shown. */
export interface RecordedObservation extends Observation {
  /** Where its picture is found, once there is one. */
  snapshot?: string;
}

/** A frame that shows an observation. */
export interface ShowingFrame {
  bytes: Uint8Array;
  /** Wall-clock milliseconds. */
  at: number;
  hidden: Hidden;
}

export interface ObservationRecordOptions {
  annotator: Annotator;
  budget: SnapshotBudget;
  logger: Logger;
  save: (snapshot: Snapshot) => Promise<string>;
  onObservation: (observation: RecordedObservation) => void;
}

/** What is known of an observation's picture. */
interface Pictured {
  told: RecordedObservation;
  /** Confidence of what the newest picture shows. */
  confidence: number;
  path: string | undefined;
  pending: boolean;
}

/** An observation this much surer than its picture gets a better one. */
const SURER_BY = 0.15;

export class ObservationRecord {
  readonly #options: ObservationRecordOptions;
  readonly #snapshots: Snapshots;
  readonly #pictured = new Map<string, Pictured>();

  constructor(options: ObservationRecordOptions) {
    this.#options = options;
    const { annotator, budget, logger, save } = options;
    this.#snapshots = new Snapshots({
      ...{ annotator, budget, logger, save },
      onDone: (id, path) => this.#onSnapshot(id, path),
    });
  }

  /** Starts are pictured, and updates that are much surer than what was pictured. */
  tell(observation: Observation, frame?: ShowingFrame): void {
    const known = this.#pictured.get(observation.id);
    const told = this.recorded(observation);
    const pictured = known ?? { told, confidence: 0, path: undefined, pending: false };
    pictured.told = told;
    this.#pictured.set(observation.id, pictured);
    // An end waits for a picture that is under way, so that it is told once.
    if (observation.phase !== 'end' || !pictured.pending) this.#options.onObservation(told);
    if (frame !== undefined && observation.phase !== 'end' && told.confidence >= pictured.confidence + SURER_BY) {
      pictured.pending = this.#snapshots.request(observation, frame) || pictured.pending;
      pictured.confidence = told.confidence;
    }
    this.#forgetEnded(pictured);
  }

  /** With the path of its picture. */
  recorded(observation: Observation): RecordedObservation {
    const snapshot = this.#pictured.get(observation.id)?.path;
    return snapshot === undefined ? observation : { ...observation, snapshot };
  }

  /** Resolves when no picture is under way. */
  settled(): Promise<void> {
    return this.#snapshots.settled();
  }

  /** A first picture is told; a better one is found at the same path. */
  #onSnapshot(id: string, path: string | undefined): void {
    const pictured = this.#pictured.get(id);
    if (pictured === undefined) return;
    pictured.pending = false;
    if (path !== undefined && pictured.path === undefined) {
      pictured.path = path;
      const phase = pictured.told.phase === 'start' ? 'update' : pictured.told.phase;
      pictured.told = { ...pictured.told, phase, snapshot: path };
      this.#options.onObservation(pictured.told);
    } else if (pictured.told.phase === 'end') {
      this.#options.onObservation(pictured.told);
    }
    this.#forgetEnded(pictured);
  }

  #forgetEnded({ told, pending }: Pictured): void {
    if (told.phase === 'end' && !pending) this.#pictured.delete(told.id);
  }
}
