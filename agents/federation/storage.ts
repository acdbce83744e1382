// What a coordinator keeps so that it can be killed at any moment: rounds, updates, models, reputations, and the experience
// of the nodes. SQLite and PostgreSQL implement it; test/agents/federation/storage-compliance.ts is what both must pass.

import { ParlmeshError } from '../../core/errors.ts';
import { type ExperienceRow, flawOfExperience } from '../parl/experience-storage.ts';

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

/**
 * Everything resolves once it is on the disk, and rejects with `FEDERATION_STORE_FAILED` when it cannot be. What is over
 * `STORED_AT_MOST` is refused with `FEDERATION_STORE_REFUSED`, by all stores alike. All writes may be repeated. (When the
 * store died after the commit, a put that was repeated tells false or 0 for what it had put.)
 */
export interface FederationStorage {
  /**
   * In the place of what was known of that round. Once there are more than `STORED_AT_MOST.rounds` that have ended, the
   * oldest of these go, with their updates.
   */
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
  /** One that is there already keeps its place. */
  putModel(model: StoredModel): Promise<void>;
  model(learner: string, version: string): Promise<StoredModel | undefined>;
  /** Newest first, without their parameters. */
  models(learner: string, limit: number): Promise<Omit<StoredModel, 'parameters'>[]>;
  /** Keeps the newest `keep` models and those named. */
  dropModels(learner: string, keep: number, needed: readonly string[]): Promise<void>;
  /** A small document (under 1 MB) by name: reputations, election, accounts. */
  putDocument(name: string, value: string): Promise<void>;
  document(name: string): Promise<string | undefined>;
  /**
   * Resolves with how many rows were new; each (node, sequence) counts once, whatever is put again. What comes more than
   * `EXPERIENCE_WINDOW` numbers after the first that is missing is not taken. Bounded: what is worth least goes first.
   */
  putExperience(rows: readonly ExperienceRow[]): Promise<number>;
  /** The number up to which all rows of a node have come; 0 for a stranger. */
  received(node: string): Promise<number>;
  /** A node has no rows before `next` any more. */
  skipTo(node: string, next: number): Promise<void>;
  size(): Promise<{ experienceRows: number; experienceBytes: number; nodes: number }>;
}

/** Numbers after the first missing one that are taken: what a sender may have under way. */
export const EXPERIENCE_WINDOW = 256;

/** Characters of texts, bytes of packed numbers, and counts. */
export const STORED_AT_MOST = {
  learner: 64,
  id: 128,
  state: 4_000_000,
  header: 65_536,
  update: 16_000_000,
  lineage: 1_000_000,
  parameters: 64_000_000,
  document: 1_000_000,
  /** Ended rounds of a learner. */
  rounds: 1000,
  /** Updates of a round. */
  updates: 10_000,
  /** Models of a learner: more are refused until some are dropped. */
  models: 1000,
  documents: 4096,
  /** Rows of one put. */
  experienceRows: 4096,
  /** Rows that one question returns. */
  listed: 1000,
} as const;

type Bounded = 'learner' | 'id' | 'state' | 'header' | 'update' | 'lineage' | 'parameters' | 'document';

export const checked = {
  round({ learner, number, state }: StoredRound): void {
    requireName('The name of a learner', learner, 'learner');
    requireRound(number);
    requireAtMost(`The state of round ${number}`, state.length, 'state');
  },
  update({ learner, round, node, header, data }: StoredUpdate): void {
    requireName('The name of a learner', learner, 'learner');
    requireRound(round);
    requireName('The id of a node', node, 'id');
    requireAtMost(`The header of an update of ${node}`, header.length, 'header');
    requireAtMost(`An update of ${node}`, data.byteLength, 'update');
  },
  model({ learner, version, lineage, parameters }: StoredModel): void {
    requireName('The name of a learner', learner, 'learner');
    requireName('The version of a model', version, 'id');
    requireAtMost(`The lineage of model ${version}`, lineage.length, 'lineage');
    requireAtMost(`Model ${version}`, parameters.byteLength, 'parameters');
  },
  document(name: string, value: string): void {
    requireName('The name of a document', name, 'id');
    requireAtMost(`Document "${name}"`, value.length, 'document');
    // PostgreSQL has no such character; JSON writes it as \u0000.
    if (value.includes('\0')) throw refused(`Document "${name}" has a character of number 0`);
  },
  experience(rows: readonly ExperienceRow[]): void {
    if (rows.length > STORED_AT_MOST.experienceRows) {
      throw refused(`${rows.length} rows of experience at once; at most ${STORED_AT_MOST.experienceRows} are taken`);
    }
    for (const row of rows) requireExperience(row);
  },
  skip(node: string, next: number): void {
    requireName('The id of a node', node, 'id');
    if (!Number.isSafeInteger(next) || next < 1) throw refused(`${next} is not the number of a row`);
  },
};

function requireExperience(row: ExperienceRow): void {
  requireName('The id of a node', row.node, 'id');
  const flaw = flawOfExperience(row);
  if (flaw !== undefined) throw refused(flaw);
}

function requireRound(number: number): void {
  if (!Number.isSafeInteger(number) || number < 1 || number > 2 ** 31 - 1) {
    throw refused(`${number} is not the number of a round`);
  }
}

function requireName(what: string, text: string, bound: Bounded): void {
  requireAtMost(what, text.length, bound);
  if (text === '' || /\p{Cc}/u.test(text)) throw refused(`${what} is empty or has control characters`);
}

function requireAtMost(what: string, length: number, bound: Bounded): void {
  if (length <= STORED_AT_MOST[bound]) return;
  throw refused(`${what} is ${length} long; at most ${STORED_AT_MOST[bound]} are kept`);
}

/** What no store takes, however often it is tried. */
export function refused(message: string): ParlmeshError {
  return new ParlmeshError('FEDERATION_STORE_REFUSED', message);
}
