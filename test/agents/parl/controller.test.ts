// The controller over real threads and a real store, on virtual time: from jobs that ended to a judgement, and to a policy
// that got better.

import { describe, expect, it, onTestFinished } from 'vitest';
import { AgentWorker } from '../../../agents/parl/agent-worker.ts';
import { PARLController, type PARLControllerParts } from '../../../agents/parl/controller.ts';
import { type EvaluationRequest, evaluate } from '../../../agents/parl/evaluate.ts';
import type { Comparison } from '../../../agents/parl/evaluation.ts';
import { ExperienceBuffer } from '../../../agents/parl/experience-buffer.ts';
import { createPolicy, encodePolicy, POLICY_SHAPE } from '../../../agents/parl/policy.ts';
import { PolicyShelf } from '../../../agents/parl/policy-shelf.ts';
import { initialParameters } from '../../../agents/parl/ppo/initial-parameters.ts';
import { ADVISOR } from '../../../agents/parl/scheduler-names.ts';
import type { JobDetailView, JobView, TaskView } from '../../../agents/swarm/job-view.ts';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { folder, openStore } from '../../daemon/store/open-store.ts';

const HOME = { id: 'me', name: 'me' };
const packaged = encodePolicy(
  createPolicy(initialParameters(POLICY_SHAPE, seededRandom(1)), { kind: 'pretrained', madeAt: 1, decisions: 1 }),
);

function endedJob(number: number): JobDetailView {
  const task = (id: string, needs: string[]): TaskView => ({
    ...{ id, kind: 'wait', state: 'succeeded', needs, expectedSeconds: 1, critical: false, log: [] },
    attempts: [{ number: 1, node: HOME, placedAt: 0, startedAt: 0, endedAt: 1000, outcome: 'succeeded', why: '' }],
  });
  return {
    ...{
      id: `j${number}`,
      name: 'job',
      state: 'succeeded',
      priority: 5,
      submittedBy: 'x',
      home: HOME,
      counts: { waiting: 0, ready: 0, running: 0, succeeded: 3, failed: 0, 'set-aside': 0, cancelled: 0 },
    },
    ...{ submittedAt: number * 1000, finishedAt: number * 1000 + 3000, scheduler: 'heft' },
    tasks: [task('a', []), task('b', []), task('c', ['a', 'b'])],
    figures: {
      ...{ seconds: 3, workSeconds: 3, criticalSeconds: 2, steps: 3, criticalSteps: 2 },
      ...{ mostParallel: 2, speedUp: 1, bound: 1.5 },
    },
  };
}

async function controller(changes: Partial<PARLControllerParts> = {}) {
  const store = await openStore(await folder());
  const clock = new VirtualClock();
  const journal: JournalEntry[] = [];
  const documents = new Map<string, unknown>();
  const kept = (key: string) => ({
    read: () => documents.get(key),
    write: async (document: unknown) => void documents.set(key, document),
  });
  const worker = new AgentWorker({ share: 1, clock });
  onTestFinished(() => worker.stop());
  const shelf = new PolicyShelf(packaged, kept('shelf'));
  const random = seededRandom(3);
  const shared = { random, clock, logger: silentLogger };
  const asked: EvaluationRequest[] = [];
  const troubles: string[] = [];
  const parts: PARLControllerParts = {
    ...{
      scheduler: 'auto',
      learns: false,
      exploration: 0,
      share: 1,
      shelf,
      worker,
      recent: kept('recent'),
      kept: kept('kept'),
      self: 'me',
      ...shared,
    },
    experience: new ExperienceBuffer({ ...shared, storage: store.experience, node: 'me', bytesPerHour: 1e6 }),
    practice: { updates: 1, scenarios: 1, rollouts: 2, jobs: 5 },
    signer: { node: 'me', sign: () => new Uint8Array(64) },
    evaluate: (request) => {
      asked.push(request);
      return evaluate({ ...request, arrivals: 10, seeds: [1] }, { threads: 1 });
    },
    swarm: {
      job: async (id) => endedJob(Number(id.slice(1))),
      swarm: () => ({
        ...{ scheduler: '', why: '', running: 0, ready: 0 },
        workers: [HOME, { id: 'other', name: 'other' }].map((node, index) => ({
          ...{ node, slots: 2, running: 0, queued: 0, speed: 1 + index, stress: 0, failures: 0, anomaly: 0 },
          ...{ kinds: ['wait'], labels: {}, reachable: true },
        })),
      }),
    },
    speed: (node) => (node === 'other' ? 2e6 : undefined),
    authorize: async () => {},
    trouble: (cause) => void (cause !== undefined && troubles.push(cause)),
    journal: { record: (entry) => journal.push(entry) },
    ...changes,
  };
  const parl = new PARLController(parts);
  await parl.start();
  onTestFinished(() => parl.stop());
  let ended = 0;
  const end = async (jobs: number): Promise<void> => {
    for (const last = ended + jobs; ended < last; ended++) {
      parl.jobChanged(endedJob(ended) satisfies JobView);
      await new Promise(setImmediate);
    }
  };
  /** Lets it look once, and waits for what it tells then. */
  const look = async (): Promise<void> => {
    const told = new Promise<void>((resolve) => parl.once('changed', resolve));
    await clock.advance(20_000);
    await told;
  };
  return { parl, end, look, clock, journal, asked, troubles, documents, shelf };
}

/** As if the policy finished jobs so many times as fast as all others. */
const says =
  (gain: (parameters: Float32Array) => number) =>
  async (request: EvaluationRequest): Promise<Comparison> => {
    const estimate = (value: number) => ({ value, low: value, high: value });
    const means = { parl: 10 / gain(request.parameters), heft: 10, fifo: 12, [ADVISOR]: 11 };
    return {
      schedulers: Object.entries(means).map(([scheduler, mean]) => ({
        ...{ scheduler, mean: estimate(mean), p95: estimate(mean) },
      })),
      gain: { ...estimate(gain(request.parameters)), subject: 'parl', over: 'heft' },
    };
  };

describe('the PARL controller', () => {
  it('has schedulers judged on the jobs that this node placed, in the network as it is', {
    timeout: 60_000,
  }, async () => {
    const { parl, end, look, asked } = await controller();
    expect(parl.current()).toMatchObject({ why: 'too few jobs were placed yet to judge the learned policy by' });
    await end(8);
    await look();
    expect(asked).toMatchObject([
      {
        nodes: [
          { name: 'me', slots: 2, speed: 1, bandwidth: 5e6 },
          { name: 'other', speed: 2, bandwidth: 2e6 },
        ],
      },
    ]);
    expect(asked[0]?.jobs).toHaveLength(8);
    const { judgement } = parl.view();
    expect(judgement).toMatchObject({ jobs: 8, gain: expect.any(Number) });
    expect(parl.current().scheduler.name).toBe(judgement?.serves);
  });

  it('changes to the learned policy and away from it, and says so in the journal', async () => {
    let gain = 1.3;
    const { parl, end, look, journal } = await controller({ evaluate: says(() => gain) });
    await end(8);
    await look();
    expect(parl.current().scheduler.name).toBe('parl');
    gain = 0.9;
    await end(8);
    await look();
    expect(parl.current().scheduler.name).toBe('heft');
    expect(journal.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        new RegExp(`^Tasks are placed by parl from now on, not by ${ADVISOR}: .* 1.30 times as fast as heft$`),
      ),
      expect.stringMatching(/^Tasks are placed by heft from now on, not by parl: .* 1\.11 times slower than heft$/),
    ]);
  });

  it('lets a policy that came from outside serve only once it was judged', async () => {
    const { parl, end, look, shelf } = await controller({ evaluate: says(() => 1.3) });
    await end(8);
    await look();
    expect(parl.current().scheduler.name).toBe('parl');
    parl.policyChanged('unjudged');
    expect(parl.current()).toMatchObject({
      scheduler: { name: ADVISOR },
      why: `policy ${shelf.current.version} was not judged here yet`,
    });
    await look();
    expect(parl.current().scheduler.name).toBe('parl');
  });

  it('compares a policy with the one before it, where there is one', async () => {
    const bad = createPolicy(initialParameters(POLICY_SHAPE, seededRandom(2)), {
      kind: 'imported',
      madeAt: 2,
      decisions: 0,
    });
    const { parl, end, look, shelf } = await controller({
      evaluate: says((parameters) => (parameters.every((value, index) => value === bad.parameters[index]) ? 0.5 : 1.2)),
    });
    await end(8);
    await look();
    expect(parl.view().judgement).not.toHaveProperty('cost');
    await shelf.take(encodePolicy(bad));
    await shelf.promote(bad.version);
    parl.policyChanged('unjudged');
    await look();
    expect(parl.view().judgement).toMatchObject({ serves: 'heft', cost: 2.4 });
    await shelf.rollback();
    parl.policyChanged('unjudged');
    await look();
    expect(parl.view().judgement).not.toHaveProperty('cost');
  });

  it('says why nothing can be judged, and goes on when it can again', async () => {
    let works = false;
    const good = says(() => 1.3);
    const { parl, end, clock, troubles } = await controller({
      evaluate: (request) => (works ? good(request) : Promise.reject(new Error('no thread can be made'))),
    });
    await end(8);
    await clock.advance(20_000);
    await expect.poll(() => troubles).toEqual(['no thread can be made']);
    works = true;
    await clock.advance(20_000);
    await expect.poll(() => parl.current().scheduler.name).toBe('parl');
  });

  it('serves what the configuration names, whatever is better', async () => {
    const { parl, end, look } = await controller({ scheduler: 'fifo', evaluate: says(() => 2) });
    await end(8);
    await look();
    expect(parl.current()).toMatchObject({ scheduler: { name: 'fifo' }, why: 'the configuration names it' });
  });

  it('learns in its shard and promotes what does better than the policy before', { timeout: 60_000 }, async () => {
    const before = createPolicy(initialParameters(POLICY_SHAPE, seededRandom(1)), packaged.lineage);
    const better = says((parameters) => (parameters.every((value, at) => value === before.parameters[at]) ? 1 : 1.2));
    const { parl, end, look, shelf, journal } = await controller({ learns: true, evaluate: better });
    await end(8);
    await look();
    await expect.poll(() => shelf.current.lineage.kind, { timeout: 50_000 }).toBe('trained');
    expect(shelf.current.lineage).toMatchObject({ parent: before.version, node: 'me' });
    expect(parl.view().curve).toMatchObject([{ kind: 'practise', decisions: expect.any(Number) }]);
    expect(journal.at(-1)?.message).toMatch(
      /got better: policy [0-9a-f]{16} finishes recent jobs 1\.200 times as fast/,
    );
  });

  it('keeps the policy that serves when what it learned is no better', { timeout: 60_000 }, async () => {
    const { parl, end, look, shelf } = await controller({ learns: true, evaluate: says(() => 1) });
    await end(8);
    await look();
    await expect.poll(() => parl.view().curve.length, { timeout: 50_000 }).toBe(1);
    expect(shelf.list()).toHaveLength(1);
  });

  it('promotes nothing while changes are halted, and says so', { timeout: 60_000 }, async () => {
    const before = createPolicy(initialParameters(POLICY_SHAPE, seededRandom(1)), packaged.lineage);
    const better = says((parameters) => (parameters.every((value, at) => value === before.parameters[at]) ? 1 : 1.2));
    const asked: string[] = [];
    const { parl, end, look, shelf, troubles } = await controller({
      ...{ learns: true, evaluate: better },
      authorize: (subject) => {
        asked.push(subject);
        return Promise.reject(new Error('changes are halted: a break-in'));
      },
    });
    await end(8);
    await look();
    await expect.poll(() => troubles, { timeout: 50_000 }).toEqual(['changes are halted: a break-in']);
    expect(asked).toEqual([expect.stringMatching(/^policy\/[0-9a-f]{16}$/)]);
    expect(shelf.list()).toHaveLength(1);
    expect(parl.view().policy).toBe(before.version);
  });

  it('remembers recent jobs over a restart', async () => {
    const { parl, end, documents } = await controller({ evaluate: says(() => 1) });
    await end(5);
    await parl.stop();
    const again = await controller({ recent: { read: () => documents.get('recent'), write: async () => {} } });
    expect(again.parl.view().recentJobs).toBe(5);
  });

  it('remembers over a restart who serves and why, and what it learned', { timeout: 60_000 }, async () => {
    const { parl, end, look, documents } = await controller({ learns: true, evaluate: says(() => 1) });
    await end(8);
    await look();
    await expect.poll(() => parl.view().curve.length, { timeout: 50_000 }).toBe(1);
    await parl.stop();
    const { scheduler, why, judgement } = parl.view();
    expect(why).toMatch(/^in a replay of recent jobs/);
    const kept = { read: () => documents.get('kept'), write: async () => {} };
    const again = (await controller({ kept })).parl;
    expect(again.view()).toMatchObject({ scheduler, why, judgement });
    expect(again.current().why).toBe(why);
    expect(again.view().curve).toMatchObject([{ kind: 'practise', at: parl.view().curve[0]?.at }]);
    const fixed = (await controller({ kept, scheduler: 'fifo' })).parl;
    expect(fixed.view()).toMatchObject({ scheduler: 'fifo', why: 'the configuration names it', judgement });
  });

  it('does not take the judgement of another policy for its own, or what is damaged for anything', async () => {
    const at = { at: 1, jobs: 8 };
    const said = { serves: 'parl', why: 'it was better', gain: 1.2, over: 'heft', ...at };
    const document = { policy: 'ffff', serves: 'parl', why: 'it was better', judgement: said, curve: [] };
    for (const kept of [document, { ...document, serves: 1 }, 'x', undefined]) {
      const { parl } = await controller({ kept: { read: () => kept, write: async () => {} } });
      expect(parl.view()).toMatchObject({ scheduler: ADVISOR, curve: [] });
      expect(parl.view().judgement).toBeUndefined();
    }
  });
});
