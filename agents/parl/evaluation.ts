// Compares schedulers on the same arriving jobs, nodes and luck: mean and 95th percentile of job completion times, with
// confidence intervals of the ratios between them.

import { seededRandom } from '../../core/random.ts';
import type { JobGraph } from '../swarm/job-graph.ts';
import type { TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import type { SimulatedNode } from './environment/cluster-simulation.ts';
import { capacityOf, poissonArrivals, type Scenario, simulate } from './environment/episode.ts';

export interface EvaluationSettings {
  /** Each episode draws its jobs from these, all equally likely. */
  graphs: readonly JobGraph[];
  nodes: readonly SimulatedNode[];
  /** Share of the nodes' capacity that arrives. */
  load: number;
  seeds: number;
  /** Jobs of an episode. */
  jobs: number;
  failures: boolean;
}

export interface SchedulerFigures {
  scheduler: string;
  /** Seconds from arrival to completion, over all jobs of all seeds. */
  mean: number;
  p95: number;
  /** Mean completion time of each seed. */
  means: readonly number[];
}

export interface Comparison {
  /** Best first. */
  schedulers: SchedulerFigures[];
  /** How many times better `subject` is than the best of the others, with a 95 % confidence interval over seeds. */
  gain: { over: string; mean: number; low: number; high: number };
}

const NOISE = 0.2;

/** @param subject the scheduler that the gain is told of; it is one of `schedulers` */
export function compare(
  settings: EvaluationSettings,
  schedulers: readonly TaskScheduler[],
  subject: string,
): Comparison {
  const times = schedulers.map((): number[][] => []);
  for (let seed = 1; seed <= settings.seeds; seed++) {
    const scenario = scenarioOf(settings, seed);
    schedulers.forEach((scheduler, index) => {
      const simulation = simulate(scenario);
      simulation.run(scheduler);
      times[index]!.push(simulation.completions.map(({ seconds }) => seconds));
    });
  }
  const figures = schedulers.map(({ name }, index): SchedulerFigures => {
    const all = times[index]!.flat().sort((a, b) => a - b);
    const means = times[index]!.map(meanOf);
    return { scheduler: name, mean: meanOf(all), p95: all[Math.floor(0.95 * (all.length - 1))]!, means };
  });
  const own = figures.find(({ scheduler }) => scheduler === subject)!;
  const best = figures.filter((other) => other !== own).reduce((a, b) => (b.mean < a.mean ? b : a));
  const ratios = own.means.map((mean, seed) => Math.log(best.means[seed]! / mean));
  const { low, high } = confidence(ratios);
  return {
    schedulers: figures.toSorted((a, b) => a.mean - b.mean),
    gain: { over: best.scheduler, mean: best.mean / own.mean, low: Math.exp(low), high: Math.exp(high) },
  };
}

function scenarioOf({ graphs, nodes, load, jobs, failures }: EvaluationSettings, seed: number): Scenario {
  const random = seededRandom(seed);
  const drawn = Array.from({ length: jobs }, () => graphs[random.below(graphs.length)]!);
  const work = meanOf(drawn.map((graph) => graph.work));
  const arrivals = poissonArrivals(drawn, work / (capacityOf(nodes) * load), random);
  const span = arrivals.at(-1)!.at;
  const failing = failures ? { failures: { between: span / 2, repair: span / 20 } } : {};
  return { nodes, arrivals, noise: NOISE, seed, ...failing };
}

/** Two-sided 95 % quantiles of Student's t for 1 to 10 degrees of freedom; beyond, the normal one is near enough. */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];

function confidence(values: readonly number[]): { low: number; high: number } {
  const mean = meanOf(values);
  if (values.length < 2) return { low: mean, high: mean };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const half = (STUDENT[values.length - 2] ?? 1.96) * Math.sqrt(variance / values.length);
  return { low: mean - half, high: mean + half };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
