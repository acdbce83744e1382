// The learned scheduler on a real store, with real threads and keys, on virtual time: what it shows, what operators do with
// its policies, and what it makes of a damaged or full store.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPolicy, encodePolicy, POLICY_SHAPE, type PolicyDocument } from '../../agents/parl/policy.ts';
import { initialParameters } from '../../agents/parl/ppo/initial-parameters.ts';
import type { SwarmConfig } from '../../agents/swarm/config.ts';
import type { JobDetailView, TaskView } from '../../agents/swarm/job-view.ts';
import { VirtualClock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { JournalEntry } from '../../core/journal.ts';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { Learning, type LearningParts } from '../../daemon/learning.ts';
import type { Store } from '../../daemon/store/store.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { folder, openStore } from './store/open-store.ts';

const LEARNING: SwarmConfig['learning'] = { enabled: false, exploration: 0, cpuShare: 1, bytesPerHour: 1e6 };

interface Setup extends Partial<LearningParts> {
  dataDir?: string;
  scheduler?: SwarmConfig['scheduler'];
  starts?: boolean;
}

async function learning({ dataDir, scheduler = 'auto', starts = true, ...changes }: Setup = {}) {
  const store = await openStore(dataDir ?? (await folder()));
  const key = changes.key ?? SigningKey.generate();
  const clock = new VirtualClock();
  const journal: JournalEntry[] = [];
  const troubles: (string | undefined)[] = [];
  const me = { id: key.nodeId, name: 'me' };
  const node = new Learning({
    ...{ config: { scheduler, learning: LEARNING }, store, key, members: () => [] },
    swarm: {
      job: async (id) => endedJob(id, me),
      swarm: () => ({
        ...{ scheduler: '', why: '', running: 0, ready: 0 },
        workers: [
          {
            ...{ node: me, slots: 2, running: 0, queued: 0, speed: 1, stress: 0, failures: 0, anomaly: 0 },
            ...{ kinds: ['wait'], labels: {}, reachable: true },
          },
        ],
      }),
    },
    speed: () => undefined,
    authorize: async () => {},
    report: (cause) => troubles.push(cause),
    ...{ clock, random: seededRandom(1), logger: silentLogger, journal: { record: (entry) => journal.push(entry) } },
    ...changes,
  });
  if (starts) await node.start();
  onTestFinished(() => node.stop());
  const endJobs = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number++) {
      node.jobChanged(endedJob(`job-${number}`, me));
      await new Promise(setImmediate);
    }
  };
  return { node, store, key, clock, journal, troubles, endJobs };
}

function endedJob(id: string, home: { id: string; name: string }): JobDetailView {
  const task = (name: string, needs: string[]): TaskView => ({
    ...{ id: name, kind: 'wait', state: 'succeeded', needs, expectedSeconds: 1, critical: false, log: [] },
    attempts: [{ number: 1, node: home, placedAt: 0, startedAt: 0, endedAt: 1000, outcome: 'succeeded', why: '' }],
  });
  return {
    ...{ id, name: 'job', state: 'succeeded', priority: 5, submittedBy: 'x', home, scheduler: 'heft' },
    counts: { waiting: 0, ready: 0, running: 0, succeeded: 3, failed: 0, 'set-aside': 0, cancelled: 0 },
    ...{ submittedAt: 1000, finishedAt: 4000, tasks: [task('a', []), task('b', []), task('c', ['a', 'b'])] },
    figures: {
      ...{ seconds: 3, workSeconds: 3, criticalSeconds: 2, steps: 3, criticalSteps: 2 },
      ...{ mostParallel: 2, speedUp: 1, bound: 1.5 },
    },
  };
}

const fresh = (seed: number, signer?: SigningKey): PolicyDocument =>
  encodePolicy(
    createPolicy(initialParameters(POLICY_SHAPE, seededRandom(seed)), { kind: 'trained', madeAt: 5, decisions: 7 }),
    signer && { node: signer.nodeId, sign: (bytes) => signer.sign('policy', bytes) },
  );

describe('the learned scheduler of a node', () => {
  it('lets the advisor place tasks until there were jobs to judge the packaged policy by', async () => {
    const { node, clock, endJobs } = await learning();
    expect(node.view()).toMatchObject({
      ...{ scheduler: 'advisor', why: expect.stringContaining('too few jobs'), recentJobs: 0 },
      policies: [{ current: true, lineage: { kind: 'pretrained' } }],
    });
    await endJobs(8);
    const judged = new Promise<void>((resolve) => node.once('changed', resolve));
    await clock.advance(20_000);
    await judged;
    const { judgement, scheduler } = node.view();
    expect(judgement).toMatchObject({ jobs: 8, gain: expect.any(Number), serves: scheduler });
    expect(node.current().why).toBe(judgement?.why);
  }, 60_000);

  it('keeps, promotes and takes back a policy from outside, also over a restart', async () => {
    const dataDir = await folder();
    const { node, journal, key, store } = await learning({ dataDir });
    const packaged = node.view().policy;
    const { version, signedBy } = await node.import(fresh(2, SigningKey.generate()));
    expect(signedBy).toBe('stranger');
    expect(await node.import(fresh(3))).toMatchObject({ signedBy: 'nobody' });
    expect(await node.import(fresh(4, key))).toMatchObject({ signedBy: 'member' });
    expect(node.view().policy).toBe(packaged);
    expect((await node.promote(version.slice(0, 8))).policy).toBe(version);
    expect(node.document(version)).toEqual(expect.objectContaining({ signature: expect.any(String) }));
    await node.stop();
    await store.stop();
    const again = await learning({ dataDir, key });
    expect(again.node.view()).toMatchObject({ policy: version });
    expect(again.node.view().policies).toHaveLength(4);
    expect((await again.node.rollback()).policy).toBe(packaged);
    await expect(again.node.rollback()).rejects.toMatchObject({ code: 'POLICY_UNKNOWN' });
    expect(journal.map(({ message }) => message)).toContain(
      `Policy ${version} is the current one from now on, not ${packaged}`,
    );
  });

  it('takes no policy whose signature is wrong, that is poisoned or of another shape', async () => {
    const { node } = await learning();
    const signed = fresh(2, SigningKey.generate());
    const broken = Buffer.from(signed.parameters, 'base64');
    broken.writeFloatLE(Number.NaN, 40);
    const { signature: _, ...unsigned } = signed;
    const wrong: PolicyDocument[] = [
      { ...signed, lineage: { ...signed.lineage, decisions: 8 } },
      { ...signed, lineage: { ...signed.lineage, node: 'nobody' } },
      { ...unsigned, parameters: broken.toString('base64') },
      { ...unsigned, actor: [3, 1] },
    ];
    for (const document of wrong) await expect(node.import(document)).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    expect(node.view().policies).toHaveLength(1);
  });

  it('lets the policy serve that was promoted, where the configuration wants the learned scheduler', async () => {
    const { node } = await learning({ scheduler: 'parl' });
    expect(node.current()).toMatchObject({ scheduler: { name: 'parl' }, why: 'the configuration names it' });
    const before = node.current().scheduler;
    await node.promote((await node.import(fresh(2))).version);
    expect(node.current()).toMatchObject({ scheduler: { name: 'parl' } });
    expect(node.current().scheduler).not.toBe(before);
  });

  it('begins anew from a damaged state, and says so', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    await store.putState('parl.policies', { current: 'x' });
    await store.putState('parl.recent', [{ id: 3 }]);
    await store.stop();
    const { node, journal } = await learning({ dataDir });
    expect(node.view()).toMatchObject({ recentJobs: 0, policies: [{ current: true }] });
    expect(journal).toMatchObject([{ severity: 'warning', kind: 'parl.left-aside' }]);
  });

  it('changes nothing that a full disk cannot keep, and goes on', async () => {
    const dataDir = await folder();
    const opened = await openStore(dataDir);
    let isFull = false;
    const store: LearningParts['store'] = {
      experience: opened.experience,
      state: (key) => opened.state(key),
      putState: (key, value): ReturnType<Store['putState']> =>
        isFull ? Promise.reject(new ParlmeshError('STORE_FULL', 'the disk is full')) : opened.putState(key, value),
    };
    const { node } = await learning({ store });
    const before = node.view().policy;
    const { version } = await node.import(fresh(2));
    isFull = true;
    await expect(node.promote(version)).rejects.toMatchObject({ code: 'STORE_FULL' });
    await expect(node.import(fresh(3))).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(node.view()).toMatchObject({ policy: before });
    expect(node.view().policies).toHaveLength(2);
    isFull = false;
    expect((await node.promote(version)).policy).toBe(version);
  });

  it('serves the advisor where the packaged policy is damaged, and tells the cause', async () => {
    const file = join(await folder(), 'policy.json');
    await writeFile(file, '{"format":1}');
    const store = await openStore(await folder());
    const { node } = await learning({ store, packaged: file, starts: false });
    await expect(node.start()).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    expect(node.current()).toMatchObject({
      ...{
        scheduler: { name: 'advisor' },
        why: expect.stringMatching(/^the learned policy cannot be loaded: .*policy\.json/),
      },
    });
    expect(node.view()).toMatchObject({ scheduler: 'advisor', policies: [] });
    await expect(node.rollback()).rejects.toMatchObject({ code: 'POLICY_UNAVAILABLE' });
  });
});
