// What the store says of itself in the journal: repairs, migrations, and when it cannot write.

import type { JournalEntry } from '../../core/journal.ts';
import type { OpenReport } from './batch.ts';
import type { WriteState } from './commit-loop.ts';
import { describeRecovery } from './recovery.ts';

const SUBJECT = 'service/store';

/** What opening the file did besides. */
export function newsOfOpening({ recovery, migratedFrom, version }: OpenReport): JournalEntry[] {
  const news: JournalEntry[] = [];
  if (recovery !== undefined) {
    const message = describeRecovery(recovery);
    news.push({ severity: 'error', kind: 'store.repaired', subject: SUBJECT, message, data: { ...recovery } });
  }
  if (migratedFrom > 0 && migratedFrom < version) {
    const message = `The store was brought from schema version ${migratedFrom} to ${version}; a backup was taken before`;
    news.push({ severity: 'info', kind: 'store.migrated', subject: SUBJECT, message });
  }
  return news;
}

/**
 * What a change of the writing state is told as, and the trouble that it means for people (undefined: none any more).
 * Undefined when there is nothing to tell.
 * @param shed rows given up since the start
 */
export function newsOfState(
  state: WriteState,
  before: WriteState,
  shed: number,
): { entry: JournalEntry; trouble: string | undefined } | undefined {
  if (state.kind === 'full') {
    const message = `The disk is full: ${state.cause}. Measurements and observations are not kept until there is space`;
    const trouble = `the disk is full: ${state.cause}`;
    return { entry: { severity: 'error', kind: 'store.full', subject: SUBJECT, message }, trouble };
  }
  if (state.kind === 'failed') {
    const message = state.cause;
    return { entry: { severity: 'error', kind: 'store.failed', subject: SUBJECT, message }, trouble: message };
  }
  if (state.kind === 'open' && (before.kind === 'full' || before.kind === 'failed')) {
    const message = `The store writes again after: ${before.cause}. Rows given up since the start: ${shed}`;
    return { entry: { severity: 'info', kind: 'store.recovered', subject: SUBJECT, message }, trouble: undefined };
  }
  return undefined;
}
