import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobEntry } from '../../../agents/swarm/job-storage.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { openWritable } from '../../../daemon/store/database.ts';
import { jobWriter, removeAfterGaps } from '../../../daemon/store/jobs.ts';
import { migrate } from '../../../daemon/store/migrations.ts';
import { retainStep } from '../../../daemon/store/retention.ts';
import { newStore, storeConfig } from './new-store.ts';
import { folder, openStore } from './open-store.ts';

const DAY = 86_400_000;
const KEPT = { keepDays: 30, auditDays: 365, snapshots: { keepDays: 7, maxBytes: 0 } };

function entries(job: string, count: number, event = '{}'): JobEntry[] {
  return Array.from({ length: count }, (_, i) => ({ job, number: i + 1, event }));
}

/** A store's file without a store. */
async function bare() {
  const dataDir = await folder();
  const db = openWritable(join(dataDir, 'parlmesh.db'));
  migrate(db);
  const write = jobWriter(db);
  const append = (list: JobEntry[]) =>
    write({ kind: 'append', rows: list.flatMap(({ job, number, event }) => [job, number, event]), closed: [] });
  const count = (table: string): number => Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
  const retain = (now: number, maxBytes = 1e9): number => {
    let steps = 0;
    for (let more = true; more; steps++) ({ more } = retainStep(db, dataDir, { ...KEPT, maxBytes }, now));
    return steps;
  };
  return { db, dataDir, write, append, count, retain };
}

describe('jobs in the store', () => {
  it('are found after a restart, counted, and in a backup', async () => {
    const dataDir = await folder();
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    await store.jobs.append([...entries('open', 3), ...entries('ended', 2)]);
    await store.jobs.append([], [{ job: 'ended', summary: '{"state":"succeeded"}', finishedAt: 5_000 }]);
    await store.jobs.putReceipt('key', '{}', 1);
    expect(store.status().rows).toMatchObject({ job_entries: 5, ended_jobs: 1, receipts: 1 });
    const { file } = await store.backup();
    await store.jobs.append(entries('later', 1));
    await store.jobs.drop('ended');
    expect(store.status().rows).toMatchObject({ job_entries: 4, ended_jobs: 0 });
    await store.stop();

    const again = await openStore(dataDir);
    expect(again.status().rows).toMatchObject({ job_entries: 4, ended_jobs: 0, receipts: 1 });
    expect(again.jobs.open()).toEqual([...entries('later', 1), ...entries('open', 3)]);
    expect(again.jobs.receipt('key')).toBe('{}');
    await again.restore(file);
    expect(again.jobs.open()).toEqual(entries('open', 3));
    expect(again.jobs.closed({ limit: 1 })).toEqual([
      { job: 'ended', summary: '{"state":"succeeded"}', finishedAt: 5_000 },
    ]);
  });

  it('take fifty thousand entries of a hundred jobs at once, in one or few commits', async () => {
    const store = await openStore(await folder());
    const event = JSON.stringify({ kind: 'placed', why: 'x'.repeat(250) });
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.jobs.append(entries(`job ${i}`, 500, event))));
    expect(store.status().rows.job_entries).toBe(50_000);
    expect(store.jobs.log('job 99')).toHaveLength(500);
  });

  it('refuse what is too large, and say what to do', async () => {
    const store = await openStore(await folder());
    const huge = store.jobs.append(entries('huge', 17, 'x'.repeat(1_000_000)));
    await expect(huge).rejects.toMatchObject({ code: 'STORE_REFUSED', hint: expect.stringContaining('blobs') });
    await expect(store.jobs.append(entries('j'.repeat(300), 1))).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    expect(store.jobs.open()).toEqual([]);
  });

  it('cannot be read before the start', () => {
    expect(() => newStore('/nowhere').jobs.open()).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }));
  });
});

describe('retention of jobs', () => {
  it('removes ended jobs after thirty days and receipts after one, never open jobs', async () => {
    const clock = new VirtualClock();
    const store = await openStore(await folder(), { clock });
    await store.jobs.append([...entries('open', 3), ...entries('old', 2_500), ...entries('new', 3)]);
    await store.jobs.append([], [{ job: 'old', summary: '{}', finishedAt: clock.wall() }]);
    await store.jobs.putReceipt('old', '{}', clock.wall());
    clock.advance(2 * DAY);
    await store.jobs.append([], [{ job: 'new', summary: '{}', finishedAt: clock.wall() }]);
    await store.jobs.putReceipt('new', '{}', clock.wall());
    const step = (): unknown => {
      clock.advance(600_000);
      return store.status().rows;
    };
    await expect.poll(step, { timeout: 10_000 }).toMatchObject({ job_entries: 2_506, ended_jobs: 2, receipts: 1 });
    expect(store.jobs.receipt('new')).toBe('{}');
    clock.advance(29 * DAY);
    await expect.poll(step, { timeout: 10_000 }).toMatchObject({ job_entries: 6, ended_jobs: 1, receipts: 0 });
    expect(store.jobs.closed({ limit: 10 }).map(({ job }) => job)).toEqual(['new']);
    expect(store.jobs.open()).toEqual(entries('open', 3));
  });

  it('does not wait for its turn when the file is far too large', async () => {
    const clock = new VirtualClock();
    const config = { ...storeConfig, maxBytes: 1_000_000 };
    const store = await openStore(await folder(), { clock, config });
    // The first turn of retention is over before there is anything to remove.
    clock.advance(60_000);
    await store.checkpoint();
    await store.jobs.append(entries('ended', 4_000, 'x'.repeat(500)));
    await store.jobs.append([], [{ job: 'ended', summary: '{}', finishedAt: clock.wall() }]);
    clock.advance(60_000);
    const step = (): unknown => {
      clock.advance(20);
      return store.status().rows;
    };
    await expect.poll(step, { timeout: 10_000 }).toMatchObject({ ended_jobs: 0, job_entries: 0 });
    expect(clock.now()).toBeLessThan(5 * 60_000);
  });

  it('removes a large job in steps, in which it stays ended and is shown to nobody', async () => {
    const { dataDir, db, write, append, count } = await bare();
    append(entries('large', 2_500));
    write({ kind: 'append', rows: [], closed: [{ job: 'large', summary: '{}', finishedAt: 1 }] });
    const step = () => retainStep(db, dataDir, { ...KEPT, maxBytes: 1e9 }, 31 * DAY);
    expect(step()).toMatchObject({ removed: { job_entries: 1000, ended_jobs: 0 }, more: true });
    write({ kind: 'reopen', job: 'large' });
    write({ kind: 'append', rows: [], closed: [{ job: 'large', summary: '{}', finishedAt: 99 * DAY }] });
    expect(step()).toMatchObject({ removed: { job_entries: 1000, ended_jobs: 0 } });
    expect(step()).toMatchObject({ removed: { job_entries: 500, ended_jobs: 1 } });
    expect([count('job_entries'), count('ended_jobs')]).toEqual([0, 0]);
    db.close();
  });

  it('keeps at most ten thousand ended jobs', async () => {
    const { db, write, count, retain } = await bare();
    db.transaction(() => {
      for (let i = 0; i < 10_020; i++)
        write({ kind: 'append', rows: [], closed: [{ job: `j${i}`, summary: '{}', finishedAt: i }] });
    })();
    retain(DAY);
    expect(count('ended_jobs')).toBe(10_000);
    expect(db.prepare('SELECT min(finished_at) FROM ended_jobs').pluck().get()).toBe(20);
    db.close();
  });

  it('makes room of the oldest ended jobs when the file is too large, and of other history when only open ones are left', async () => {
    const { db, write, append, count, retain } = await bare();
    const event = 'x'.repeat(300);
    db.transaction(() => {
      append(entries('open', 4_000, event));
      for (let i = 0; i < 10; i++) {
        append(entries(`j${i}`, 1_000, event));
        write({ kind: 'append', rows: [], closed: [{ job: `j${i}`, summary: '{}', finishedAt: i }] });
      }
      for (let i = 0; i < 2_000; i++) write({ kind: 'receipt', key: `${i}`, result: 'x'.repeat(100), at: i });
    })();
    const used = (): number =>
      (Number(db.pragma('page_count', { simple: true })) - Number(db.pragma('freelist_count', { simple: true }))) *
      4096;
    retain(1000, used() * 0.7);
    const ended = db.prepare<[], string>('SELECT job FROM ended_jobs ORDER BY finished_at').pluck().all();
    expect(ended.length).toBeGreaterThan(2);
    expect(ended.length).toBeLessThan(7);
    expect(ended.at(-1)).toBe('j9');
    expect(count('receipts')).toBe(2_000);
    retain(1000, 100_000);
    expect(count('ended_jobs')).toBe(0);
    expect(count('job_entries')).toBe(4_000);
    expect(count('receipts')).toBe(0);
    db.close();
  });
});

describe('a repaired log', () => {
  it('ends where an entry is missing, so that the next ones take the numbers behind it', async () => {
    const { db, append } = await bare();
    append([...entries('whole', 5), ...entries('gap', 6), ...entries('headless', 3)]);
    db.exec("DELETE FROM job_entries WHERE (job = 'gap' AND number = 4) OR (job = 'headless' AND number = 1)");
    expect(removeAfterGaps(db)).toBe(4);
    const left = db.prepare<[], string>('SELECT job || number FROM job_entries ORDER BY job, number').pluck().all();
    expect(left).toEqual(['gap1', 'gap2', 'gap3', 'whole1', 'whole2', 'whole3', 'whole4', 'whole5']);
    db.close();
  });
});
