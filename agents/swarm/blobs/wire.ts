// What nodes say to each other about a blob: who asks names it and where to begin; the answer is a head of nine bytes,
// then the bytes themselves.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../../core/errors.ts';

export const BLOB_SERVICE = 'blob';

/** Open: a newer version adds fields. */
const BlobRequest = Type.Object({
  blob: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  offset: Type.Integer({ minimum: 0, maximum: 1e12 }),
});
export type BlobRequest = Static<typeof BlobRequest>;

/** `total`: of the whole blob, wherever the sending begins. */
export type BlobHead = { kind: 'bytes'; total: number } | { kind: 'unknown' } | { kind: 'busy' };

export const HEAD_BYTES = 9;
const KINDS = ['bytes', 'unknown', 'busy'] as const;
const MOST_HEADER = 1000;

export function requestOf(request: BlobRequest): string {
  return JSON.stringify(request);
}

/** Throws `BLOB_REQUEST_INVALID`. */
export function readRequest(header: string): BlobRequest {
  try {
    const request: unknown = header.length > MOST_HEADER ? undefined : JSON.parse(header);
    if (Value.Check(BlobRequest, request)) return request;
  } catch {
    // Told below.
  }
  throw new ParlmeshError('BLOB_REQUEST_INVALID', 'That is not a request for a blob');
}

export function headOf(head: BlobHead): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.writeUInt8(KINDS.indexOf(head.kind));
  bytes.writeBigUInt64BE(BigInt(head.kind === 'bytes' ? head.total : 0), 1);
  return bytes;
}

/** Never throws: what is not understood is taken for "busy". @param bytes at least `HEAD_BYTES` */
export function readHead(bytes: Buffer): BlobHead {
  const kind = KINDS[bytes.readUInt8()] ?? 'busy';
  return kind === 'bytes' ? { kind, total: Number(bytes.readBigUInt64BE(1)) } : { kind };
}
