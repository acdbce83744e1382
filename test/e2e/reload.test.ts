import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalNode } from '../../daemon/cli/local-node.ts';
import type { AnomaliesView } from '../../daemon/view/anomaly-schema.ts';
import type { HealingView } from '../../daemon/view/incident-schema.ts';
import type { AgentView, CameraView, EventView } from '../../daemon/view/schema.ts';

const scratch = mkdtempSync(join(tmpdir(), 'parlmesh-reload-'));
const config = join(scratch, 'config.yaml');
const node = new LocalNode({ name: 'reloaded', dataDir: join(scratch, 'data'), config });

function configure(text: string): void {
  writeFileSync(config, text);
}

const lastReload = async () =>
  (await node.get<EventView[]>('events?limit=50')).find(({ kind }) => kind === 'config.reloaded')?.message ?? '';

beforeAll(async () => {
  mkdirSync(join(scratch, 'pictures'));
  configure('log:\n  level: warn\n');
  node.start();
  await node.ready();
});

afterAll(async () => {
  await node.stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('SIGHUP', () => {
  it('opens a camera that was added, with its agent, and names what needs a restart', async () => {
    configure(
      `log:\n  level: info\nmesh:\n  mdns: true\n  maxPeers: 7\ncameras:\n  - name: yard\n    source: folder:${scratch}/pictures\n`,
    );
    process.kill(node.pid!, 'SIGHUP');
    await expect.poll(async () => (await node.get<CameraView[]>('cameras')).map(({ id }) => id)).toEqual(['yard']);
    await expect
      .poll(async () => (await node.get<AgentView[]>('agents')).map(({ id, state }) => `${id} ${state}`))
      .toContain('camera/yard ready');
    await expect.poll(lastReload).toMatch(/cameras.*restart is needed for mesh\.maxPeers/);
  });

  it('closes a camera that was taken out', async () => {
    configure('log:\n  level: warn\n');
    process.kill(node.pid!, 'SIGHUP');
    await expect.poll(() => node.get<CameraView[]>('cameras')).toEqual([]);
    await expect
      .poll(async () => (await node.get<AgentView[]>('agents')).map(({ id }) => id))
      .not.toContain('camera/yard');
  });

  it('has the self-healing and the anomalies go by what is set now', async () => {
    configure(
      'mapek:\n  mode: advise\n  helpNeighbours: false\nanomalies:\n  quietHours:\n    - from: "22:00"\n      to: "06:00"\n',
    );
    process.kill(node.pid!, 'SIGHUP');
    await expect.poll(async () => (await node.get<HealingView>('healing')).mode).toBe('advise');
    const { quietHours } = await node.get<AnomaliesView>('anomalies');
    expect(quietHours).toEqual([{ from: '22:00', to: '06:00' }]);
    await expect
      .poll(lastReload)
      .toMatch(/mapek\.mode.*anomalies\.quietHours.*restart is needed for mapek\.helpNeighbours/);
  });

  it('keeps the running configuration when the new one is wrong, and says why', async () => {
    configure('log:\n  levle: warn\n');
    process.kill(node.pid!, 'SIGHUP');
    await expect.poll(() => node.output).toContain('log.level');
    const events = await node.get<EventView[]>('events?kind=config.refused');
    expect(events[0]?.message).toContain('log.levle');
    expect((await node.request('GET', '/readyz')).status).toBe(200);
  });
});
