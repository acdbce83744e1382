// The states of some buckets, in lists that each fit into one message; no bucket is split between two.

import { MOST_LIST_BYTES, STATE_BYTES } from './digest.ts';
import { bucketOf } from './fingerprint.ts';
import type { SlotEntry } from './state-table.ts';

export interface StateList {
  buckets: number[];
  states: SlotEntry[];
}

/** @param entries those in the buckets, or more */
export function* listsOf(entries: Iterable<SlotEntry>, buckets: Iterable<number>): Iterable<StateList> {
  const perBucket = new Map<number, SlotEntry[]>();
  for (const bucket of buckets) perBucket.set(bucket, []);
  for (const entry of entries) {
    if (entry.live) perBucket.get(bucketOf(entry.slot))?.push(entry);
  }
  let list: StateList = { buckets: [], states: [] };
  for (const [bucket, states] of perBucket) {
    if (list.buckets.length > 0 && STATE_BYTES * (list.states.length + states.length) > MOST_LIST_BYTES) {
      yield list;
      list = { buckets: [], states: [] };
    }
    list.buckets.push(bucket);
    list.states.push(...states);
  }
  if (list.buckets.length > 0) yield list;
}
