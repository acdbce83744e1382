// Chaos over HTTP and on the command line, on the real server with the real service.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { describe, expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { Chaos } from '../../../daemon/chaos/chaos.ts';
import { ChaosConfig } from '../../../daemon/chaos/config.ts';
import { Disturbances } from '../../../daemon/chaos/disturbances.ts';
import { boardFaults } from '../../../daemon/chaos/faults/board.ts';
import { Traces } from '../../../daemon/chaos/traces.ts';
import { ChaosView } from '../../../daemon/chaos/view.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { supervise } from '../../agents/scripted-agent.ts';
import { start } from '../cli/stage.ts';
import { bearer, startServer } from '../http/harness.ts';

async function server({ enabled }: { enabled: boolean }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'parlmesh-chaos-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const disturbances = new Disturbances(systemClock);
  const { supervisor } = supervise({ clock: systemClock });
  const chaos = new Chaos({
    config: Value.Parse(ChaosConfig, Value.Default(ChaosConfig, { enabled })),
    kinds: boardFaults({ disturbances, supervisor, relief: () => 0, clock: systemClock }),
    ...{ traces: new Traces(dataDir), isGranted: () => false, takePolicyBack: async () => {} },
    ...{ clock: systemClock, random: seededRandom(1), journal: { record: () => {} } },
  });
  onTestFinished(() => chaos.stop());
  const started = await startServer({ more: { chaos } });
  const post = async (path: string, body: unknown, scope: 'read' | 'act' | 'admin' = 'admin') => {
    const headers = { ...bearer(await started.token(scope)), 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${started.port}/api/v3/${path}`, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
    });
    return { status: answer.status, body: await answer.json() };
  };
  const run = (...args: string[]) => start(['chaos', ...args, '--data-dir', started.folder]).done;
  return { post, run, chaos, disturbances, ...started };
}

describe('over HTTP', () => {
  it('faults are shown as the schema says, injected, and taken away', async () => {
    const { post, call, disturbances, chaos } = await server({ enabled: true });
    const shown = (await call('/api/v3/chaos', { unix: true })).json();
    expect(Value.Check(ChaosView, shown)).toBe(true);
    expect(await post('chaos', { fault: 'under-voltage', seconds: 60 })).toMatchObject({
      status: 200,
      body: { name: 'under-voltage', subject: 'node' },
    });
    expect(disturbances.overlays.size).toBe(1);
    expect(await post('chaos', { fault: 'under-voltage' })).toMatchObject({
      status: 409,
      body: { code: 'CHAOS_BUSY' },
    });
    expect((await call('/api/v3/chaos', { unix: true, method: 'DELETE' })).json()).toEqual({ ended: 1 });
    expect(disturbances.overlays.size).toBe(0);
    expect(Value.Check(ChaosView, chaos.view())).toBe(true);
  });

  it('nothing is injected by who is no administrator, where it is not allowed, or by a wrong name', async () => {
    const { post, disturbances } = await server({ enabled: true });
    expect((await post('chaos', { fault: 'under-voltage' }, 'act')).status).toBe(403);
    expect(await post('chaos', { fault: 'earthquake' })).toMatchObject({
      status: 404,
      body: { code: 'CHAOS_UNKNOWN' },
    });
    expect((await post('chaos', { fault: 'under-voltage', seconds: 1e9 })).status).toBe(400);
    const forbidden = await server({ enabled: false });
    expect(await forbidden.post('chaos', { fault: 'under-voltage' })).toMatchObject({
      status: 403,
      body: { code: 'CHAOS_REFUSED' },
    });
    expect(await forbidden.post('chaos/schedule', { everySeconds: 1, forSeconds: 5, seed: 1 })).toMatchObject({
      status: 403,
    });
    expect([disturbances.overlays.size, forbidden.disturbances.overlays.size]).toEqual([0, 0]);
  });
});

describe('on the command line', () => {
  it('faults are listed, injected, drawn at random and stopped', async () => {
    const { run, disturbances, chaos } = await server({ enabled: true });
    expect((await run('list')).stdout).toMatch(/under-voltage\s+20 s\s+node\s+lays the firmware/);
    const { stdout, code } = await run('run', 'under-voltage', '--for', '45s');
    expect([stdout, code]).toEqual([expect.stringContaining('under-voltage is injected at node for 45 s'), 0]);
    expect(disturbances.overlays.size).toBe(1);
    expect((await run('stop')).stdout).toContain('1 fault taken away.');
    expect((await run('schedule', '--every', '1min', '--for', '10min', '--faults', 'clock-jump')).stdout).toContain(
      'A random fault comes every 60 s',
    );
    expect(chaos.view().schedule).toMatchObject({ everySeconds: 60, seed: 1 });
    expect((await run('stop', '-o', 'json')).code).toBe(0);
    expect(chaos.view().schedule).toBeUndefined();
  });

  it('a node that is not for that says why', async () => {
    const { run } = await server({ enabled: false });
    expect((await run('list')).stdout).toContain('Nothing can be injected here: Faults are injected in demo and test');
    const { code, stderr } = await run('run', 'under-voltage');
    expect([code, stderr]).toEqual([1, expect.stringContaining('chaos.enabled in the configuration says that it is')]);
  });
});
