// The policy taken back, another coordinator.

import type { RepairHands } from '../../../agents/mapek/action.ts';
import type { Federation } from '../../federation/federation.ts';
import type { Learning } from '../../learning.ts';
import type { Lifecycle } from '../../lifecycle.ts';

export interface LearningHandsParts {
  learning: Pick<Learning, 'view' | 'rollback' | 'promote'>;
  federation: Pick<Federation, 'election'> | undefined;
  lifecycle: Pick<Lifecycle, 'restart'>;
}

export function learningHands({ learning, federation, lifecycle }: LearningHandsParts): RepairHands {
  /** What was taken back, so that this can be taken back too. */
  let before: string | undefined;
  return {
    'policy.roll-back': {
      precondition: () => {
        const { scheduler, policies } = learning.view();
        if (policies.length < 2) return 'there is no policy before this one';
        return policies.some(({ current }) => current) || `no learned policy is in force: ${scheduler} places tasks`;
      },
      carryOut: async () => {
        before = learning.view().policies.find(({ current }) => current)?.version;
        const { policies } = await learning.rollback();
        return `Policy ${policies.find(({ current }) => current)?.version} is in force again; ${before} was taken back`;
      },
      undo: async () => {
        if (before !== undefined) await learning.promote(before);
      },
    },
    // A node lets go of the seat by ending its election, and stands for it again like any other. It cannot depose another one:
    // that is what the lease is for.
    'federation.new-coordinator': {
      precondition: () => {
        if (federation === undefined) return 'the federation is switched off on this node';
        const { seat } = federation.election;
        return seat.kind !== 'other' || 'another node coordinates; when its lease runs out the others elect anew';
      },
      carryOut: async () => {
        const held = federation?.election.seat.kind === 'self';
        await lifecycle.restart('federation-election');
        return held ? 'This node left the seat; the nodes elect anew' : 'This node asks for an election anew';
      },
    },
  };
}
