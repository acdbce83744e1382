// How much better than the advisor any scheduler could be that changes one decision at a time: at a share of its decisions
// other choices are played to the end with the same luck, which no scheduler can know, and the best one is taken.

import { advisor } from '../../agents/parl/advisor.ts';
import type { ClusterSimulation } from '../../agents/parl/environment/cluster-simulation.ts';
import { randomScenario, simulate, TRAINING_RANGE } from '../../agents/parl/environment/episode.ts';
import { estimate } from '../../agents/parl/evaluation.ts';
import { meanCompletion } from '../../agents/parl/training.ts';
import { isFree, type Placement } from '../../agents/swarm/scheduling/scheduler.ts';
import { type Random, seededRandom } from '../../core/random.ts';
import type { Report } from '../rig/report.ts';

const SHARE = 0.35;
const OTHERS = 5;

export function headroom(scenarios: number, report: Report): void {
  const random = seededRandom(99);
  const logs = Array.from({ length: scenarios }, () => {
    const scenario = randomScenario({ ...TRAINING_RANGE, load: [0.9, 0.9] }, random);
    const simulation = simulate(scenario);
    while (!simulation.done) carryOut(simulation, foreseen(simulation, random));
    return Math.log(meanCompletion(scenario, advisor) / (simulation.jobSeconds / simulation.completions.length));
  });
  const { value, low, high } = estimate(logs);
  const row = { case: 'generated jobs, 90 % load', metric: 'gain over the advisor with foresight', unit: 'x' };
  report.tell('parlmesh', { ...row, value: Math.exp(value) }, { low: Math.exp(low), high: Math.exp(high), scenarios });
}

function foreseen(simulation: ClusterSimulation, random: Random): Placement | undefined {
  const advised = advisor.choose(simulation);
  const free = simulation.workers.filter((worker) => isFree(simulation, worker));
  if (simulation.ready.length === 0 || free.length === 0 || random.next() > SHARE) return advised;
  const choices = [
    advised,
    ...Array.from({ length: OTHERS }, () => ({
      task: simulation.ready[random.below(simulation.ready.length)]!,
      worker: free[random.below(free.length)]!,
    })),
  ];
  const waits = simulation.workers.some(({ slots }) => slots.some((freeAt) => freeAt > simulation.now));
  if (advised !== undefined && waits) choices.push(undefined);
  const costs = choices.map((choice) => {
    const copy = simulation.clone();
    const task = choice && copy.ready[simulation.ready.indexOf(choice.task)];
    const worker = choice && copy.workers[simulation.workers.indexOf(choice.worker)];
    carryOut(copy, task && worker && { task, worker });
    copy.run(advisor);
    return copy.jobSeconds;
  });
  return choices[costs.indexOf(Math.min(...costs))];
}

function carryOut(simulation: ClusterSimulation, choice: Placement | undefined): void {
  if (choice === undefined) simulation.advance();
  else simulation.place(choice);
}
