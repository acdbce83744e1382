// Faults injected by chaos into a real node, a process of its own: each is seen, repaired, seen to be well and closed.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { JobView } from '../../../agents/swarm/job-view.ts';
import type { ChaosView, InjectionView } from '../../../daemon/chaos/view.ts';
import { joinNetworkOf, type LocalNode } from '../../../daemon/cli/local-node.ts';
import type { FederationView } from '../../../daemon/view/federation-schema.ts';
import type { PolicyView } from '../../../daemon/view/policy-schema.ts';
import type { AgentView } from '../../../daemon/view/schema.ts';
import { incidentsOf, realNodes, story, WITHIN } from './told-by-nodes.ts';

const { scratch, start } = realNodes();
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });
const PATIENCE = { timeout: 75_000, interval: 100 };

/** Asks another module again and again. */
const CALLER = `
export function start(api) {
  const ask = () => api.request('module/steady', {}).catch(() => {}).then(() => setTimeout(ask, 50));
  ask();
}`;

/** Injects a fault once the node can have it there. */
async function inject(node: LocalNode, fault: string, target: string, seconds: number): Promise<InjectionView> {
  await expect
    .poll(async () => {
      const { faults } = await node.get<ChaosView>('chaos');
      return faults.find(({ name }) => name === fault)?.targets;
    }, WITHIN)
    .toContain(target);
  return node.post<InjectionView>('chaos', { fault, target, seconds });
}

describe('a real node', () => {
  let node: LocalNode;

  beforeAll(async () => {
    const agents = join(scratch, 'north', 'agents');
    mkdirSync(agents, { recursive: true, mode: 0o755 });
    writeFileSync(join(agents, 'steady.mjs'), "export const onMessage = () => 'here';");
    writeFileSync(join(agents, 'caller.mjs'), CALLER);
    writeFileSync(join(agents, 'caller.yaml'), 'capabilities: [agent.message]');
    node = await start('north', join(scratch, 'north'), {
      ...{ PARLMESH_CHAOS_ENABLED: 'true', PARLMESH_CHAOS_MOST_SECONDS: '600' },
      PARLMESH_SWARM_AGENTS_MIN: '3',
      PARLMESH_SWARM_AGENTS_MAX: '3',
      PARLMESH_MAPEK_RELAPSE_WITHIN: '5',
      PARLMESH_CAMERAS: JSON.stringify([{ name: 'yard', source: 'rendered:?scene=street&seed=1', framesPerSecond: 1 }]),
    });
  }, 90_000);

  it('restarts an agent that takes longer for letters than it used to', async () => {
    const agent = 'module/steady';
    await inject(node, 'agent-slow', agent, 90);
    const { fault, steps } = await story(node, `agent/${agent}`, ({ state }) => state === 'recovered', PATIENCE);
    expect(fault).toBe('agent-slow');
    expect(steps).toEqual([expect.objectContaining({ action: 'agent.restart', outcome: 'helped' })]);
    expect((await node.get<AgentView[]>('agents')).find(({ id }) => id === agent)?.restarts).toBe(1);
  });

  it('restarts an agent that is slower than the others that do the same work', async () => {
    const tasks = Array.from({ length: 600 }, (_, index) => ({
      ...{ id: `t${index}`, kind: 'wait', input: { seconds: 0.2 }, seconds: 0.2 },
    }));
    const job = await node.post<{ id: string }>('jobs', { name: 'steady work', tasks });
    const agent = 'job-worker/2';
    await inject(node, 'agent-slow', agent, 90);
    const { fault, steps, evidence } = await story(
      node,
      `agent/${agent}`,
      ({ state }) => state === 'recovered',
      PATIENCE,
    );
    expect(fault).toBe('agent-slow');
    expect(steps).toEqual([expect.objectContaining({ action: 'agent.restart', outcome: 'helped' })]);
    expect(evidence[0]).toMatch(/^Agent job-worker\/2 takes [\d.]+ times as long as usual$/);
    const agents = await node.get<AgentView[]>('agents');
    expect(agents.find(({ id }) => id === agent)).toMatchObject({
      restarts: 1,
      state: expect.stringMatching(/ready|busy/),
    });
    await node.request('POST', `/api/v3/jobs/${job.id}/cancel`);
  });

  it('has a storm of tasks go last, so that other work goes on', async () => {
    const { id } = await inject(node, 'task-storm', 'tasks', 60);
    const seen = await story(node, 'node', ({ fault, steps }) => fault === 'task-storm' && steps.length > 0, PATIENCE);
    expect(seen.evidence[0]).toMatch(/^\d+ tasks wait for each place that works$/);
    const { steps } = await story(node, 'node', (one) => one.id === seen.id && one.state === 'recovered', PATIENCE);
    expect(steps).toEqual([
      expect.objectContaining({
        ...{ action: 'task.shed', outcome: 'helped' },
        said: expect.stringMatching(/^\d+ jobs with \d+ waiting tasks go last; agent chaos injector can submit none/),
      }),
    ]);
    const { running } = await node.get<ChaosView>('chaos');
    expect(running.find((one) => one.id === id)?.goneAt).toBeGreaterThan(0);
    const task = { id: 'a', kind: 'wait', input: { seconds: 0.1 }, seconds: 0.1 };
    const job = await node.post<JobView>('jobs', { name: 'in between', tasks: [task] });
    const stateOf = async (name: string) => (await node.get<JobView[]>('jobs')).find((one) => one.name === name)?.state;
    await expect.poll(() => stateOf(job.name), WITHIN).toBe('succeeded');
    expect(await stateOf('chaos: task storm')).toBe('running');
    await node.request('DELETE', '/api/v3/chaos');
  });

  it('copies a model that is damaged from the package again, and does nothing else about it', async () => {
    const model = 'model/mb3-centernet-512';
    const { id } = await inject(node, 'model-broken', model.slice('model/'.length), 60);
    const { fault, steps, evidence } = await story(node, model, ({ state }) => state === 'recovered', PATIENCE);
    expect([fault, evidence[0]]).toEqual(['model-broken', expect.stringMatching(/is damaged or another file/)]);
    expect(steps).toEqual([expect.objectContaining({ action: 'model.reinstall', outcome: 'helped' })]);
    const { running } = await node.get<ChaosView>('chaos');
    expect(running.find((one) => one.id === id)?.goneAt).toBeGreaterThan(0);
    expect(await incidentsOf(node, 'service/vision')).toEqual([]);
    await node.request('DELETE', '/api/v3/chaos');
  });

  it('goes back to the policy before when the one in force does worse on the jobs that there were', async () => {
    // Short and long jobs by turns: it matters which go first.
    for (let number = 0; number < 10; number++) {
      const [count, seconds] = number % 2 === 0 ? [1, 0.05] : [9, 0.4];
      const tasks = Array.from({ length: count }, (_, index) => ({
        ...{ id: `t${index}`, kind: 'wait', input: { seconds }, seconds },
      }));
      await node.post('jobs', { name: `job ${number}`, tasks });
    }
    const { policy: packaged } = await node.get<PolicyView>('policy');
    const { id } = await inject(node, 'policy-regressed', 'policy', 250);
    const { fault, steps, evidence } = await story(node, 'service/policy', ({ state }) => state === 'recovered', {
      ...PATIENCE,
      // Policies are judged in a thread of the lowest priority, after all else that the machine does.
      timeout: 240_000,
    });
    expect([fault, evidence[0]]).toEqual([
      'policy-regressed',
      expect.stringMatching(/^Work costs [\d.]+ times what it did under the policy before$/),
    ]);
    expect(steps).toEqual([expect.objectContaining({ action: 'policy.roll-back', outcome: 'helped' })]);
    expect((await node.get<PolicyView>('policy')).policy).toBe(packaged);
    const { running } = await node.get<ChaosView>('chaos');
    expect(running.find((one) => one.id === id)?.goneAt).toBeGreaterThan(0);
    await node.request('DELETE', '/api/v3/chaos');
    expect((await node.get<PolicyView>('policy')).policy).toBe(packaged);
  }, 300_000);
});

describe('two real nodes that learn together', () => {
  it('have one stand for election again that dropped out of it without a word', async () => {
    const settings = {
      PARLMESH_CHAOS_ENABLED: 'true',
      PARLMESH_FEDERATION_LEASE: '2',
      PARLMESH_MAPEK_RELAPSE_WITHIN: '5',
    };
    const [east, west] = await Promise.all(['east', 'west'].map((name) => start(name, join(scratch, name), settings)));
    await joinNetworkOf(east!, west!);
    const coordinators = () =>
      Promise.all([east!, west!].map(async (node) => (await node.get<FederationView>('federation')).coordinator?.id));
    const isOne = async (): Promise<boolean> => {
      const [a, b] = await coordinators();
      return a !== undefined && a === b;
    };
    await expect.poll(isOne, PATIENCE).toBe(true);
    const { id } = await inject(east!, 'federation-stalled', 'federation', 60);
    const { fault, steps, evidence } = await story(
      east!,
      'service/federation',
      ({ state }) => state === 'recovered',
      PATIENCE,
    );
    expect([fault, evidence[0]]).toEqual([
      'federation-stalled',
      expect.stringMatching(/^No node has coordinated for \d+ s$/),
    ]);
    expect(steps).toEqual([expect.objectContaining({ action: 'federation.new-coordinator', outcome: 'helped' })]);
    const { running } = await east!.get<ChaosView>('chaos');
    expect(running.find((one) => one.id === id)?.goneAt).toBeGreaterThan(0);
    await expect.poll(isOne, PATIENCE).toBe(true);
  }, 180_000);
});
