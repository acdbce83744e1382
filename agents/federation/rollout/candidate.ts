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

/**
 * What became of a candidate. `carried`: neither better nor worse that one could tell, so that rounds go on from it and it
 * serves nowhere yet. `refused` served nowhere and nothing goes on from it.
 */
export type Fate = 'settled' | 'carried' | 'refused' | 'taken-back';

export const FATE_IN_WORDS: Readonly<Record<Fate, string>> = {
  settled: 'serves everywhere now',
  carried: 'serves nowhere yet, rounds go on from it',
  refused: 'is not rolled out',
  'taken-back': 'is taken back everywhere',
};

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
   * with `MODEL_INVALID` for what cannot serve (shape, numbers that are not finite, size, a behaviour that no sound model
   * has), `ROLLOUT_BUSY` while another candidate of that learner is judged, `ROLLOUT_UNKNOWN_LEARNER`. The same version
   * twice is one.
   */
  propose(candidate: Candidate): Promise<string>;
  /** Whether a candidate of that learner is judged just now. While one is rolled out, others may come. */
  isBusy(learner: string): boolean;
  /**
   * What the next round begins from: the last candidate, as long as nobody could tell that it is worse, else the model that
   * the network serves. The learner's own current one where none was rolled out yet. Rejects with `FEDERATION_STORE_FAILED`, `ROLLOUT_UNKNOWN_LEARNER`.
   */
  settled(learner: string): Promise<Model>;
  /** Calls `listener` after each end, until the returned function is called. */
  onEnded(listener: (end: RolloutEnd) => void): () => void;
}
