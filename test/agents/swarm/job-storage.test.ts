// What every `JobStorage` promises, tried on each.

import { describe, expect, it, onTestFinished } from 'vitest';
import type { JobEntry, JobStorage } from '../../../agents/swarm/job-storage.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { folder, openStore } from '../../daemon/store/open-store.ts';
import { Disk, MemoryStorage } from './memory-storage.ts';

const closed = (job: string, summary: string, finishedAt: number) => ({ job, summary, finishedAt });
const storages: Record<string, () => Promise<JobStorage>> = {
  'in memory': async () => {
    const clock = new VirtualClock();
    const passing = setInterval(() => clock.advance(2), 1);
    onTestFinished(() => clearInterval(passing));
    return new MemoryStorage(new Disk(), clock);
  },
  'in SQLite': async () => (await openStore(await folder())).jobs,
};

function entry(job: string, number: number, event = `{"number":${number}}`): JobEntry {
  return { job, number, event };
}

describe.each(Object.entries(storages))('jobs kept %s', (_, open) => {
  it('give back the logs of all jobs that have not ended, each in order', async () => {
    const jobs = await open();
    expect(jobs.open()).toEqual([]);
    await jobs.append([entry('b', 1), entry('a', 1), entry('b', 2)]);
    await Promise.all([jobs.append([entry('a', 2)]), jobs.append([entry('a', 3), entry('c', 1)])]);
    await jobs.append([]);
    expect(jobs.open()).toEqual([
      entry('a', 1),
      entry('a', 2),
      entry('a', 3),
      entry('b', 1),
      entry('b', 2),
      entry('c', 1),
    ]);
    expect(jobs.log('b')).toEqual([entry('b', 1), entry('b', 2)]);
    expect(jobs.log('none')).toEqual([]);
  });

  it('keep an entry once, in its first form', async () => {
    const jobs = await open();
    await jobs.append([entry('a', 1, '"first"'), entry('a', 2)]);
    await jobs.append([entry('a', 1, '"second"'), entry('a', 3), entry('a', 3, '"again"')]);
    expect(jobs.log('a')).toEqual([entry('a', 1, '"first"'), entry('a', 2), entry('a', 3)]);
  });

  it('keep texts of any kind', async () => {
    const jobs = await open();
    const events = ['', 'é🦀\u0000"\\', 'x'.repeat(100_000), '{"a":[1,null]}'];
    const entries = events.map((event, i) => entry('Jöb/1', i + 1, event));
    await jobs.append(entries);
    expect(jobs.log('Jöb/1')).toEqual(entries);
  });

  it('list ended jobs by their end, newest first, and keep their logs', async () => {
    const jobs = await open();
    await jobs.append(['a', 'b', 'c'].map((job) => entry(job, 1)));
    await jobs.append([], [closed('b', '{"b":1}', 2_000)]);
    await jobs.append([], [closed('a', '{"a":1}', 3_000.4)]);
    const [a, b] = [
      { job: 'a', summary: '{"a":1}', finishedAt: 3_000 },
      { job: 'b', summary: '{"b":1}', finishedAt: 2_000 },
    ];
    expect(jobs.closed({ limit: 10 })).toEqual([a, b]);
    expect(jobs.closed({ limit: 1 })).toEqual([a]);
    expect(jobs.closed({ before: 3_000, limit: 10 })).toEqual([b]);
    expect(jobs.open()).toEqual([entry('c', 1)]);
    expect(jobs.log('a')).toEqual([entry('a', 1)]);
    await jobs.append([], [closed('b', '{"b":2}', 4_000)]);
    expect(jobs.closed({ limit: 1 })).toEqual([{ job: 'b', summary: '{"b":2}', finishedAt: 4_000 }]);
  });

  it('let an ended job go on', async () => {
    const jobs = await open();
    await jobs.append([entry('a', 1)]);
    await jobs.append([], [closed('a', '{}', 1_000)]);
    await jobs.reopen('a');
    await jobs.append([entry('a', 2)]);
    expect(jobs.open()).toEqual([entry('a', 1), entry('a', 2)]);
    expect(jobs.closed({ limit: 10 })).toEqual([]);
    await jobs.reopen('unknown');
  });

  it('drop a log for good, after which it may begin anew', async () => {
    const jobs = await open();
    await jobs.append([entry('a', 1), entry('a', 2), entry('b', 1)]);
    await jobs.append([], [closed('a', '{}', 1_000)]);
    await jobs.drop('a');
    expect(jobs.log('a')).toEqual([]);
    expect(jobs.closed({ limit: 10 })).toEqual([]);
    await jobs.append([entry('a', 1, '"anew"')]);
    expect(jobs.open()).toEqual([entry('a', 1, '"anew"'), entry('b', 1)]);
    await jobs.drop('unknown');
  });

  it('carry out what is asked in one turn in the order it was asked', async () => {
    const jobs = await open();
    await Promise.all([
      jobs.append([entry('a', 1), entry('b', 1)]),
      jobs.append([], [closed('a', '{}', 1_000)]),
      jobs.reopen('a'),
      jobs.append([entry('a', 2)]),
      jobs.drop('b'),
      jobs.append([entry('b', 1, '"anew"')]),
    ]);
    expect(jobs.open()).toEqual([entry('a', 1), entry('a', 2), entry('b', 1, '"anew"')]);
  });

  it('answer a key with the first result put under it', async () => {
    const jobs = await open();
    expect(jobs.receipt('job/task')).toBeUndefined();
    await jobs.putReceipt('job/task', '{"ok":1}', 1_000);
    await jobs.putReceipt('job/task', '{"ok":2}', 2_000);
    expect(jobs.receipt('job/task')).toBe('{"ok":1}');
  });
});
