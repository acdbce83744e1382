// What the rounds of one learner go by, taken from the configuration.

import { Value } from 'typebox/value';
import {
  type AsynchronousConfig,
  type DeadlineConfig,
  type FederationConfig,
  LearnerConfig,
  type SelectionConfig,
} from '../config.ts';
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

/** Of a learner that the configuration does not name. */
const DEFAULTS = Value.Parse(LearnerConfig, Value.Default(LearnerConfig, {}));

export function settingsOf(config: FederationConfig, learner: string): RoundSettings {
  const { mode, deadline, quorum, selection, asynchronous } = config;
  const { epochs, proximal, budget } = config.learners[learner] ?? DEFAULTS;
  return { mode, deadline, quorum, selection, asynchronous, plan: { epochs, proximal, budget } };
}
