// A node that drops out of the election of the federation, and a policy that is bad.

import { FEWEST_JOBS } from '../../../agents/parl/controller.ts';
import { createPolicy, encodePolicy, POLICY_SHAPE } from '../../../agents/parl/policy.ts';
import { parameterCount } from '../../../agents/parl/ppo/shape.ts';
import type { Random } from '../../../core/random.ts';
import type { Learning } from '../../learning.ts';
import type { Lifecycle } from '../../lifecycle.ts';
import type { InjectionKind } from '../injection.ts';

export interface LearningFaultsParts {
  learning: Pick<Learning, 'view' | 'import' | 'promote' | 'rollback'>;
  lifecycle: Pick<Lifecycle, 'breakDown' | 'restart' | 'isRunning' | 'statuses'>;
  random: Random;
  now: () => number;
}

const ELECTION = 'federation-election';
/** Parameters far beyond what training makes: choices are as good as dice, and sure of themselves. */
const SPREAD = 8;

export function learningFaults({ learning, lifecycle, random, now }: LearningFaultsParts): InjectionKind[] {
  /** Changes when it is started anew. */
  const runsSince = () => lifecycle.statuses().find(({ name }) => name === ELECTION)?.since;
  const inForce = (): string | undefined => learning.view().policies.find(({ current }) => current)?.version;
  return [
    {
      ...{ name: 'federation-stalled', fault: 'federation-stalled', lasts: 120_000 },
      does: 'has this node drop out of the election of the federation’s coordinator',
      targets: () => (lifecycle.isRunning(ELECTION) === true ? ['federation'] : []),
      why: () => 'the federation is switched off on this node',
      at: (target, lasts) => {
        const since = runsSince();
        return {
          ...{ fault: 'federation-stalled', subject: 'service/federation', target, lasts },
          harms: () => runsSince() === since,
          inject: async () => {
            await lifecycle.breakDown(ELECTION, undefined);
            return () => lifecycle.restart(ELECTION);
          },
        };
      },
    },
    {
      ...{ name: 'policy-regressed', fault: 'policy-regressed', lasts: 120_000 },
      does: 'puts a policy into force that chooses by dice',
      targets: () => (inForce() !== undefined && learning.view().recentJobs >= FEWEST_JOBS ? ['policy'] : []),
      why: () => `this node has to have placed ${FEWEST_JOBS} jobs before a policy can be judged`,
      at: (target, lasts) => {
        const parameters = Float32Array.from(
          { length: parameterCount(POLICY_SHAPE) },
          () => SPREAD * (2 * random.next() - 1),
        );
        const lineage = {
          kind: 'imported',
          madeAt: now(),
          decisions: 0,
          note: 'made bad on purpose by chaos',
        } as const;
        const policy = createPolicy(parameters, lineage);
        const { version } = policy;
        return {
          ...{ fault: 'policy-regressed', subject: 'service/policy', target, lasts },
          traces: [{ kind: 'policy', version }],
          harms: () => inForce() === version,
          inject: async () => {
            await learning.import(encodePolicy(policy));
            await learning.promote(version);
            return () => takeBack(learning, version);
          },
        };
      },
    },
  ];
}

/** Does nothing when it is not in force any more. */
export async function takeBack(learning: Pick<Learning, 'view' | 'rollback'>, version: string): Promise<void> {
  const isInForce = learning.view().policies.some((policy) => policy.current && policy.version === version);
  if (isInForce) await learning.rollback();
}
