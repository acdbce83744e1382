// A regional aggregate in the store of the coordinator: its members' rows hold their own signed headers, one of them the
// aggregate with its evidence, the others whose row that is. So rounds count nodes, however their updates came.

import { Type } from 'typebox';
import { frameOf, readJson, sha256 } from '../messages.ts';
import { Evidence } from './messages.ts';

const MAGIC = Buffer.from('parlregn');
const CARRIER = 0;
const CARRIED = 1;
/** Characters of evidence: 128 members, each with what it signed. */
export const MOST_EVIDENCE = 2_000_000;

export interface RegionalAggregate {
  evidence: Evidence;
  /** Packed as `evidence.codec` says. */
  packed: Uint8Array;
}

export type RegionalRow = { kind: 'aggregate'; aggregate: RegionalAggregate } | { kind: 'in'; carrier: string };

/** Evidence and aggregate as they travel: a frame, longer than any that is one message. */
export function writeAggregate({ evidence, packed }: RegionalAggregate): Uint8Array {
  return frameOf(evidence, packed);
}

/** Undefined for what no version of this writes. Never throws. */
export function readAggregate(bytes: Uint8Array): RegionalAggregate | undefined {
  if (bytes.length < 4) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = view.readUInt32BE(0);
  if (4 + length > bytes.length) return undefined;
  const evidence = readJson(Evidence, view.subarray(4, 4 + length), MOST_EVIDENCE);
  return evidence && { evidence, packed: bytes.subarray(4 + length) };
}

export function writeRow(row: RegionalRow): Uint8Array {
  if (row.kind === 'in') return Buffer.concat([MAGIC, Buffer.of(CARRIED), Buffer.from(JSON.stringify(row.carrier))]);
  return Buffer.concat([MAGIC, Buffer.of(CARRIER), writeAggregate(row.aggregate)]);
}

/**
 * Undefined for an update that its node sent itself: whatever a node sends has the digest that it signed, and what came
 * through a head has not. Never throws.
 */
export function readRow(data: Uint8Array, digest: string): RegionalRow | undefined {
  if (data.length <= MAGIC.length || !MAGIC.equals(data.subarray(0, MAGIC.length))) return undefined;
  if (sha256(data) === digest) return undefined;
  const rest = data.subarray(MAGIC.length + 1);
  if (data[MAGIC.length] === CARRIED) {
    const carrier = readJson(Type.String({ maxLength: 128 }), rest);
    return carrier === undefined ? undefined : { kind: 'in', carrier };
  }
  const aggregate = readAggregate(rest);
  return aggregate === undefined ? undefined : { kind: 'aggregate', aggregate };
}
