// What is proposed is done here only where it can be, and only when the oracle allows it.

import { describe, expect, it } from 'vitest';
import type { ProposedAction } from '../../../agents/authorizer.ts';
import { LocalPlanner } from '../../../daemon/correction/local-planner.ts';
import type { Correction } from '../../../vision/correction/correction.ts';

function planner({ refuse = false } = {}) {
  const done: string[] = [];
  const asked: ProposedAction[] = [];
  const plan = new LocalPlanner({
    self: 'node-a',
    authorize: async (action) => {
      asked.push(action);
      if (refuse) throw new Error('not allowed');
    },
    hasAgent: (id) => id === 'pump',
    restartAgent: async (id) => void done.push(`agent ${id}`),
    hasCamera: (id) => id === 'yard',
    restartCamera: async (id) => void done.push(`camera ${id}`),
    acceptView: (id) => done.push(`view ${id}`),
    lowerRate: () => done.push('rate'),
    useOtherDetector: async () => {
      done.push('detector');
      return 'small';
    },
    hasNeighbour: (name) => name === 'pi-3',
    resetLink: (name) => done.push(`link ${name}`),
  });
  return { plan, done, asked };
}

const ALL: Correction[] = [
  { action: 'camera.accept-view', camera: 'yard' },
  { action: 'camera.restart', camera: 'yard' },
  { action: 'camera.lower-rate' },
  { action: 'camera.switch-detector' },
  { action: 'agent.restart', agent: 'pump' },
  { action: 'link.reset', node: 'pi-3' },
];

describe('the planner of this node', () => {
  it('does each correction, asked about under its own name', async () => {
    const { plan, done, asked } = planner();
    for (const correction of ALL) {
      expect(plan.canDo(correction)).toBe(true);
      await plan.carryOut(correction, 'the lamp is off');
    }
    expect(done).toEqual(['view yard', 'camera yard', 'rate', 'detector', 'agent pump', 'link pi-3']);
    expect(asked.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      ...['camera.accept-view camera/yard', 'camera.restart camera/yard', 'camera.lower-rate service/vision'],
      ...['camera.switch-detector service/vision', 'agent.restart agent/pump', 'link.reset peer/pi-3'],
    ]);
    expect(asked.every(({ actor, scope }) => actor.kind === 'agent' && scope === 'node')).toBe(true);
  });

  it('says what it cannot do: other nodes’ agents, cameras and links', () => {
    const { plan } = planner();
    expect(plan.canDo({ action: 'agent.restart', agent: 'elsewhere' })).toBe(false);
    expect(plan.canDo({ action: 'camera.restart', camera: 'elsewhere' })).toBe(false);
    expect(plan.canDo({ action: 'link.reset', node: 'far' })).toBe(false);
  });

  it('does nothing that the oracle refuses, and asks a person without asking the oracle', async () => {
    const { plan, done, asked } = planner({ refuse: true });
    await expect(plan.carryOut(ALL[4]!, 'it failed')).rejects.toThrow('not allowed');
    expect(done).toEqual([]);
    const said = await plan.carryOut(
      { action: 'operator.ask', question: 'Look after pi-3', offers: [] },
      'it is silent',
    );
    expect(said).toBe('An operator is asked: Look after pi-3');
    expect(asked).toHaveLength(1);
  });
});
