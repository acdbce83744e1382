import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';
import { generateJob } from '../../../agents/parl/environment/generated-jobs.ts';
import { evaluate } from '../../../agents/parl/evaluate.ts';
import { compare, estimate, playSeed } from '../../../agents/parl/evaluation.ts';
import { POLICY_SHAPE } from '../../../agents/parl/policy.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { CLASSICAL, schedulersOf } from '../../../agents/parl/scheduler-names.ts';
import { JobGraph } from '../../../agents/swarm/job-graph.ts';
import { fifo, listScheduler } from '../../../agents/swarm/scheduling/list-schedulers.ts';
import { seededRandom } from '../../../core/random.ts';

/** Of each thread of this process. */
function niceOfThreads(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[16]);
  });
}

const node = (name: string, speed: number, slots: number) => ({ name, speed, slots, bandwidth: 1e6, latency: 0.01 });
const NODES = [node('fast', 2, 2), node('slow', 0.5, 2)];
const job = (seconds: number) => new JobGraph([{ id: 'a', needs: [], seconds, bytes: 0 }]);

describe('a comparison of schedulers', () => {
  it('tells mean, 95th percentile and the gain over the best peer, with intervals over seeds', () => {
    const times = [
      [
        [2, 2],
        [4, 4],
        [1, 9],
      ],
      [
        [1, 3],
        [6, 6],
        [3, 3],
      ],
    ];
    const { schedulers, gain } = compare(['own', 'bad', 'other'], times, 'own', ['bad', 'other']);
    expect(schedulers.map(({ scheduler, mean }) => [scheduler, mean.value])).toEqual([
      ['own', 2],
      ['other', 4],
      ['bad', 5],
    ]);
    expect(schedulers[1]!.mean).toMatchObject({ low: 4 - 12.71, high: 4 + 12.71 });
    expect(schedulers[0]!.p95.value).toBe(1.5);
    expect(gain).toMatchObject({ subject: 'own', over: 'other', value: 2 });
    expect(gain.low).toBeLessThan(gain.value);
    expect(gain.high).toBeGreaterThan(gain.value);
  });

  it('counts only peers as such, and a worse subject as below 1', () => {
    const times = [[[4], [2], [1]]];
    const { gain } = compare(['own', 'peer', 'advisor'], times, 'own', ['peer']);
    expect(gain).toMatchObject({ over: 'peer', value: 0.5 });
    expect(() => compare(['own'], [[[1]]], 'own', CLASSICAL)).toThrow('at least one peer');
  });

  it('widens its interval with the spread of the seeds, by Student', () => {
    expect(estimate([3])).toEqual({ value: 3, low: 3, high: 3 });
    const { value, low, high } = estimate([1, 2, 3]);
    expect(value).toBe(2);
    expect(high - value).toBeCloseTo(4.3 / Math.sqrt(3), 10);
    expect(value - low).toBeCloseTo(high - value, 10);
  });

  it('sees that short jobs first beats long jobs first where jobs queue', () => {
    const workload = { graphs: [job(1), job(20)], nodes: NODES, load: 1.2, jobs: 80, failures: false };
    const short = listScheduler('short', (a, b) => a.job.workLeft - b.job.workLeft);
    const long = listScheduler('long', (a, b) => b.job.workLeft - a.job.workLeft);
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => playSeed(workload, [short, fifo, long], seed));
    const { schedulers, gain } = compare(['short', 'fifo', 'long'], seeds, 'short', ['fifo', 'long']);
    expect(schedulers.map(({ scheduler }) => scheduler)).toEqual(['short', 'fifo', 'long']);
    expect(gain.low).toBeGreaterThan(1);
  });

  it.skipIf(process.platform !== 'linux')(
    'takes the lowest priority for its own threads, where it is asked to',
    async () => {
      const random = seededRandom(1);
      const jobs = Array.from({ length: 4 }, () => generateJob('layers', random).tasks);
      const parameters = initialParameters(POLICY_SHAPE, random);
      const request = { jobs, nodes: NODES, load: 0.7, arrivals: 4, failures: false, parameters, seeds: [1] };
      const nices: number[][] = [];
      const onSeed = (): void => void nices.push(niceOfThreads());
      await evaluate(request, { threads: 1, inBackground: true, onSeed });
      expect(nices).toEqual([expect.arrayContaining([getPriority(), 19])]);
      expect(nices[0]!.filter((nice) => nice === 19)).toHaveLength(1);
    },
  );

  it('gives the same figures in worker threads as here, whatever their number', async () => {
    const random = seededRandom(1);
    const graphs = Array.from({ length: 6 }, () => generateJob('layers', random));
    const parameters = initialParameters(POLICY_SHAPE, random);
    const setting = { nodes: NODES, load: 0.8, failures: true };
    const names = [...CLASSICAL, 'advisor', 'parl'];
    const here = [1, 2, 3].map((seed) =>
      playSeed({ ...setting, graphs, jobs: 8 }, schedulersOf(names, parameters), seed),
    );
    const jobs = graphs.map(({ tasks }) => [...tasks]);
    let seen = 0;
    const request = { ...setting, jobs, arrivals: 8, parameters, seeds: [1, 2, 3] };
    const there = await evaluate(request, { threads: 2, onSeed: (done) => (seen = done) });
    expect(there).toEqual(compare(names, here, 'parl', CLASSICAL));
    expect(seen).toBe(3);
    expect(there.gain.over).not.toBe('advisor');
  });

  it('ends its threads when it is called off', async () => {
    const calledOff = new AbortController();
    const jobs = [Array.from({ length: 400 }, (_, i) => ({ id: `t${i}`, needs: [], seconds: 1, bytes: 0 }))];
    const parameters = initialParameters(POLICY_SHAPE, seededRandom(1));
    const running = evaluate(
      { jobs, nodes: NODES, load: 0.9, arrivals: 1000, failures: false, parameters, seeds: [1] },
      { signal: calledOff.signal },
    );
    calledOff.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});
