import { describe, expect, it } from 'vitest';
import { type ProposedCorrection, proposalOf } from '../../../agents/mapek/correction-proposal.ts';
import { LADDERS } from '../../../agents/mapek/ladder.ts';
import type { Correction, CorrectionPlanner } from '../../../vision/correction/correction.ts';
import { Rig } from './rig.ts';

const corrections: ProposedCorrection[] = [
  { action: 'camera.accept-view', camera: 'yard' },
  { action: 'camera.restart', camera: 'yard' },
  { action: 'camera.lower-rate' },
  { action: 'camera.switch-detector' },
  { action: 'agent.restart', agent: 'pump' },
  { action: 'link.reset', node: 'pi-3' },
];

describe('What the self-correction wants', () => {
  it('is on the ladder of the fault that it is proposed for', () => {
    for (const correction of corrections) {
      const { fault, action } = proposalOf(correction, 'so', () => 'n3');
      expect(LADDERS[fault]).toContain(action);
    }
    expect(proposalOf(corrections[5]!, 'so', () => 'n3').subject).toBe('link/n3');
  });

  it('goes through the loop, behind the interface that the self-correction knows', async () => {
    const rig = await new Rig().start();
    const planner: CorrectionPlanner = {
      canDo: () => true,
      carryOut: async (correction: Correction, why) => {
        if (correction.action === 'operator.ask') return correction.question;
        return rig.loop.propose(proposalOf(correction, why, () => 'n3'));
      },
    };
    await expect(planner.carryOut({ action: 'agent.restart', agent: 'pump' }, 'its lamp is dark')).resolves.toBe(
      'did agent.restart',
    );
    expect(rig.done).toMatchObject([{ action: 'agent.restart', subject: 'agent/pump' }]);
    expect(rig.asked).toEqual([{ action: 'agent.restart', actor: { kind: 'agent', id: 'self-correction' } }]);
  });
});
