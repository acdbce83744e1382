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

/**
 * Goes through all rows in the order in which they are kept and names the first that is not as it was written. Never
 * throws for what rows contain.
 */
export function verifyAudit(
  node: string,
  rows: Iterable<AuditRow>,
  verifySignature: VerifySignature,
  witnesses: readonly AuditWitness[] = [],
): AuditVerdict {
  const expected = new Map(witnesses.map(({ sequence, hash }) => [sequence, hash]));
  let previousHash = beginningOf(node);
  let before = 0;
  const verdict: AuditVerdict = { ok: true, rows: 0, checkpoints: 0, unsigned: 0 };
  const bad = (sequence: number, kind: AuditFault['kind'], message: string): AuditVerdict => ({
    ...verdict,
    ok: false,
    fault: { sequence, kind, message },
  });
  for (const row of rows) {
    const { sequence } = row;
    if (verdict.last === undefined && sequence > 1 && row.kind === 'checkpoint') {
      // What is older than is kept went up to a checkpoint, whose signature stands for it.
      before = sequence - 1;
      previousHash = row.previousHash;
    }
    const wanted = (verdict.last?.sequence ?? before) + 1;
    if (sequence < wanted) return bad(sequence, 'reordered', `row ${sequence} lies behind row ${wanted - 1}`);
    if (sequence > wanted) {
      // The row may only lie elsewhere; either way this is the first place where the log is not as it was written.
      return bad(
        wanted,
        'missing',
        `row ${wanted} is not where it should be: row ${sequence} comes after row ${wanted - 1}`,
      );
    }
    if (hashOfRow(node, row) !== row.hash) {
      const kind = sequence === 1 && row.previousHash !== previousHash ? 'foreign' : 'changed';
      const what = kind === 'foreign' ? 'is not the beginning of the log of this node' : 'is not as it was written';
      return bad(sequence, kind, `row ${sequence} ${what}`);
    }
    if (row.previousHash !== previousHash) {
      const kind = sequence === 1 ? 'foreign' : 'rewritten';
      const what =
        sequence === 1 ? 'is not the beginning of the log of this node' : `does not follow on row ${sequence - 1}`;
      return bad(sequence, kind, `row ${sequence} ${what}`);
    }
    const witness = expected.get(sequence);
    if (witness !== undefined && witness !== row.hash) {
      return bad(sequence, 'rewritten', `row ${sequence} is not the one that was vouched for elsewhere`);
    }
    if (row.kind === 'checkpoint') {
      if (!isGenuine(node, row, verifySignature)) {
        return bad(
          sequence,
          'rewritten',
          `checkpoint ${sequence} was not signed by this node for these rows: rows before it were rewritten`,
        );
      }
      verdict.checkpoints++;
      verdict.unsigned = 0;
    } else {
      verdict.unsigned++;
    }
    verdict.rows++;
    verdict.from ??= sequence;
    verdict.last = { sequence, hash: row.hash, at: row.at };
    previousHash = row.hash;
  }
  const last = verdict.last?.sequence ?? 0;
  const furthest = Math.max(0, ...expected.keys());
  if (furthest > last) {
    return bad(last + 1, 'cut-off', `rows from ${last + 1} on are gone: the node is known to have had row ${furthest}`);
  }
  return verdict;
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
