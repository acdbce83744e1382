// The metrics of the learned scheduler: which one serves, how it is judged, what it learned from.

import { ADVISOR, CLASSICAL, PARL } from '../../agents/parl/scheduler-names.ts';
import type { PolicyView } from '../view/policy-schema.ts';
import { type Family, sampleOf } from './samples.ts';

export const learningFamilies: Family[] = [
  {
    name: 'parlmesh_parl_serving',
    type: 'gauge',
    help: '1 for the scheduler that places the tasks of this node’s jobs now, 0 for the others.',
    labels: ['scheduler'],
    read: ({ policy }) => [...CLASSICAL, ADVISOR, PARL].map((name) => [Number(policy.scheduler === name), name]),
  },
  {
    name: 'parlmesh_parl_gain',
    type: 'gauge',
    help: 'Mean completion time of recent jobs under the best other scheduler over that under the policy, in replay.',
    read: ({ policy }) => sampleOf(policy.judgement?.gain),
  },
  {
    name: 'parlmesh_parl_policy_decisions',
    type: 'gauge',
    help: 'Decisions that the current policy was trained on.',
    read: ({ policy }) => sampleOf(policy.policies.find(({ current }) => current)?.lineage.decisions),
  },
  figure(
    'experience_rows',
    'gauge',
    'Batches of decisions that are kept to learn from.',
    ({ experience }) => experience.rows,
  ),
  figure(
    'experience_bytes',
    'gauge',
    'Size of the decisions that are kept to learn from.',
    ({ experience }) => experience.bytes,
  ),
  figure(
    'experience_skipped_total',
    'counter',
    'Decisions that were not kept: the hour’s bytes were spent, or the store refused them.',
    ({ experience }) => experience.skipped,
  ),
  figure(
    'lesson_seconds_total',
    'counter',
    'Processor seconds that lessons took.',
    ({ lessonSeconds }) => lessonSeconds,
  ),
];

function figure(what: string, type: Family['type'], help: string, value: (view: PolicyView) => number): Family {
  return { name: `parlmesh_parl_${what}`, type, help, read: ({ policy }) => [[value(policy)]] };
}
