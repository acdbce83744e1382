// Faults on a real node, run as a process of its own: what it does about them, how soon, and what it tells.

import { mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LocalNode } from '../../../daemon/cli/local-node.ts';
import type { HealingView, IncidentDetailView } from '../../../daemon/view/incident-schema.ts';
import type { AgentView, NodeView } from '../../../daemon/view/schema.ts';
import { freePort } from '../../free-port.ts';
import { smallDisk } from '../../small-disk.ts';
import { retained, startMosquitto, type TestBroker } from '../telemetry/brokers.ts';
import { incidentsOf, realNodes, story, WITHIN } from './told-by-nodes.ts';

const { scratch, nodes, start } = realNodes();
// Whole processes start here, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

/** The process that runs a module, within those that shut it in. */
function moduleProcess(parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);
  const found = children.find((pid) => /module-child/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
  if (found === undefined) throw new Error(`no module runs under ${parent}: ${children.join(' ')}`);
  for (let inner = found; ; ) {
    const [child] = readFileSync(`/proc/${inner}/task/${inner}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
    if (child === undefined) return inner;
    inner = child;
  }
}

describe('a real node', () => {
  const agent = 'module/steady';
  const brokers: TestBroker[] = [];
  let node: LocalNode;
  const stateOf = async () => (await node.get<AgentView[]>('agents')).find(({ id }) => id === agent)?.state;

  beforeAll(async () => {
    const dataDir = join(scratch, 'north');
    mkdirSync(join(dataDir, 'agents'), { recursive: true, mode: 0o755 });
    writeFileSync(join(dataDir, 'agents', 'steady.mjs'), "export const onMessage = () => 'here';");
    for (let i = 0; i < 2; i++) brokers.push(await startMosquitto(await freePort()));
    node = await start('north', dataDir, {
      // Every crash sets it aside: what brings it back is the loop.
      PARLMESH_AGENTS_MAX_RESTARTS: '0',
      PARLMESH_MQTT_URL: JSON.stringify(brokers.map(({ url }) => url)),
      PARLMESH_CAMERAS: JSON.stringify([{ name: 'yard', source: `folder:${join(scratch, 'nothing-here')}` }]),
    });
  }, 90_000);

  afterAll(() => Promise.all(brokers.map((broker) => broker.stop())));

  it('brings a killed agent back and tells the story', async () => {
    await expect.poll(stateOf, WITHIN).toMatch(/ready|busy/);
    process.kill(moduleProcess(node.pid!), 'SIGKILL');
    const { fault, seenAt, actedAt, recoveredAt, steps, evidence } = await story(node, `agent/${agent}`, (one) => {
      return one.fault === 'agent-crashed' && one.recoveredAt !== undefined;
    });
    expect(fault).toBe('agent-crashed');
    expect(steps[0]).toMatchObject({
      action: 'agent.restart',
      by: 'loop',
      said: `Agent ${agent} was restarted and came up`,
    });
    expect(evidence.join()).toContain(agent);
    expect(actedAt! - seenAt).toBeLessThan(500);
    // A module's process takes most of it to start: much longer where eight helpers share two cores.
    expect(recoveredAt! - seenAt).toBeLessThan(10_000);
    expect(await stateOf()).toMatch(/ready|busy/);
    const report = await node.request(
      'GET',
      `/api/v3/incidents/${(await incidentsOf(node, `agent/${agent}`))[0]!.id}/post-mortem`,
    );
    expect(report.body).toContain('**restart agent module/steady** (agent.restart)');
  });

  it('brings an agent back that hangs', async () => {
    process.kill(moduleProcess(node.pid!), 'SIGSTOP');
    const { steps } = await story(node, `agent/${agent}`, (one) => {
      return one.fault === 'agent-hung' && one.recoveredAt !== undefined;
    });
    expect(steps[0]).toMatchObject({ action: 'agent.restart' });
    expect(await stateOf()).toMatch(/ready|busy/);
  });

  it('asks people about a camera that no repair brings back, once, and leaves it to them when they refuse', async () => {
    const { id, steps } = await story(node, 'camera/yard', ({ state }) => state === 'asked');
    expect(steps.map(({ action, outcome }) => [action, outcome])).toContainEqual(['camera.restart', 'failed']);
    const { question } = await node.get<IncidentDetailView>(`incidents/${id}`);
    expect(question?.reason).toContain('Camera yard sends nothing');
    expect(
      (await node.request('POST', `/api/v3/incidents/${id}/answer`, { kind: 'approve', action: 'usb.reset' })).status,
    ).not.toBe(200);
    await node.post(`incidents/${id}/answer`, { kind: 'refuse' });
    expect(await story(node, 'camera/yard', (one) => one.id === id)).toMatchObject({ state: 'escalated' });
    expect((await node.request('POST', `/api/v3/incidents/${id}/answer`, { kind: 'refuse' })).status).toBe(404);
  });

  it('goes on over the other broker when the one that it uses is killed', async () => {
    const { addresses } = await node.get<NodeView>('node');
    expect(addresses.broker).toBe(brokers.map(({ url }) => url).join(', '));
    await brokers[0]!.stop();
    const { steps, recoveredAt, seenAt } = await story(node, 'service/mqtt', (one) => one.recoveredAt !== undefined);
    expect(steps.map(({ action }) => action)).toContain('mqtt.reconnect');
    await expect
      .poll(
        async () => [...(await retained(brokers[1]!.url)).keys()].some((topic) => topic.endsWith('/incidents')),
        WITHIN,
      )
      .toBe(true);
    expect(recoveredAt! - seenAt).toBeLessThan(10_000);
  });

  it('tells how the loop does', async () => {
    const { phases, knowledge, budget } = await node.get<HealingView>('healing');
    expect(phases.find(({ phase }) => phase === 'cycle')?.count).toBeGreaterThan(0);
    expect(budget.actionsLastHour).toBeGreaterThan(1);
    expect(knowledge).toContainEqual(
      expect.objectContaining({ fault: 'camera-lost', action: 'camera.restart', helped: 0 }),
    );
  });
});

describe('a node whose disk is nearly full (needs root to mount one)', () => {
  it('asks first where it only advises; approved over the API, it deletes what it may, and the disk is free again', async (context) => {
    const disk = smallDisk(64);
    if ('reason' in disk) return context.skip(disk.reason);
    const dataDir = disk.path;
    onTestFinished(async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      disk.remove();
    });
    const node = await start('small', dataDir, { PARLMESH_MAPEK_MODE: 'advise' });
    const { bavail, blocks, bsize } = statfsSync(dataDir);
    const spare = join(dataDir, 'parlmesh.db.replaced-20260101T000000.000Z');
    writeFileSync(spare, Buffer.alloc((bavail - Math.round(0.03 * blocks)) * bsize));
    const { id, steps: none } = await story(
      node,
      'node',
      ({ fault, state }) => fault === 'disk-full' && state === 'asked',
    );
    expect(none).toEqual([]);
    expect((await node.get<{ health: { sentence: string } }>('node')).health.sentence).toMatch(
      /^The disk is nearly full/,
    );
    await node.post(`incidents/${id}/answer`, { kind: 'approve', action: 'store.free-space' });
    const { steps } = await story(node, 'node', (one) => one.id === id && one.recoveredAt !== undefined);
    expect(steps[0]).toMatchObject({
      ...{ action: 'store.free-space', by: 'the command line', reason: 'approved by the command line' },
      said: expect.stringMatching(/^\d+\.\d MB were freed/),
    });
  }, 90_000);
});
