import { describe, expect, it } from 'vitest';
import { JobGraph } from '../../../../agents/swarm/job-graph.ts';
import {
  fair,
  fifo,
  heft,
  heuristics,
  leastLoaded,
  listScheduler,
  shortestCriticalPath,
} from '../../../../agents/swarm/scheduling/list-schedulers.ts';
import type {
  JobView,
  ReadyTask,
  SchedulingView,
  TaskScheduler,
  WorkerView,
} from '../../../../agents/swarm/scheduling/scheduler.ts';

function job(arrivedAt: number, seconds: number[], more: Partial<JobView> = {}): JobView {
  const tasks = seconds.map((value, index) => ({
    ...{ id: `t${index}`, seconds: value, bytes: 0 },
    needs: index === 0 ? [] : [`t${index - 1}`],
  }));
  const graph = new JobGraph(tasks);
  const left = { tasksLeft: tasks.length, workLeft: graph.work, pathLeft: graph.path };
  return { graph, arrivedAt, priority: 5, running: 0, ...left, ...more };
}

const ready = (of: JobView, more: Partial<ReadyTask> = {}): ReadyTask => ({
  ...{ job: of, task: 0, readySince: of.arrivedAt, sources: [], attempts: 0, excluded: new Set<string>() },
  ...more,
});

const worker = (node: string, speed: number, slots: number[]): WorkerView => ({
  ...{ node, speed, slots, anomaly: 0, failures: 0 },
});

function view(tasks: ReadyTask[], workers: WorkerView[]): SchedulingView {
  const jobs = [...new Set(tasks.map((task) => task.job))];
  return { now: 100, jobs, ready: tasks, workers, transferSeconds: (_, __, bytes) => bytes / 1e6 };
}

const chosen = (scheduler: TaskScheduler, seen: SchedulingView): [arrivedAt: number, node: string] | undefined => {
  const placement = scheduler.choose(seen);
  return placement && [placement.task.job.arrivedAt, placement.worker.node];
};

describe('each scheduler has its own order', () => {
  const old = job(1, [2, 2, 2], { running: 3 });
  const long = job(2, [9, 9]);
  const short = job(3, [1]);
  const seen = view([ready(old), ready(long), ready(short)], [worker('a', 1, [0])]);

  it.each([
    [fifo, 1],
    [leastLoaded, 1],
    [fair, 2],
    [shortestCriticalPath, 3],
    [heft, 2],
  ])('$name', (scheduler, arrivedAt) => {
    expect(chosen(scheduler, seen)).toEqual([arrivedAt, 'a']);
  });

  it('but what is urgent goes before', () => {
    const urgent = job(50, [5], { priority: 9 });
    for (const scheduler of heuristics) {
      expect(chosen(scheduler, view([...seen.ready, ready(urgent)], [...seen.workers]))![0]).toBe(50);
    }
  });
});

describe('the worker that finishes first is taken', () => {
  const only = job(1, [10]);

  it('counting its speed and the bytes that must move', () => {
    const workers = [worker('slow', 1, [0]), worker('fast', 2, [0])];
    expect(chosen(heft, view([ready(only)], workers))).toEqual([1, 'fast']);
    const data = [{ node: 'slow', bytes: 6e6 }];
    expect(chosen(heft, view([ready(only, { sources: data })], workers))).toEqual([1, 'slow']);
  });

  it('even when it is busy, as long as waiting pays; patience shortens that', () => {
    const workers = [worker('slow', 1, [0]), worker('fast', 4, [102])];
    expect(chosen(heft, view([ready(only)], workers))).toBeUndefined();
    expect(
      chosen(
        listScheduler('hasty', () => 0, 3),
        view([ready(only)], workers),
      ),
    ).toEqual([1, 'slow']);
    expect(chosen(heft, view([ready(only)], [worker('slow', 1, [0]), worker('fast', 4, [109])]))).toEqual([1, 'slow']);
  });

  it('but not where the task may not run', () => {
    const workers = [worker('slow', 1, [0]), worker('fast', 4, [0])];
    const barred = ready(only, { excluded: new Set(['fast']) });
    for (const scheduler of heuristics) expect(chosen(scheduler, view([barred], workers))).toEqual([1, 'slow']);
    const nowhere = ready(only, { excluded: new Set(['fast', 'slow']) });
    for (const scheduler of heuristics) expect(chosen(scheduler, view([nowhere], workers))).toBeUndefined();
  });
});

it('places on the emptiest worker by load', () => {
  const workers = [worker('a', 9, [0, 200, 200]), worker('b', 1, [0, 0, 200])];
  expect(chosen(leastLoaded, view([ready(job(1, [10]))], workers))).toEqual([1, 'b']);
});
