// What two tables of states are compared by, as it goes over the wire: the sums of all buckets, then the states of those
// that differ. Pure; the decoders return undefined for what is malformed and never throw.

import type { Millis } from '../../core/clock.ts';
import { BUCKETS, type Fingerprint, type Slot } from './fingerprint.ts';

/** What somebody else has, as far as its digest tells. */
export interface Digest {
  buckets: Int32Array;
  /** One bit a bucket. */
  settled: Uint8Array;
}

/** From here on a difference is a loss: what is flooded reaches everybody sooner. */
export const SETTLING: Millis = 300;
/** Bytes of one state in a list. */
export const STATE_BYTES = 16;
/** Bytes of a list in one message; a list goes on in the next. */
export const MOST_LIST_BYTES = 48 * 1024;

export function packDigest(fingerprint: Fingerprint, now: Millis): { buckets: Uint8Array; settled: Uint8Array } {
  const buckets = new Uint8Array(4 * BUCKETS);
  const settled = new Uint8Array(BUCKETS / 8);
  const view = new DataView(buckets.buffer);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    view.setInt32(4 * bucket, fingerprint.buckets[bucket]!, true);
    if (fingerprint.isSettled(bucket, now, SETTLING)) settled[bucket >>> 3]! |= 1 << (bucket & 7);
  }
  return { buckets, settled };
}

export function unpackDigest(packed: { buckets: Uint8Array; settled: Uint8Array }): Digest | undefined {
  if (packed.buckets.length !== 4 * BUCKETS || packed.settled.length !== BUCKETS / 8) return undefined;
  const view = viewOf(packed.buckets);
  const buckets = Int32Array.from({ length: BUCKETS }, (_, bucket) => view.getInt32(4 * bucket, true));
  return { buckets, settled: Uint8Array.from(packed.settled) };
}

/** The buckets in which two tables differ. @param all also those that changed lately */
export function differing(mine: Fingerprint, theirs: Digest, now: Millis, all: boolean): number[] {
  const different: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (mine.buckets[bucket] === theirs.buckets[bucket]) continue;
    const isSettled = ((theirs.settled[bucket >>> 3]! >>> (bucket & 7)) & 1) === 1;
    if (all || (isSettled && mine.isSettled(bucket, now, SETTLING))) different.push(bucket);
  }
  return different;
}

export function packStates(states: readonly { slot: Slot; sequence: number }[]): Uint8Array {
  const bytes = new Uint8Array(STATE_BYTES * states.length);
  const view = new DataView(bytes.buffer);
  for (const [at, { slot, sequence }] of states.entries()) {
    setNumber(view, STATE_BYTES * at, slot);
    setNumber(view, STATE_BYTES * at + 8, sequence);
  }
  return bytes;
}

export function unpackStates(bytes: Uint8Array): Map<Slot, number> | undefined {
  if (bytes.length % STATE_BYTES !== 0 || bytes.length > MOST_LIST_BYTES) return undefined;
  const view = viewOf(bytes);
  const states = new Map<Slot, number>();
  for (let at = 0; at < bytes.length; at += STATE_BYTES) {
    const slot = numberAt(view, at);
    const sequence = numberAt(view, at + 8);
    if (slot === undefined || sequence === undefined) return undefined;
    states.set(slot, sequence);
  }
  return states;
}

export function packSlots(slots: readonly Slot[]): Uint8Array {
  const bytes = new Uint8Array(8 * slots.length);
  const view = new DataView(bytes.buffer);
  for (const [at, slot] of slots.entries()) setNumber(view, 8 * at, slot);
  return bytes;
}

export function unpackSlots(bytes: Uint8Array): Set<Slot> | undefined {
  if (bytes.length % 8 !== 0 || bytes.length > MOST_LIST_BYTES) return undefined;
  const view = viewOf(bytes);
  const slots = new Set<Slot>();
  for (let at = 0; at < bytes.length; at += 8) {
    const slot = numberAt(view, at);
    if (slot === undefined) return undefined;
    slots.add(slot);
  }
  return slots;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function setNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** Undefined beyond what a number holds exactly. */
function numberAt(view: DataView, at: number): number | undefined {
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : undefined;
}
