// One episode of training: a random cluster, jobs that arrive, and what each decision earned, told against a reference
// scheduler that had the same jobs, nodes and luck.

import type { Random } from '../../../core/random.ts';
import type { TaskScheduler } from '../../swarm/scheduling/scheduler.ts';
import { type Arrival, ClusterSimulation, type SimulatedNode, type SimulationParts } from './cluster-simulation.ts';
import { FAMILIES, type Family, generateJob } from './generated-jobs.ts';

export type Scenario = SimulationParts;

export interface ScenarioRange {
  jobs: number;
  nodes: readonly [number, number];
  /** Share of the cluster's capacity that arrives. */
  load: readonly [number, number];
  /** Share of the scenarios in which nodes fail. */
  failing: number;
  families: readonly Family[];
}

/** Half of the jobs are nested stages: nearest to recorded workflows, of which none is trained on. */
export const TRAINING_RANGE: ScenarioRange = {
  jobs: 40,
  nodes: [3, 10],
  load: [0.5, 0.95],
  failing: 0.25,
  families: [...FAMILIES, ...Array.from({ length: 6 }, (): Family => 'nested')],
};

export function randomScenario(range: ScenarioRange, random: Random): Scenario {
  const between = ([low, high]: readonly [number, number]): number => low + (high - low) * random.next();
  const nodes = Array.from({ length: Math.round(between(range.nodes)) }, (_, index) => randomNode(index, random));
  const graphs = Array.from({ length: range.jobs }, () =>
    generateJob(range.families[random.below(range.families.length)]!, random),
  );
  const work = graphs.reduce((sum, graph) => sum + graph.work, 0) / graphs.length;
  const arrivals = poissonArrivals(graphs, work / (capacityOf(nodes) * between(range.load)), random);
  const span = arrivals.at(-1)!.at;
  const failures = random.next() < range.failing ? { between: span / 2, repair: span / 20 } : undefined;
  return { nodes, arrivals, noise: 0.2, seed: random.below(2 ** 31), ...(failures && { failures }) };
}

/** Work that the nodes can do in a second, in seconds of the reference. */
export function capacityOf(nodes: readonly SimulatedNode[]): number {
  return nodes.reduce((sum, { speed, slots }) => sum + speed * slots, 0);
}

/** @param interval mean seconds between two jobs */
export function poissonArrivals(graphs: readonly Arrival['graph'][], interval: number, random: Random): Arrival[] {
  let at = 0;
  return graphs.map((graph) => {
    at -= interval * Math.log(1 - random.next());
    return { at, graph };
  });
}

/** Boards from a Zero to a small server, on radio or on cable. */
function randomNode(index: number, random: Random): SimulatedNode {
  return {
    name: `node-${index}`,
    speed: 0.25 * 12 ** random.next(),
    slots: 1 + random.below(4),
    bandwidth: 1e6 * 30 ** random.next(),
    latency: 0.002 + 0.03 * random.next(),
  };
}

export function simulate(scenario: Scenario): ClusterSimulation {
  return new ClusterSimulation(scenario);
}

/** Seconds that jobs have spent in the system by each moment, under a scheduler. */
export interface Baseline {
  /** Mean seconds from arrival to completion. */
  meanSeconds: number;
  jobSecondsAt(time: number): number;
}

export function baselineOf(scenario: Scenario, scheduler: TaskScheduler): Baseline {
  const simulation = simulate(scenario);
  simulation.run(scheduler);
  const changes = simulation.completions
    .flatMap(({ arrival, seconds }) => [
      { at: arrival, by: 1 },
      { at: arrival + seconds, by: -1 },
    ])
    .sort((a, b) => a.at - b.at);
  const times = new Float64Array(changes.length);
  const sums = new Float64Array(changes.length);
  const counts = new Int32Array(changes.length);
  let [sum, count, last] = [0, 0, 0];
  changes.forEach(({ at, by }, index) => {
    sum += count * (at - last);
    count += by;
    last = at;
    times[index] = at;
    sums[index] = sum;
    counts[index] = count;
  });
  return {
    meanSeconds: simulation.jobSeconds / simulation.completions.length,
    jobSecondsAt: (time) => {
      let [low, high] = [0, times.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle]! <= time) low = middle + 1;
        else high = middle;
      }
      return low === 0 ? 0 : sums[low - 1]! + counts[low - 1]! * (time - times[low - 1]!);
    },
  };
}
