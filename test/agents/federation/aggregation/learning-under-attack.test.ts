import { describe, expect, it } from 'vitest';
import { ATTACKS } from '../../../../bench/federation-robust/attacks.ts';
import { federate, type Run } from '../../../../bench/federation-robust/federation.ts';
import { schedulingTask } from '../../../../bench/federation-robust/scheduling-task.ts';

// Ten nodes learn to schedule from nothing; a fresh policy scores 0.79 here, one that learned well 1.
const RUN: Omit<Run, 'attack' | 'attackers' | 'rule'> = {
  ...{ task: schedulingTask, nodes: 10, seed: 1, rounds: 10 },
  ...{ liars: 0.3, clip: 1.5, reputations: true },
};
const clean = federate({ ...RUN, attack: ATTACKS[0]!, attackers: 0, rule: 'fedavg', clip: 0, reputations: false });

describe('ten nodes that learn together by the default rule', () => {
  it('learn as well as by FedAvg where nobody lies', () => {
    expect(clean.score).toBeGreaterThan(0.95);
    const { score } = federate({ ...RUN, attack: ATTACKS[0]!, attackers: 0, rule: 'default' });
    expect(score / clean.score).toBeGreaterThan(0.98);
  });

  it.each(ATTACKS.filter(({ name }) => name !== 'none').map((attack) => [attack.name, attack] as const))(
    'under %s by three of them, keep 95 percent of that',
    (_, attack) => {
      const { score } = federate({ ...RUN, attack, attackers: 3, rule: 'default' });
      expect(score / clean.score).toBeGreaterThan(0.95);
    },
  );

  it('would lose it by FedAvg', () => {
    const scaled = ATTACKS.find(({ name }) => name === 'scaled')!;
    const { score } = federate({ ...RUN, attack: scaled, attackers: 3, rule: 'fedavg', clip: 0, reputations: false });
    expect(score / clean.score).toBeLessThan(0.9);
  });
});
