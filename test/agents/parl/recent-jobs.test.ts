import { describe, expect, it } from 'vitest';
import { type RecentJob, RecentJobs, recentJob } from '../../../agents/parl/recent-jobs.ts';
import type { JobDetailView, TaskView } from '../../../agents/swarm/job-view.ts';

const node = { id: 'fast', name: 'pi-5' };
const task = (id: string, needs: string[], seconds: number): TaskView => ({
  ...{ id, kind: 'wait', state: 'succeeded', needs, expectedSeconds: 99, critical: false, log: [] },
  attempts: [
    { number: 1, node, placedAt: 0, startedAt: 0, endedAt: 5, outcome: 'lost', why: '' },
    { number: 2, node, placedAt: 1000, startedAt: 1000, endedAt: 1000 + seconds * 1000, outcome: 'succeeded', why: '' },
  ],
});
const detail = (tasks: TaskView[]): JobDetailView => ({
  ...{ id: 'j1', name: 'one', state: 'succeeded', priority: 5, submittedAt: 1000, finishedAt: 9000, submittedBy: 'x' },
  ...{
    home: node,
    counts: { waiting: 0, ready: 0, running: 0, succeeded: 3, failed: 0, 'set-aside': 0, cancelled: 0 },
    scheduler: 'heft',
    tasks,
  },
  figures: {
    ...{ seconds: 8, workSeconds: 0, criticalSeconds: 0, steps: 0, criticalSteps: 0 },
    ...{ mostParallel: 0, speedUp: 0, bound: 0 },
  },
});
const job = (at: number, tasks: number, seconds = 1): RecentJob => ({
  ...{ id: `j${at}`, submittedAt: at * 1000, finishedAt: at * 1000 + 5000 },
  tasks: Array.from({ length: tasks }, () => ({ needs: [], seconds })),
});

describe('recent jobs', () => {
  it('hold how long the attempt that counts took, as a board of speed 1 would have', () => {
    const kept = recentJob(detail([task('a', [], 2), task('b', ['a'], 3)]), () => 4);
    expect(kept?.tasks).toEqual([
      { needs: [], seconds: 8 },
      { needs: [0], seconds: 12 },
    ]);
  });

  it('are those that succeeded', () => {
    expect(recentJob({ ...detail([]), state: 'failed' }, () => 1)).toBeUndefined();
  });

  it('forget the oldest beyond their bounds', () => {
    const recent = new RecentJobs();
    for (let at = 0; at < 200; at++) recent.add(job(at, 2));
    expect(recent.count).toBe(128);
    recent.add(job(300, 19_990));
    expect(recent.count).toBe(6);
    recent.add(job(400, 20_001));
    expect(recent.count).toBe(6);
  });

  it('tell how busy the network was with them', () => {
    const recent = new RecentJobs();
    expect(recent.load(4)).toBeUndefined();
    for (let at = 0; at < 10; at++) recent.add(job(at, 2, 3));
    // 60 seconds of work within 14 seconds on 6 seconds' worth of capacity a second.
    expect(recent.load(6)).toBeCloseTo(60 / (14 * 6));
  });

  it('outlive a restart, and a document that is none is left aside', () => {
    const recent = new RecentJobs();
    recent.add(job(1, 3));
    expect(new RecentJobs(JSON.parse(JSON.stringify(recent.document()))).graphs()).toEqual(recent.graphs());
    for (const broken of [undefined, 7, [{ id: 'x' }], { jobs: [] }]) expect(new RecentJobs(broken).count).toBe(0);
  });
});
