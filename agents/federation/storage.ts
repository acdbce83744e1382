// What a coordinator keeps so that it can be killed at any moment: rounds, updates, models, reputations, and the experience
// of the nodes. SQLite and PostgreSQL implement it; test/agents/federation/storage-compliance.ts is what both must pass.

import type { ExperienceRow } from '../parl/experience-storage.ts';

/** A round as it was last written down. */
export interface StoredRound {
  learner: string;
  /** From 1, without gaps, for each learner. */
  number: number;
  /** JSON text: the state of the round, whose form `rounds/` knows. */
  state: string;
  /** Whether nothing will happen to it any more. */
  ended: boolean;
}

export interface StoredUpdate {
  learner: string;
  round: number;
  node: string;
  /** JSON text: what the node signed, with its signature. */
  header: string;
  /** The packed numbers. */
  data: Uint8Array;
}

export interface StoredModel {
  learner: string;
  version: string;
  /** JSON text: where it comes from, what was measured, what became of it. */
  lineage: string;
  /** Float32, little-endian. */
  parameters: Uint8Array;
}

/** Everything resolves once it is on the disk, and rejects with `FEDERATION_STORE_FAILED` when it cannot be. */
export interface FederationStorage {
  putRound(round: StoredRound): Promise<void>;
  round(learner: string, number: number): Promise<StoredRound | undefined>;
  /** Newest first. */
  rounds(learner: string, limit: number): Promise<StoredRound[]>;
  /** Resolves with false when that node's update of that round was there already: the first one counts. */
  putUpdate(update: StoredUpdate): Promise<boolean>;
  /** In the order of the nodes' ids. */
  updates(learner: string, round: number): Promise<StoredUpdate[]>;
  /** Removes updates of rounds before `round`. */
  dropUpdates(learner: string, round: number): Promise<void>;
  putModel(model: StoredModel): Promise<void>;
  model(learner: string, version: string): Promise<StoredModel | undefined>;
  /** Newest first, without their parameters. */
  models(learner: string, limit: number): Promise<Omit<StoredModel, 'parameters'>[]>;
  /** Keeps the newest `keep` models and those named. */
  dropModels(learner: string, keep: number, needed: readonly string[]): Promise<void>;
  /** A small document (under 1 MB) by name: reputations, election, accounts. */
  putDocument(name: string, value: string): Promise<void>;
  document(name: string): Promise<string | undefined>;
  /** Resolves with how many rows were new; each (node, sequence) counts once, whatever is put again. */
  putExperience(rows: readonly ExperienceRow[]): Promise<number>;
  /** The number up to which all rows of a node have come; 0 for a stranger. */
  received(node: string): Promise<number>;
  /** A node has no rows before `next` any more. */
  skipTo(node: string, next: number): Promise<void>;
  size(): Promise<{ experienceRows: number; experienceBytes: number; nodes: number }>;
}
