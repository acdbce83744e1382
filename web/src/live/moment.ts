// The moment in which routes just changed: what moved, for as long as somebody needs to see it.

import { signal } from '@preact/signals';
import type { RouteChangeView } from '../../../daemon/view/route-schema.ts';

/** The changes of the newest moment while it is news; the map draws them. */
export const moment = signal<readonly RouteChangeView[]>([]);

const NEWS_FOR_MS = 15_000;
/** Changes of one failure come within this time: routes follow what other nodes tell of it, too. */
const TOGETHER_MS = 1_000;

let newest: number | undefined;
let over: ReturnType<typeof setTimeout> | undefined;

/** @param changes the newest, newest first. The first call only says what is no news. */
export function noticeChanges(changes: readonly RouteChangeView[]): void {
  const before = newest;
  newest = changes[0]?.id ?? 0;
  if (before === undefined || newest === before) return;
  const together = changesTogether(changes);
  moment.value = together.filter(({ kind }) => kind !== 'added').length > 0 ? together : [];
  clearTimeout(over);
  over = setTimeout(() => {
    moment.value = [];
  }, NEWS_FOR_MS);
}

/** The newest change and those of the same moment. */
export function changesTogether(changes: readonly RouteChangeView[]): RouteChangeView[] {
  const [first] = changes;
  if (first === undefined) return [];
  const times = new Map<string, RouteChangeView>();
  // Of a route that moved twice the newest counts.
  for (const change of changes) {
    if (first.at - change.at <= TOGETHER_MS && !times.has(change.destination)) times.set(change.destination, change);
  }
  return [...times.values()];
}
