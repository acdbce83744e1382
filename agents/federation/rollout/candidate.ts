// What the rounds hand over to the roll-out, and what they learn of it: a model that was aggregated, and what became of it.

import type { Model, ModelOrigin } from '../learner.ts';

/** A model that came out of a round and has to prove itself. */
export interface Candidate {
  learner: string;
  /** `Learner.format`. */
  format: number;
  parameters: Float32Array;
  origin: ModelOrigin;
}

/** What became of a candidate. `refused` never served anywhere; `superseded` gave way to a newer one. */
export type Fate = 'settled' | 'refused' | 'taken-back' | 'superseded';

export interface RolloutEnd {
  learner: string;
  version: string;
  round: number;
  fate: Fate;
  /** Why, in words with numbers. */
  reason: string;
}

/** Where the coordinator of rounds brings its candidates. */
export interface CandidateDesk {
  /**
   * Resolves with the version once the candidate is written down; from there it goes on by itself, over restarts. Rejects
   * with `MODEL_INVALID` for what cannot serve (shape, numbers that are not finite, size), `ROLLOUT_BUSY` while another
   * candidate of that learner has not come to its end, `ROLLOUT_UNKNOWN_LEARNER`.
   */
  propose(candidate: Candidate): Promise<string>;
  /** Whether a candidate of that learner has not come to its end yet. */
  isBusy(learner: string): boolean;
  /**
   * The model that the network serves: what the next round begins from. The learner's own current one where none was
   * rolled out yet. Rejects with `FEDERATION_STORE_FAILED`, `ROLLOUT_UNKNOWN_LEARNER`.
   */
  settled(learner: string): Promise<Model>;
  /** Calls `listener` after each end, until the returned function is called. */
  onEnded(listener: (end: RolloutEnd) => void): () => void;
}
