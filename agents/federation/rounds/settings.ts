// What the rounds of one learner go by, taken from the configuration.

import type { AsynchronousConfig, DeadlineConfig, FederationConfig, SelectionConfig } from '../config.ts';
import type { TrainingPlan } from '../learner.ts';
import type { RoundMode } from './round.ts';

export interface RoundSettings {
  mode: RoundMode;
  plan: Omit<TrainingPlan, 'seed'>;
  deadline: DeadlineConfig;
  /** Share of the updates that can be expected. */
  quorum: number;
  selection: SelectionConfig;
  asynchronous: AsynchronousConfig;
}

/** As `LearnerConfig` has them. */
export const LEARNER_DEFAULTS = { enabled: true, epochs: 4, proximal: 0.01, budget: 30 } as const;

export function settingsOf(config: FederationConfig, learner: string): RoundSettings {
  const { mode, deadline, quorum, selection, asynchronous } = config;
  const { epochs, proximal, budget } = config.learners[learner] ?? LEARNER_DEFAULTS;
  return { mode, deadline, quorum, selection, asynchronous, plan: { epochs, proximal, budget } };
}
