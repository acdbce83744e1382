// The audit log's chain: each row's hash covers the row and the hash before it, the first one the node's id. Checkpoints
// are rows in which the node signs all rows before. Pure; works on a running node and on the file alone.

import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { AuditRow } from './audit-storage.ts';

/** Decisions of the oracle, and what came of them. */
export type AuditKind =
  | 'allowed'
  | 'denied'
  | 'approved'
  | 'approval-refused'
  | 'frozen'
  | 'unfrozen'
  | 'halted'
  | 'lifted'
  | 'granted'
  | 'revoked'
  | 'checkpoint';

export type VerifySignature = (body: Uint8Array, signature: Uint8Array) => boolean;

export interface AuditFault {
  /** Of the first row that is wrong. */
  sequence: number;
  kind: 'changed' | 'missing' | 'reordered' | 'rewritten' | 'cut-off' | 'foreign';
  /** For people. */
  message: string;
}

export interface AuditVerdict {
  ok: boolean;
  rows: number;
  checkpoints: number;
  /** Rows after the newest checkpoint: chained, but not signed yet. */
  unsigned: number;
  /** Number of the first row; more than 1 where older ones went, as `store.auditDays` says. */
  from?: number;
  /** The last good row. */
  last?: { sequence: number; hash: string; at: number };
  fault?: AuditFault;
}

/** A row that the node is known to have had, from a checkpoint that is kept elsewhere. */
export interface AuditWitness {
  sequence: number;
  hash: string;
}

const Checkpoint = Type.Object({ signature: Type.String({ maxLength: 100 }) });

/** What the first row follows on. */
export function beginningOf(node: string): string {
  return createHash('sha256').update(`parlmesh audit 1\0${node}`).digest('hex');
}

export function hashOfRow(node: string, row: Omit<AuditRow, 'hash'>): string {
  const { sequence, at, kind, actor, subject, detail, previousHash } = row;
  const canonical = JSON.stringify([node, sequence, at, kind, actor, subject, detail, previousHash]);
  return createHash('sha256').update(canonical).digest('hex');
}

/** What a checkpoint signs: the row before it, and so all rows. */
export function checkpointBody(node: string, sequence: number, hash: string): Uint8Array {
  return Buffer.from(JSON.stringify([node, sequence, hash]));
}

/** Goes through all rows in the order in which they are kept and finds the first that is not as it was written. */
export class AuditVerifier {
  readonly #node: string;
  readonly #verifySignature: VerifySignature;
  readonly #expected: ReadonlyMap<number, string>;
  readonly #verdict: AuditVerdict = { ok: true, rows: 0, checkpoints: 0, unsigned: 0 };
  #previousHash: string;
  #before = 0;

  constructor(node: string, verifySignature: VerifySignature, witnesses: readonly AuditWitness[] = []) {
    this.#node = node;
    this.#verifySignature = verifySignature;
    this.#expected = new Map(witnesses.map(({ sequence, hash }) => [sequence, hash]));
    this.#previousHash = beginningOf(node);
  }

  /** False when it is wrong: what comes after is of no account. Never throws for what the row contains. */
  take(row: AuditRow): boolean {
    const verdict = this.#verdict;
    const { sequence } = row;
    if (verdict.last === undefined && sequence > 1 && row.kind === 'checkpoint') {
      // What is older than is kept went up to a checkpoint, whose signature stands for it.
      this.#before = sequence - 1;
      this.#previousHash = row.previousHash;
    }
    const fault = this.#faultOf(row, (verdict.last?.sequence ?? this.#before) + 1);
    if (fault !== undefined) {
      verdict.ok = false;
      verdict.fault = fault;
      return false;
    }
    const isCheckpoint = row.kind === 'checkpoint';
    if (isCheckpoint) verdict.checkpoints++;
    verdict.unsigned = isCheckpoint ? 0 : verdict.unsigned + 1;
    verdict.rows++;
    verdict.from ??= sequence;
    verdict.last = { sequence, hash: row.hash, at: row.at };
    this.#previousHash = row.hash;
    return true;
  }

  /** Once there are no more rows. */
  verdict(): AuditVerdict {
    const last = this.#verdict.last?.sequence ?? 0;
    const furthest = Math.max(0, ...this.#expected.keys());
    if (!this.#verdict.ok || furthest <= last) return this.#verdict;
    const message = `rows from ${last + 1} on are gone: the node is known to have had row ${furthest}`;
    return { ...this.#verdict, ok: false, fault: { sequence: last + 1, kind: 'cut-off', message } };
  }

  #faultOf(row: AuditRow, wanted: number): AuditFault | undefined {
    const { sequence } = row;
    if (sequence < wanted) {
      return { sequence, kind: 'reordered', message: `row ${sequence} lies behind row ${wanted - 1}` };
    }
    if (sequence > wanted) {
      // The row may only lie elsewhere; either way this is the first place where the log is not as it was written.
      const message = `row ${wanted} is not where it should be: row ${sequence} comes after row ${wanted - 1}`;
      return { sequence: wanted, kind: 'missing', message };
    }
    const follows = row.previousHash === this.#previousHash;
    if (sequence === 1 && !follows) {
      return { sequence, kind: 'foreign', message: 'row 1 is not the beginning of the log of this node' };
    }
    if (hashOfRow(this.#node, row) !== row.hash) {
      return { sequence, kind: 'changed', message: `row ${sequence} is not as it was written` };
    }
    if (!follows) {
      return { sequence, kind: 'rewritten', message: `row ${sequence} does not follow on row ${sequence - 1}` };
    }
    if ((this.#expected.get(sequence) ?? row.hash) !== row.hash) {
      return { sequence, kind: 'rewritten', message: `row ${sequence} is not the one that was vouched for elsewhere` };
    }
    if (row.kind === 'checkpoint' && !isGenuine(this.#node, row, this.#verifySignature)) {
      const message = `checkpoint ${sequence} was not signed by this node for these rows: some before it were rewritten`;
      return { sequence, kind: 'rewritten', message };
    }
    return undefined;
  }
}

export function verifyAudit(
  node: string,
  rows: Iterable<AuditRow>,
  verifySignature: VerifySignature,
  witnesses: readonly AuditWitness[] = [],
): AuditVerdict {
  const verifier = new AuditVerifier(node, verifySignature, witnesses);
  for (const row of rows) if (!verifier.take(row)) break;
  return verifier.verdict();
}

function isGenuine(node: string, row: AuditRow, verifySignature: VerifySignature): boolean {
  try {
    const detail: unknown = JSON.parse(row.detail);
    if (!Value.Check(Checkpoint, detail)) return false;
    const body = checkpointBody(node, row.sequence - 1, row.previousHash);
    return verifySignature(body, Buffer.from(detail.signature, 'base64'));
  } catch {
    return false;
  }
}
