import { describe, expect, it } from 'vitest';
import { advisor } from '../../../agents/parl/advisor.ts';
import { simulate } from '../../../agents/parl/environment/episode.ts';
import { generateJob } from '../../../agents/parl/environment/generated-jobs.ts';
import { meanCompletion } from '../../../agents/parl/training.ts';
import { WEIGHTS, weightedScheduler } from '../../../agents/parl/weighted-scheduler.ts';
import { JobGraph } from '../../../agents/swarm/job-graph.ts';
import { listScheduler } from '../../../agents/swarm/scheduling/list-schedulers.ts';
import { seededRandom } from '../../../core/random.ts';

const weights = (some: Partial<Record<(typeof WEIGHTS)[number], number>>) => WEIGHTS.map((name) => some[name] ?? 0);
const node = (name: string, speed: number, slots = 1) => ({ name, speed, slots, bandwidth: 1e6, latency: 0 });
const job = (...seconds: number[]) =>
  new JobGraph(seconds.map((each, index) => ({ id: `t${index}`, needs: [], seconds: each, bytes: 0 })));

describe('a weighted scheduler', () => {
  it('with the weight of work alone is the list scheduler "least work left"', () => {
    const random = seededRandom(5);
    const arrivals = Array.from({ length: 20 }, (_, index) => ({
      at: index * 20,
      graph: generateJob('nested', random),
    }));
    const scenario = { nodes: [node('a', 1, 2), node('b', 0.5)], arrivals, noise: 0.2, seed: 1 };
    const list = listScheduler('least-work-left', (a, b) => a.job.workLeft - b.job.workLeft, 1.6);
    const weighted = weightedScheduler('weighted', weights({ work: 1, patience: Math.log(1.6) }));
    expect(meanCompletion(scenario, weighted)).toBeCloseTo(meanCompletion(scenario, list), 6);
  });

  it('waits for a fast worker as far as its patience goes, and never where all are free', () => {
    const nodes = [node('fast', 4), node('slow', 1)];
    const busy = (patience: number) => {
      const arrivals = [8, 4].map((seconds) => ({ at: 0, graph: job(seconds) }));
      const simulation = simulate({ nodes, arrivals, noise: 0, seed: 1 });
      const scheduler = weightedScheduler('w', weights({ work: -1, patience }));
      simulation.place(scheduler.choose(simulation)!);
      return scheduler.choose(simulation)?.worker.node;
    };
    // The fast one would be done with the second task after 3 s, the slow one after 4 s.
    expect(busy(Math.log(1.3))).toBeUndefined();
    expect(busy(Math.log(1.4))).toBe('slow');
    const idle = simulate({ nodes, arrivals: [{ at: 0, graph: job(4) }], noise: 0, seed: 1 });
    expect(weightedScheduler('w', weights({ speed: 9 })).choose(idle)?.worker.node).toBe('fast');
  });

  it('puts priority before all weights', () => {
    const arrivals = [
      { at: 0, graph: job(1), priority: 5 },
      { at: 0, graph: job(1000), priority: 6 },
    ];
    const simulation = simulate({ nodes: [node('a', 1)], arrivals, noise: 0, seed: 1 });
    expect(advisor.choose(simulation)?.task.job.priority).toBe(6);
  });

  it('refuses weights of another number', () => {
    expect(() => weightedScheduler('w', [1, 2])).toThrow('22 weights are needed, not 2');
  });
});
