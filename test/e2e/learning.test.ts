// Two real nodes that have jobs: their scheduler is judged, and its policies are looked at, changed and taken back on the
// command line, also over a restart.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../agents/swarm/job-view.ts';
import { joinNetworkOf, LocalNode } from '../../daemon/cli/local-node.ts';
import type { KeptPolicyView, PolicyView } from '../../daemon/view/policy-schema.ts';
import type { EventView, PeerView } from '../../daemon/view/schema.ts';
import { type Outcome, start } from '../daemon/cli/stage.ts';

const scratch = mkdtempSync(join(tmpdir(), 'parlmesh-learning-'));
const settings = { PARLMESH_SOURCES: '1' };
const [home, other] = ['home', 'other'].map((name) => new LocalNode({ name, dataDir: join(scratch, name), settings }));
const JOBS = 10;

const run = (...args: string[]): Promise<Outcome> => start(['policy', ...args, '--data-dir', home!.dataDir]).done;
const json = async <T>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await run(...args, '-o', 'json');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as T;
};

beforeAll(async () => {
  for (const node of [home!, other!]) node.start();
  await Promise.all([home!.ready(), other!.ready()]);
  await joinNetworkOf(home!, other!);
}, 60_000);

afterAll(async () => {
  await Promise.all([home!.stop(), other!.stop()]);
  rmSync(scratch, { recursive: true, force: true });
}, 60_000);

describe('the learned scheduler of real nodes', () => {
  it('is judged on the jobs that the node had, by a replay of them', { timeout: 180_000 }, async () => {
    await expect
      .poll(async () => (await home!.get<PeerView[]>('peers')).map(({ state }) => state), { timeout: 20_000 })
      .toEqual(['connected']);
    expect((await run('show')).stdout).toMatch(/^serves +advisor: too few jobs/);
    const tasks = ['a', 'b', 'c', 'd'].map((id) => ({
      ...{ id, kind: 'wait', input: { seconds: 0.05 }, seconds: 0.05 },
      ...(id === 'd' && { needs: ['a', 'b', 'c'] }),
    }));
    for (let number = 0; number < JOBS; number++) await home!.post<JobView>('jobs', { name: `job ${number}`, tasks });
    await expect
      .poll(async () => (await home!.get<PolicyView>('policy')).recentJobs, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(8);
    await expect
      .poll(async () => (await home!.get<PolicyView>('policy')).judgement, { timeout: 100_000, interval: 500 })
      .toMatchObject({ gain: expect.any(Number), over: expect.any(String) });
    const { judgement, scheduler } = await home!.get<PolicyView>('policy');
    expect(scheduler).toBe(judgement?.serves);
    const shown = (await run('show')).stdout;
    expect(shown).toContain(`serves       ${scheduler}: ${judgement?.why}`);
    expect(shown).toMatch(/gain +\d\.\d{3} over/);
    expect(await home!.get('swarm')).toMatchObject({ scheduler, why: judgement?.why });
  });

  it('exports, imports, promotes and rolls back policies, also over a restart', { timeout: 120_000 }, async () => {
    const [packaged] = await json<KeptPolicyView[]>('list');
    const mine = join(scratch, 'mine.json');
    const trained = await start(['policy', 'train', '--steps', '1', '--seed', '5', '--out', mine]).done;
    expect(trained).toMatchObject({ code: 0 });
    const { version } = await json<{ version: string }>('import', mine);
    expect(await json<PolicyView>('promote', version.slice(0, 8))).toMatchObject({ policy: version });
    const shared = join(scratch, 'shared.json');
    expect(await json('export', version, '--out', shared)).toEqual({ version, file: shared });
    expect(await json('show', version.slice(0, 8))).toMatchObject({ version });
    expect(await json('show', shared)).toMatchObject({ version });
    await home!.stop();
    home!.start();
    await home!.ready();
    expect((await json<KeptPolicyView[]>('list')).map(({ version: kept, current }) => [kept, current])).toEqual([
      [version, true],
      [packaged?.version, false],
    ]);
    expect((await home!.get<PolicyView>('policy')).recentJobs).toBeGreaterThanOrEqual(8);
    expect(await json<PolicyView>('rollback')).toMatchObject({ policy: packaged?.version });
    expect(await run('rollback')).toMatchObject({ code: 1, stderr: expect.stringContaining('No other policy') });
    const events = await home!.get<EventView[]>('events?kind=parl.policy');
    expect(events.map(({ message }) => message)).toEqual([
      expect.stringContaining('taken back'),
      expect.stringContaining('is the current one from now on'),
      expect.stringContaining('was imported, not signed'),
    ]);
  });
});
