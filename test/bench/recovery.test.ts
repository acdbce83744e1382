import { describe, expect, it } from 'vitest';
import type { JobDetailView, TaskView } from '../../agents/swarm/job-view.ts';
import { damageOf, runningOn } from '../../bench/recovery/damage.ts';

const node = (id: string) => ({ id, name: id });
const task = (id: string, more: Partial<TaskView>): TaskView => ({
  ...{ id, kind: 'wait', state: 'running', needs: [], expectedSeconds: 2, critical: false, attempts: [], log: [] },
  ...more,
});
const attempt = (at: string, startedAt: number | undefined): TaskView['attempts'][number] => ({
  ...{ number: 1, node: node(at), placedAt: 900, outcome: 'running', why: '' },
  ...(startedAt !== undefined && { startedAt }),
});
const job = (tasks: TaskView[]): JobDetailView => ({
  ...{ id: 'j', name: 'j', state: 'running', priority: 5, submittedAt: 0, submittedBy: '', home: node('a') },
  ...{ counts: { waiting: 0, ready: 0, running: 0, succeeded: 0, failed: 0, 'set-aside': 0, cancelled: 0 } },
  ...{ scheduler: 'heft', tasks },
  figures: {
    ...{ seconds: 0, workSeconds: 0, criticalSeconds: 0, steps: 0, criticalSteps: 0, mostParallel: 0 },
    ...{ speedUp: 1, bound: 1 },
  },
});

describe('What a fault costs', () => {
  const before = job([
    task('here', { attempts: [attempt('b', 1000)] }),
    task('also', { attempts: [attempt('b', 1200)] }),
    task('queued', { attempts: [attempt('b', undefined)] }),
    task('elsewhere', { attempts: [attempt('c', 1000)] }),
    task('over', { state: 'succeeded', startedAt: 950, attempts: [attempt('b', 950)] }),
  ]);

  it('hits the tasks that run on the node', () => {
    expect(runningOn(before, 'b')).toEqual([
      { id: 'here', startedAt: 1000 },
      { id: 'also', startedAt: 1200 },
    ]);
  });

  it('is the time until the last of them runs again, and what had been done on those that do', () => {
    const after = job([
      task('here', { startedAt: 1800 }),
      task('also', { startedAt: 1900 }),
      task('elsewhere', { startedAt: 1000 }),
    ]);
    const damage = damageOf(runningOn(before, 'b'), 1500, after);
    expect(damage).toMatchObject({ tasks: 2, resumed: 0.4, work: 6 });
    expect(damage!.repeated).toBeCloseTo(0.8);
  });

  it('is none where all had ended by then', () => {
    const after = job([task('here', { startedAt: 1000 }), task('also', { startedAt: 1200 })]);
    expect(damageOf(runningOn(before, 'b'), 1500, after)).toBeUndefined();
  });
});
