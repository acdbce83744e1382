import { describe, expect, it, vi } from 'vitest';
import type { JobView } from '../../../agents/swarm/job-view.ts';
import type { SwarmOrchestrator } from '../../../agents/swarm/orchestrator.ts';
import { realSwarmNode } from './real-swarm.ts';
import { operator, wide } from './virtual-swarm.ts';

function ended(swarm: SwarmOrchestrator, id: string): Promise<JobView> {
  return new Promise((resolve) => {
    const look = (view: JobView): void => {
      if (view.id !== id || view.state === 'running') return;
      swarm.off('job', look);
      resolve(view);
    };
    swarm.on('job', look);
    for (const view of swarm.window.jobs()) look(view);
  });
}

describe('A job on real nodes', { timeout: 60_000 }, () => {
  it('runs on one node, and is on its disk when it is accepted', async () => {
    const { swarm } = await realSwarmNode('a');
    const { id } = await swarm.changes.submit(wide(8, 0.05), operator);
    expect(await ended(swarm, id)).toMatchObject({ state: 'succeeded', counts: { succeeded: 8 } });
    expect((await swarm.changes.job(id)).tasks.every(({ attempts }) => attempts.length === 1)).toBe(true);
  });

  it('spreads over two nodes, and both keep its log', async () => {
    const a = await realSwarmNode('a');
    const b = await realSwarmNode('b', { inviter: a, seed: 2 });
    await vi.waitFor(
      () => expect(a.swarm.window.swarm().workers.filter(({ reachable }) => reachable)).toHaveLength(2),
      20_000,
    );
    const { id, deputy } = await a.swarm.changes.submit(wide(24, 0.2), operator);
    const view = await ended(a.swarm, id);
    expect(view).toMatchObject({ state: 'succeeded', counts: { succeeded: 24 }, deputy: { name: 'b' } });
    expect(deputy).toMatchObject({ name: 'b' });
    const { tasks } = await a.swarm.changes.job(id);
    expect(new Set(tasks.map(({ attempts }) => attempts[0]!.node.name))).toEqual(new Set(['a', 'b']));
    await vi.waitFor(
      async () => expect((await b.swarm.changes.job(id)).tasks.every(({ state }) => state === 'succeeded')).toBe(true),
      20_000,
    );
  });
});
