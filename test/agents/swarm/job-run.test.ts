import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobEvent, Submitted } from '../../../agents/swarm/job-event.ts';
import { JobRun } from '../../../agents/swarm/job-run.ts';

const submitted = (tasks: Submitted['spec']['tasks']): Submitted => ({
  ...{ kind: 'submitted', by: 'tester', at: 1000, home: 'a', retries: 1 },
  spec: { name: 'job', tasks },
  seconds: tasks.map(() => 1),
});
const task = (id: string, needs: string[] = []) => ({ id, kind: 'wait', needs });
const where = { node: 'n1', placedAt: 1000, log: [], why: 'it was free' };
const finished = (index: number, seconds = 1, attempt = 1): JobEvent => ({
  ...{
    kind: 'finished',
    task: index,
    attempt,
    startedAt: 2000,
    endedAt: 2000 + seconds * 1000,
    result: index,
    ...where,
  },
});
const failed = (index: number, attempt: number, more: object = {}): JobEvent => ({
  ...{ kind: 'failed', task: index, attempt, startedAt: 2000, endedAt: 3000, outcome: 'failed', cause: 'no luck' },
  ...where,
  ...more,
});

describe('A job as its events tell it', () => {
  it('makes tasks ready as what they need succeeds, and ends with the last', () => {
    const run = JobRun.of('j', [submitted([task('a'), task('b', ['a']), task('c', ['a', 'b'])])]);
    expect(run.tasks.map(({ state }) => state)).toEqual(['ready', 'waiting', 'waiting']);
    expect(run.apply(finished(0, 2))).toEqual([1]);
    expect(run.apply(finished(1, 3))).toEqual([2]);
    expect(run.state).toBe('running');
    run.apply(finished(2, 1));
    expect(run).toMatchObject({ state: 'succeeded', workSeconds: 6, critical: { seconds: 6, steps: 3 }, tasksLeft: 0 });
  });

  it('counts a result once, however often and from whomever it comes', () => {
    const run = JobRun.of('j', [submitted([task('a')])]);
    run.apply(finished(0));
    expect(run.apply({ ...finished(0), node: 'n2' } as JobEvent)).toBeUndefined();
    expect(run.tasks[0]!.attempts).toHaveLength(1);
  });

  it('fails when retries are used up, forsakes what needs the task, and goes on with the rest', () => {
    const run = JobRun.of('j', [submitted([task('a'), task('b', ['a']), task('c')])]);
    run.apply(failed(0, 1));
    expect(run.tasks[0]).toMatchObject({ state: 'ready', failures: 1, failedOn: ['n1'] });
    run.apply(failed(0, 2));
    expect(run.tasks.map(({ state }) => state)).toEqual(['failed', 'cancelled', 'ready']);
    expect(run.state).toBe('running');
    run.apply(finished(2));
    expect(run).toMatchObject({ state: 'failed', cause: 'Task "a" failed: no luck' });
    expect(run.apply({ kind: 'retried', at: 9000, by: 'tester' })).toEqual([0]);
    expect(run.tasks.map(({ state }) => state)).toEqual(['ready', 'waiting', 'succeeded']);
  });

  it('sets a task aside that three nodes died of, but blames none that was only cut off, and no task that had not begun', () => {
    const lost = (attempt: number, node: string, more: object = {}) =>
      failed(0, attempt, { outcome: 'lost', node, ...more });
    const run = JobRun.of('j', [submitted([task('a')])]);
    run.apply(lost(1, 'n1', { startedAt: undefined }));
    run.apply(lost(2, 'n2'));
    run.apply(lost(3, 'n3'));
    run.apply({ kind: 'came-back', at: 4000, node: 'n3' });
    run.apply(lost(4, 'n4'));
    expect(run.tasks[0]).toMatchObject({ state: 'ready', failures: 0, diedOf: ['n2', 'n4'] });
    run.apply(lost(5, 'n5'));
    expect(run.tasks[0]!.state).toBe('set-aside');
    expect(run.cause).toBe('Task "a" failed: 3 nodes died while they worked on it');
  });

  it('comes to the same totals whatever the order and repetition of events', () => {
    const event = fc.oneof(
      fc.record({ index: fc.nat(5), seconds: fc.nat(9) }).map(({ index, seconds }) => finished(index, seconds)),
      fc
        .record({ index: fc.nat(5), attempt: fc.integer({ min: 1, max: 4 }) })
        .map(({ index, attempt }) => failed(index, attempt)),
      fc.constantFrom<JobEvent>({ kind: 'retried', at: 5000, by: 'x' }, { kind: 'cancelled', at: 5000, by: 'x' }),
    );
    const tasks = [
      task('a'),
      task('b'),
      task('c', ['a']),
      task('d', ['a', 'b']),
      task('e', ['c']),
      task('f', ['e', 'd']),
    ];
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const run = JobRun.of('j', [submitted(tasks), ...events]);
        const count = (state: string): number => run.tasks.filter((one) => one.state === state).length;
        for (const state of ['succeeded', 'failed', 'set-aside', 'cancelled'] as const)
          expect(run.ended[state]).toBe(count(state));
        expect(run.waiting).toBe(count('waiting'));
        expect(run.tasksLeft).toBe(count('waiting') + count('ready'));
        expect(run.tasksLeft === 0).toBe(run.state !== 'running');
        for (const [index, { state, waitsFor }] of run.tasks.entries()) {
          const left = run.graph.parents[index]!.filter((parent) => run.tasks[parent]!.state !== 'succeeded').length;
          expect(waitsFor).toBe(left);
          if (state === 'ready' || state === 'succeeded') expect(left).toBe(0);
        }
      }),
    );
  });
});
