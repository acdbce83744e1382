// What the learner asks of the store: experience of this node and, on a coordinator, of others. A row is a batch of
// decisions, packed; nothing here knows what is in it. Reads show all that has been acknowledged.

/** Bytes of one row at most. */
export const MOST_EXPERIENCE_BYTES = 262_144;

export interface ExperienceRow {
  /** Id of the node that lived it. */
  node: string;
  /** Of that node's rows: from 1, without gaps. */
  sequence: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Of the policy that decided. */
  version: number;
  /** Greater is learned from more often, and kept longer. */
  priority: number;
  /** How many decisions are in `data`. */
  decisions: number;
  data: Uint8Array;
}

/** Why a row is not kept, by any store; undefined for one that is. */
export function flawOfExperience({ node, sequence, at, version, priority, decisions, data }: ExperienceRow) {
  const named = `Experience ${sequence} of ${node}`;
  const integers = [sequence, version, decisions];
  if (!integers.every((value) => Number.isSafeInteger(value) && value >= 0) || sequence < 1) {
    return `${named}: its numbers are not whole and positive`;
  }
  if (!Number.isFinite(at) || !Number.isFinite(priority)) return `${named}: its time or priority is not finite`;
  if (data.byteLength <= MOST_EXPERIENCE_BYTES) return undefined;
  return `${named} has ${data.byteLength} bytes; at most ${MOST_EXPERIENCE_BYTES} fit`;
}

/** With its number in this store, which grows with every row that is put. */
export interface StoredExperienceRow extends ExperienceRow {
  id: number;
}

export interface ExperienceStorage {
  /**
   * Resolves with how many were new, once all are on the disk. A row counts once, whatever is put again, also when it has
   * been removed since. What comes more than 256 numbers after the first that is missing is not taken: it will be sent
   * again. (When the writer died after the commit, a put that was repeated tells 0 for what it had put.)
   */
  put(rows: readonly ExperienceRow[]): Promise<number>;
  /** The number up to which all rows of a node have come; 0 for a stranger. What the sender is told. */
  received(node: string): number;
  /** A node has no rows before `next` any more, so that they are not waited for. */
  skipTo(node: string, next: number): Promise<void>;
  /** Rows after `id` in the order they came: at most `limit`, 1000 and 32 MB. */
  after(id: number, limit: number, node?: string): StoredExperienceRow[];
  /** Greatest priority first: at most `limit`, 1000 and 32 MB. */
  highestPriority(limit: number): StoredExperienceRow[];
  /** Ids that are gone are left out. */
  setPriorities(priorities: readonly { id: number; priority: number }[]): Promise<void>;
  /** `receiver` has all rows of `node` up to `sequence`: they may go when room is needed. */
  acknowledge(receiver: string, node: string, sequence: number): Promise<void>;
  /** Up to which number `receiver` has the rows of `node`; 0 when it has none. */
  acknowledged(receiver: string, node: string): number;
  /** What is kept now. */
  size(): { rows: number; bytes: number };
}
