// Far more tasks than can be done: what is set back, and what goes on.

import { describe, expect, it } from 'vitest';
import { operator, VirtualSwarm, wide } from './virtual-swarm.ts';

const flood = { kind: 'operator', name: 'flood' } as const;

async function flooded() {
  const swarm = new VirtualSwarm();
  // Four slots each, and four more in each queue.
  const [a] = [await swarm.start('a'), await swarm.start('b')];
  await swarm.pass(100);
  const { backlog, changes } = a!.swarm;
  const small = await swarm.submit(a!, wide(20, 1));
  const large = await swarm.settled(changes.submit(wide(400, 1), flood));
  return { swarm, node: a!, backlog, changes, small, large };
}

describe('A storm of tasks', () => {
  it('is measured for each place within reach', async () => {
    const { backlog } = await flooded();
    expect(backlog.places).toBe(8);
    expect(backlog.perPlace()).toBeGreaterThan(47);
    expect(backlog.perPlace()).toBeLessThanOrEqual(52.5);
  });

  it('goes last: the job with most that waits is set back, the others go on as before', async () => {
    const { swarm, backlog, large } = await flooded();
    const { jobs, by } = backlog.setBack(60_000);
    expect([jobs, by]).toEqual([1, ['flood']]);
    expect(backlog.perPlace()).toBeLessThanOrEqual(10);
    expect(backlog.setBack(60_000)).toEqual({ jobs: 0, tasks: 0, by: [] });
    const next = await swarm.submit([...swarm.nodes.values()][0]!, wide(8, 1));
    const { figures } = await swarm.ended(next.id);
    expect(figures.seconds).toBeLessThan(8);
    const view = await swarm.ended(large.id, 120_000);
    expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 400 } });
  });

  it('is not added to by whoever sent it, for a while', async () => {
    const { swarm, node, backlog, changes } = await flooded();
    backlog.setBack(60_000);
    await expect(changes.submit(wide(1, 1), flood)).rejects.toMatchObject({ code: 'JOBS_UNAVAILABLE' });
    await swarm.settled(changes.submit(wide(1, 1), operator));
    await swarm.pass(60_000);
    await swarm.settled(changes.submit(wide(1, 1), flood));
    expect(node.swarm.figures().jobs.running).toBeGreaterThan(0);
  });

  it('goes in its turn again when that is taken back', async () => {
    const { swarm, backlog, changes } = await flooded();
    const before = backlog.perPlace();
    backlog.setBack(60_000);
    backlog.takeUpAgain();
    expect(backlog.perPlace()).toBe(before);
    await swarm.settled(changes.submit(wide(1, 1), flood));
  });
});
