// What is learned: a federation that stands still, a policy that does worse than the one before.

import type { Rule } from './rule.ts';

export const LEARNING_RULES: readonly Rule[] = [
  {
    fault: 'federation-stalled',
    kinds: ['federation', 'service'],
    cause: 'The rounds of the federation do not end: its coordinator is gone or too few nodes take part',
    metrics: {
      'federation.late': {
        ...{ raise: 60, clear: 0, raiseAfter: 2, clearAfter: 1, worst: 3600, strength: 0.8, unit: 'seconds' },
        sentence: 'The round is late by {value}',
      },
    },
    states: { stalled: 0.9, running: -0.9, idle: -0.9 },
    events: { 'federation.stalled': 0.9, 'federation.round': -0.9 },
    steadyFor: 1_000,
    calmFor: 60_000,
    readingsLast: 600_000,
    context: ['members.reachable'],
  },
  {
    fault: 'policy-regressed',
    kinds: ['policy', 'service'],
    cause: 'The policy in force does worse here than the one before',
    metrics: {
      'policy.cost': {
        // One judgement is many episodes on the same arrivals.
        ...{ raise: 1.15, clear: 1.03, raiseAfter: 1, clearAfter: 1, worst: 3, strength: 0.85, unit: 'times' },
        sentence: 'Work costs {value} what it did under the policy before',
      },
    },
    states: { regressed: 0.9, sound: -0.9 },
    events: { 'parl.left-aside': 0.5 },
    steadyFor: 0,
    calmFor: 600_000,
    readingsLast: 1_800_000,
  },
];
