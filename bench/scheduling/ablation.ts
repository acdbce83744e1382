// Whether the parallelism and finish rewards help a policy that begins from nothing, without an advisor to imitate: the
// same seeds, with and without them, and each alone.

import { estimate } from '../../agents/parl/evaluation.ts';
import { TRAINING, trainPolicy } from '../../agents/parl/training.ts';
import type { Report } from '../rig/report.ts';

const REWARDS = [
  { name: 'performance only', parallelism: 0, finish: 0 },
  { name: 'with parallelism', parallelism: 0.1, finish: 0 },
  { name: 'with finish', parallelism: 0, finish: 0.1 },
  { name: 'with both', parallelism: 0.1, finish: 0.1 },
];
const SEEDS = [1, 2, 3];

export function ablation(steps: number, report: Report): void {
  for (const { name, ...rewards } of REWARDS) {
    const gains = SEEDS.map((seed) => {
      const settings = { ...TRAINING, ...rewards, seed, steps, imitation: 0, validation: 12 };
      return trainPolicy(settings, () => {}).gain;
    });
    const { value, low, high } = estimate(gains);
    const row = { case: `from nothing, ${steps} decisions, ${name}`, metric: 'share of the advisor', value, unit: 'x' };
    report.tell('parlmesh', row, { low, high });
  }
}
