// The metrics of self-healing: what is open, what was done and came of it, how long the loop takes.

import { byKey, type Family, type Sample } from './samples.ts';

export const healingFamilies: Family[] = [
  {
    name: 'parlmesh_incidents_open',
    type: 'gauge',
    help: 'Incidents that are not over.',
    read: ({ healing }) => [[healing.open]],
  },
  {
    name: 'parlmesh_incident_questions',
    type: 'gauge',
    help: 'Questions about repairs that nobody has answered.',
    read: ({ healing }) => [[healing.questions.length]],
  },
  {
    name: 'parlmesh_repair_tries_total',
    type: 'counter',
    help: 'Repairs that were tried, by fault and action; what ran at once with others counts by its share.',
    labels: ['fault', 'action'],
    read: ({ healing }) => healing.knowledge.map(({ fault, action, tries }): Sample => [tries, fault, action]),
  },
  {
    name: 'parlmesh_repair_helped_total',
    type: 'counter',
    help: 'Repairs after which what was wrong was gone and stayed so.',
    labels: ['fault', 'action'],
    read: ({ healing }) => healing.knowledge.map(({ fault, action, helped }): Sample => [helped, fault, action]),
  },
  {
    name: 'parlmesh_healing_phase_seconds_mean',
    type: 'gauge',
    help: 'Mean time of a phase of the loop since the start; cycle is from the signal to the begin of the first action.',
    labels: ['phase'],
    read: ({ healing }) => healing.phases.map(({ phase, meanSeconds }): Sample => [meanSeconds, phase]),
  },
  {
    name: 'parlmesh_healing_signals_ignored_total',
    type: 'counter',
    help: 'Signals that were not believed, by why.',
    labels: ['reason'],
    read: ({ healing }) => byKey(healing.ignoredSignals),
  },
  {
    name: 'parlmesh_healing_records_lost_total',
    type: 'counter',
    help: 'Records of repairs that could not be written.',
    read: ({ healing }) => [[healing.lostRecords]],
  },
];
