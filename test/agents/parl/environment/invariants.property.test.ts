// What holds of a simulated cluster whoever schedules, however badly: told by an observer beside it, not by itself.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterSimulation } from '../../../../agents/parl/environment/cluster-simulation.ts';
import {
  randomScenario,
  type Scenario,
  simulate,
  TRAINING_RANGE,
} from '../../../../agents/parl/environment/episode.ts';
import {
  isFree,
  type JobView,
  type Placement,
  type SchedulingView,
  type TaskScheduler,
} from '../../../../agents/swarm/scheduling/scheduler.ts';
import { type Random, seededRandom } from '../../../../core/random.ts';

const small = (seed: number, failing: number): Scenario =>
  randomScenario({ ...TRAINING_RANGE, jobs: 6, nodes: [2, 4], failing }, seededRandom(seed));

/** Any ready task on any free worker; now and then it waits though it need not. */
function careless(random: Random): TaskScheduler {
  return {
    name: 'careless',
    choose(view: SchedulingView) {
      const free = view.workers.filter((worker) => isFree(view, worker));
      const runs = view.workers.some(({ slots }) => slots.some((freeAt) => freeAt > view.now));
      if (free.length === 0 || view.ready.length === 0 || (runs && random.next() < 0.2)) return undefined;
      return { task: view.ready[random.below(view.ready.length)]!, worker: free[random.below(free.length)]! };
    },
  };
}

function watch(
  simulation: ClusterSimulation,
  scheduler: TaskScheduler,
  each: (view: SchedulingView, placement: Placement | undefined) => void,
): void {
  while (!simulation.done) {
    const placement = scheduler.choose(simulation);
    each(simulation, placement);
    if (placement === undefined) simulation.advance();
    else simulation.place(placement);
  }
}

describe('a simulated cluster, however it is scheduled', () => {
  it('makes no task ready before its parents are done, and none ready twice', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.boolean(), (seed, luck, failing) => {
        const simulation = simulate(small(seed, failing ? 1 : 0));
        const placed = new Map<JobView, Set<number>>();
        const wrong: string[] = [];
        watch(simulation, careless(seededRandom(luck)), (view, placement) => {
          const ready = new Map<JobView, Set<number>>();
          for (const { job, task } of view.ready) {
            const tasks = ready.get(job) ?? new Set();
            if (tasks.has(task)) wrong.push(`task ${task} is ready twice`);
            ready.set(job, tasks.add(task));
          }
          for (const { job, task } of view.ready) {
            // What was placed and is neither ready again nor running is done.
            for (const parent of job.graph.parents[task]!) {
              const done = placed.get(job)?.has(parent) && !ready.get(job)!.has(parent);
              if (!done) wrong.push(`task ${task} is ready before ${parent} was placed`);
            }
          }
          for (const job of view.jobs) {
            if ((ready.get(job)?.size ?? 0) + job.running > job.tasksLeft) wrong.push('more are open than are left');
          }
          if (placement !== undefined) {
            const { job, task } = placement.task;
            placed.set(job, (placed.get(job) ?? new Set()).add(task));
          }
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('never has more tasks running than slots, on any node', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, luck) => {
        const simulation = simulate(small(seed, 1));
        watch(simulation, careless(seededRandom(luck)), (view) => {
          const { busy } = simulation.occupation();
          const taken = view.workers.reduce((sum, { slots }) => sum + slots.filter((at) => at > view.now).length, 0);
          expect(busy).toBe(taken);
          expect(view.jobs.reduce((sum, job) => sum + job.running, 0)).toBe(busy);
        });
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('conserves work: what is left of each job falls from its whole to nothing, by whole tasks', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.boolean(), (seed, luck, failing) => {
        const scenario = small(seed, failing ? 1 : 0);
        const simulation = simulate(scenario);
        const left = new Map<JobView, number>();
        watch(simulation, careless(seededRandom(luck)), (view) => {
          for (const job of view.jobs) {
            expect(job.workLeft).toBeLessThanOrEqual((left.get(job) ?? job.graph.work) + 1e-6);
            expect(job.pathLeft).toBeLessThanOrEqual(job.workLeft + 1e-6);
            left.set(job, job.workLeft);
          }
        });
        expect(simulation.finishedTasks).toBe(
          scenario.arrivals.reduce((sum, { graph }) => sum + graph.tasks.length, 0),
        );
        for (const job of left.keys()) expect(job.workLeft).toBeCloseTo(0, 5);
        // No job is done before its longest chain could be, on the fastest node with the luckiest run times.
        const fastest = Math.max(...scenario.nodes.map(({ speed }) => speed));
        for (const { graph, seconds } of simulation.completions) {
          expect(seconds).toBeGreaterThan((graph.path / fastest) * Math.exp(-6 * scenario.noise));
        }
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});
