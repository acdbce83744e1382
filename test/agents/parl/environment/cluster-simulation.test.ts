import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advisor } from '../../../../agents/parl/advisor.ts';
import { ClusterSimulation } from '../../../../agents/parl/environment/cluster-simulation.ts';
import { baselineOf, randomScenario, simulate, TRAINING_RANGE } from '../../../../agents/parl/environment/episode.ts';
import { POLICY_SHAPE } from '../../../../agents/parl/policy.ts';
import { PolicyScheduler } from '../../../../agents/parl/policy-scheduler.ts';
import { initialParameters } from '../../../../agents/parl/ppo/initial-parameters.ts';
import { WasmNetwork } from '../../../../agents/parl/ppo/wasm-network.ts';
import { JobGraph } from '../../../../agents/swarm/job-graph.ts';
import { heft, heuristics } from '../../../../agents/swarm/scheduling/list-schedulers.ts';
import type { TaskScheduler } from '../../../../agents/swarm/scheduling/scheduler.ts';
import { seededRandom } from '../../../../core/random.ts';

const node = (name: string, speed: number, slots: number) => ({ name, speed, slots, bandwidth: 1e6, latency: 0 });
const task = (id: string, needs: string[], seconds: number, bytes = 0) => ({ id, needs, seconds, bytes });

describe('a simulated cluster', () => {
  it('runs tasks side by side, brings results to where they are needed, and tells when the job is done', () => {
    const graph = new JobGraph([task('a', [], 4, 2e6), task('b', [], 4, 2e6), task('c', ['a', 'b'], 6)]);
    const simulation = new ClusterSimulation({
      nodes: [node('n1', 1, 1), node('n2', 1, 1)],
      arrivals: [{ at: 10, graph }],
      seed: 1,
      noise: 0,
    });
    simulation.run(heft);
    expect(simulation.completions).toEqual([{ arrival: 10, seconds: 4 + 2 + 6, graph }]);
    expect(simulation.jobSeconds).toBe(12);
  });

  it('gives every scheduler the same jobs, run times and failures', () => {
    const scenario = randomScenario({ ...TRAINING_RANGE, jobs: 20, failing: 1 }, seededRandom(4));
    const lone = (scheduler: TaskScheduler): number[] => {
      const simulation = simulate({ ...scenario, nodes: scenario.nodes.slice(0, 1) });
      simulation.run(scheduler);
      return simulation.completions.map(({ graph }) => graph.work).sort((a, b) => a - b);
    };
    const [first, ...others] = heuristics.map(lone);
    for (const other of others) expect(other).toEqual(first);
  });

  it('finishes every job under every scheduler, with failing nodes too, and never counts a task twice', () => {
    const network = new WasmNetwork(POLICY_SHAPE);
    network.load(initialParameters(POLICY_SHAPE, seededRandom(1)));
    const schedulers = [...heuristics, advisor, new PolicyScheduler(network)];
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...schedulers), (seed, scheduler) => {
        const scenario = randomScenario({ ...TRAINING_RANGE, jobs: 8, failing: 0.7 }, seededRandom(seed));
        const simulation = simulate(scenario);
        simulation.run(scheduler);
        expect(simulation.completions).toHaveLength(8);
        expect(simulation.finishedTasks).toBe(
          scenario.arrivals.reduce((sum, { graph }) => sum + graph.tasks.length, 0),
        );
        const sum = simulation.completions.reduce((total, { seconds }) => total + seconds, 0);
        expect(simulation.jobSeconds / sum).toBeCloseTo(1, 6);
      }),
      { numRuns: 40 },
    );
  });

  it('can be copied in the midst of it: the copy goes on alike, and apart from the first', () => {
    const simulation = simulate(randomScenario({ ...TRAINING_RANGE, jobs: 10, failing: 1 }, seededRandom(6)));
    for (let step = 0; step < 80; step++) {
      const placement = heft.choose(simulation);
      if (placement === undefined) simulation.advance();
      else simulation.place(placement);
    }
    const [now, tasks] = [simulation.now, simulation.finishedTasks];
    const copy = simulation.clone();
    copy.run(heft);
    expect([simulation.now, simulation.finishedTasks]).toEqual([now, tasks]);
    simulation.run(heft);
    expect(simulation.completions).toEqual(copy.completions);
    expect(simulation.jobSeconds).toBe(copy.jobSeconds);
  });

  it('knows at each moment how long jobs had been there under the reference', () => {
    const scenario = randomScenario({ ...TRAINING_RANGE, jobs: 10 }, seededRandom(2));
    const baseline = baselineOf(scenario, heft);
    expect(baseline.jobSecondsAt(0)).toBe(0);
    expect(baseline.jobSecondsAt(1e9) / 10).toBeCloseTo(baseline.meanSeconds, 6);
    const simulation = simulate(scenario);
    while (!simulation.done) {
      expect(baseline.jobSecondsAt(simulation.now)).toBeCloseTo(simulation.jobSeconds, 5);
      const placement = heft.choose(simulation);
      if (placement === undefined) simulation.advance();
      else simulation.place(placement);
    }
  });
});
