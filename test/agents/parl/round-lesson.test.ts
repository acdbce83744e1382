// A node's part of a round: held to what the round began with, within its budget; and how jobs go under a policy.

import { describe, expect, it } from 'vitest';
import { FAMILIES, generateJob } from '../../../agents/parl/environment/generated-jobs.ts';
import { POLICY_SHAPE } from '../../../agents/parl/policy.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { partOf, type RecentJob, RecentJobs } from '../../../agents/parl/recent-jobs.ts';
import { takePart } from '../../../agents/parl/round-lesson.ts';
import { serviceRecord } from '../../../agents/parl/service-record.ts';
import type { RoundRequest } from '../../../agents/parl/shard-protocol.ts';
import { seededRandom } from '../../../core/random.ts';

const parameters = initialParameters(POLICY_SHAPE, seededRandom(1));
const nodes = [
  { name: 'a', speed: 1, slots: 2, bandwidth: 5e6, latency: 0.002 },
  { name: 'b', speed: 2, slots: 1, bandwidth: 5e6, latency: 0.002 },
];
const random = seededRandom(2);
const request: RoundRequest = {
  ...{ kind: 'round', parameters, nodes, load: 0.7, seed: 5, epochs: 3, proximal: 0, budget: 1000, batches: [] },
  jobs: Array.from({ length: 4 }, () => generateJob(FAMILIES[0]!, random).tasks),
  amount: { updates: 1, scenarios: 1, rollouts: 2, jobs: 4 },
};

describe("a node's part of a round", () => {
  it('makes one update of practice a pass, the same for the same seed', () => {
    const [one, other] = [takePart(request, () => 0), takePart(request, () => 0)];
    expect(one.points).toHaveLength(3);
    expect(one.parameters).toEqual(other.parameters);
    expect(one.parameters).not.toEqual(parameters);
  });

  it('begins no update for which the budget is too small, going by the longest so far, and makes one at least', () => {
    // Each look at the clock is a second later: an update takes one.
    const spent = () => {
      let seconds = 0;
      return () => seconds++;
    };
    expect(takePart({ ...request, budget: 0.001 }, spent()).points).toHaveLength(1);
    const some = takePart({ ...request, epochs: 20, budget: 10 }, spent()).points.length;
    expect(some).toBeGreaterThan(1);
    expect(some).toBeLessThan(8);
  });

  it('leaves out batches that this version cannot read, and practises on generated jobs where there are none of its own', () => {
    const learned = takePart(
      { ...request, jobs: [], nodes: [], batches: [{ id: 1, data: new Uint8Array(9) }] },
      () => 0,
    );
    expect(learned.points.map(({ kind }) => kind)).toEqual(['practise', 'practise', 'practise']);
  });
});

function job(
  at: number,
  seconds: number,
  tasks = [
    { needs: [] as number[], seconds: 4 },
    { needs: [0], seconds: 2 },
  ],
): RecentJob {
  return { id: `job-${at}`, submittedAt: 1000 * at, finishedAt: 1000 * (at + seconds), tasks };
}

describe('recent jobs', () => {
  it('are practised on or held back, one in four, and stay that', () => {
    const recent = new RecentJobs();
    for (let at = 0; at < 100; at++) recent.add(job(at, 3));
    const [practice, held] = [recent.graphs('practice').length, recent.graphs('held-back').length];
    expect(practice + held).toBe(100);
    expect(held).toBeGreaterThan(12);
    expect(held).toBeLessThan(40);
    expect(new RecentJobs(recent.document()).graphs('held-back')).toEqual(recent.graphs('held-back'));
    expect(partOf('job-7')).toBe(partOf('job-7'));
  });
});

describe('how jobs go under a policy', () => {
  it('is the mean logarithm of their times over what the nodes could do at best', () => {
    // The path is 6 s at speed 2, the work 6 s on a capacity of 4: at best 3 + 1.5 seconds.
    const record = serviceRecord([job(10, 9), job(11, 4.5)], 0, nodes)!;
    expect(record.cost).toBeCloseTo((Math.log(2) + Math.log(1)) / 2, 9);
    expect(record.deviation).toBeCloseTo(Math.log(2) / Math.SQRT2, 9);
    expect(record.jobs).toBe(2);
  });

  it('leaves out jobs from before it, and those without work or time', () => {
    const jobs = [job(1, 9), job(20, 0), job(21, 5, [{ needs: [], seconds: 0 }]), job(22, 9)];
    expect(serviceRecord(jobs, 15_000, nodes)?.jobs).toBe(1);
    expect(serviceRecord(jobs, 90_000, nodes)).toBeUndefined();
    expect(serviceRecord(jobs, 0, [])).toBeUndefined();
  });
});
