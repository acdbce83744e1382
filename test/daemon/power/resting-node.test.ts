// A real node, a process of its own, on a made-up board whose battery sinks and is charged.

import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { JobView, SwarmView } from '../../../agents/swarm/job-view.ts';
import type { LocalNode } from '../../../daemon/cli/local-node.ts';
import type { CameraView, EventView, HardwareView } from '../../../daemon/view/schema.ts';
import { type Machine, machine, stat } from '../hardware/machine.ts';
import { realNodes, WITHIN } from '../mapek/told-by-nodes.ts';

const { scratch, start } = realNodes();
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const SUPPLY = 'sys/class/power_supply/BAT0';
const battery = (percent: number, status: string): Record<string, string> => ({
  [`${SUPPLY}/type`]: 'Battery\n',
  [`${SUPPLY}/capacity`]: `${percent}\n`,
  [`${SUPPLY}/status`]: `${status}\n`,
});
const board = (percent: number): Machine =>
  machine({
    'proc/stat': stat(10, 90),
    'proc/meminfo': 'MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n',
    ...battery(percent, 'Discharging'),
  });
const settings = (own: Machine, more: Record<string, string> = {}): Record<string, string> => ({
  PARLMESH_HARDWARE_ROOT: own.root,
  PARLMESH_HARDWARE_INTERVAL: '1',
  ...more,
});
const powerOf = async (node: LocalNode) => (await node.get<HardwareView>('hardware')).power?.state;
const slotsOf = async (node: LocalNode) => (await node.get<SwarmView>('swarm')).workers[0]?.slots;
const cameraOf = async (node: LocalNode) => (await node.get<CameraView[]>('cameras'))[0];

describe('a real node on a battery', () => {
  it('rests at 12 %, takes no task and opens no camera, and works again on mains', async () => {
    using own = board(12);
    const cameras = JSON.stringify([{ name: 'yard', source: 'rendered:?scene=street&seed=1', framesPerSecond: 2 }]);
    const node = await start('field', join(scratch, 'field'), settings(own, { PARLMESH_CAMERAS: cameras }));
    await expect.poll(() => powerOf(node), WITHIN).toBe('low');
    await expect.poll(() => slotsOf(node), WITHIN).toBe(0);
    await expect
      .poll(() => cameraOf(node), WITHIN)
      .toMatchObject({ state: 'waiting', cause: 'off while the board rests' });
    const task = { id: 'a', kind: 'wait', input: { seconds: 0 }, seconds: 0.1 };
    const job = await node.post<JobView>('jobs', { name: 'for later', tasks: [task] });
    const stateOf = async () => (await node.get<JobView[]>('jobs')).find(({ id }) => id === job.id)?.state;
    expect(await stateOf()).not.toBe('succeeded');

    own.write(battery(12, 'Charging'));
    await expect.poll(() => powerOf(node), WITHIN).toBe('awake');
    await expect.poll(stateOf, WITHIN).toBe('succeeded');
    await expect.poll(async () => (await cameraOf(node))?.state, WITHIN).toBe('live');
    const told = await node.get<EventView[]>('events?kind=power.');
    expect(told.map(({ kind }) => kind)).toEqual(['power.awake', 'power.low']);
  });

  it('works for a while when it is asked to, though its battery is low', async () => {
    using own = board(12);
    const node = await start('asked', join(scratch, 'asked'), settings(own));
    await expect.poll(() => powerOf(node), WITHIN).toBe('low');
    await node.post('power/wake', { seconds: 2 });
    await expect.poll(() => slotsOf(node), WITHIN).toBeGreaterThan(0);
    await expect.poll(() => powerOf(node), WITHIN).toBe('low');
  });

  it('tells its peers that it rests, and until when', async () => {
    using own = board(80);
    const node = await start('cycle', join(scratch, 'cycle'), settings(own));
    const { token } = await node.post<{ token: string }>('network/invites', {});
    const other = await start(
      'rester',
      join(scratch, 'rester'),
      settings(own, { PARLMESH_POWER_DUTY_CYCLE_AWAKE: '10', PARLMESH_POWER_DUTY_CYCLE_EVERY: '86400' }),
    );
    await other.post('network/join', { token });
    const restOf = async () =>
      (await node.get<{ name: string; rests?: { until?: number } }[]>('peers')).find(({ name }) => name === 'rester')
        ?.rests;
    // The next window begins at midnight of UTC.
    const midnight = Math.ceil(Date.now() / 86_400_000) * 86_400_000;
    await expect.poll(restOf, { ...WITHIN, timeout: 45_000 }).toEqual({ until: midnight });
  });

  it('ends in order at 3 %, where that is wanted, and says why', async () => {
    using own = board(30);
    const folder = join(scratch, 'last');
    const node = await start('last', folder, settings(own, { PARLMESH_POWER_BATTERY_WHEN_CRITICAL: 'stop' }));
    own.write(battery(3, 'Discharging'));
    expect(await node.exited).toBe(3);
    own.write(battery(90, 'Charging'));
    const again = await start('last', folder, settings(own));
    const told = await again.get<EventView[]>('events?kind=power.critical');
    expect(told[0]?.message).toBe('The battery is nearly empty: 3 % left');
  });
});
