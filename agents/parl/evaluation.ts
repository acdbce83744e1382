// Compares schedulers on the same arriving jobs, nodes and luck: mean and 95th percentile of job completion times, with
// confidence intervals over seeds.

import { seededRandom } from '../../core/random.ts';
import type { JobGraph } from '../swarm/job-graph.ts';
import type { TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import type { SimulatedNode } from './environment/cluster-simulation.ts';
import { capacityOf, poissonArrivals, type Scenario, simulate } from './environment/episode.ts';

export interface Workload {
  /** Each episode draws its jobs from these, all equally likely. */
  graphs: readonly JobGraph[];
  nodes: readonly SimulatedNode[];
  /** Share of the nodes' capacity that arrives. */
  load: number;
  /** Jobs of an episode. */
  jobs: number;
  failures: boolean;
}

/** Seconds from arrival to completion. */
export interface Estimate {
  value: number;
  /** 95 % confidence interval over seeds; the value itself where there is one seed only. */
  low: number;
  high: number;
}

export interface SchedulerFigures {
  scheduler: string;
  /** Over the jobs of each seed, then over seeds. */
  mean: Estimate;
  p95: Estimate;
}

export interface Comparison {
  /** Best mean first. */
  schedulers: SchedulerFigures[];
  /** How many times lower the mean of the subject is than that of the best of its peers; above 1 it is better. */
  gain: Estimate & { subject: string; over: string };
}

/** Completion times of the jobs of one seed, for each scheduler. */
export type SeedTimes = readonly (readonly number[])[];

const NOISE = 0.2;

export function playSeed(workload: Workload, schedulers: readonly TaskScheduler[], seed: number): SeedTimes {
  const scenario = scenarioOf(workload, seed);
  return schedulers.map((scheduler) => {
    const simulation = simulate(scenario);
    simulation.run(scheduler);
    return simulation.completions.map(({ seconds }) => seconds);
  });
}

/**
 * @param seeds of the schedulers in the order of `names`
 * @param peers that the subject is told against: the best of them by its mean over all seeds
 */
export function compare(
  names: readonly string[],
  seeds: readonly SeedTimes[],
  subject: string,
  peers: readonly string[],
): Comparison {
  const means = names.map((_, index) => seeds.map((times) => meanOf(times[index]!)));
  const p95s = names.map((_, index) => seeds.map((times) => percentile(times[index]!, 0.95)));
  const own = names.indexOf(subject);
  const others = names.flatMap((name, index) => (peers.includes(name) && index !== own ? [index] : []));
  const [first] = others;
  if (own < 0 || first === undefined)
    throw new Error(`"${subject}" and at least one peer must be among the schedulers`);
  const best = others.reduce((a, b) => (meanOf(means[b]!) < meanOf(means[a]!) ? b : a), first);
  // Ratios are told by their logarithms: twice as good and half as good are equally far from 1.
  const ratios = means[own]!.map((mean, seed) => Math.log(means[best]![seed]! / mean));
  const { low, high } = estimate(ratios);
  const value = meanOf(means[best]!) / meanOf(means[own]!);
  return {
    schedulers: names
      .map((scheduler, index) => ({ scheduler, mean: estimate(means[index]!), p95: estimate(p95s[index]!) }))
      .sort((a, b) => a.mean.value - b.mean.value),
    gain: { subject, over: names[best]!, value, low: Math.exp(low), high: Math.exp(high) },
  };
}

function scenarioOf({ graphs, nodes, load, jobs, failures }: Workload, seed: number): Scenario {
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

/** Mean with its confidence interval. */
export function estimate(values: readonly number[]): Estimate {
  const value = meanOf(values);
  if (values.length < 2) return { value, low: value, high: value };
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / (values.length - 1);
  const half = (STUDENT[values.length - 2] ?? 1.96) * Math.sqrt(variance / values.length);
  return { value, low: value - half, high: value + half };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))]!;
}
