// What runs on a node beside its agents: the broker, the store, models, other services.

import type { MetricClue, Rule } from './rule.ts';

const ANSWERS: MetricClue = {
  ...{ raise: 0, clear: 1, raiseAfter: 2, clearAfter: 1, worst: 0, strength: 0.9, unit: 'none' },
  sentence: '{name} does not answer its probe ({value})',
};
const WELL = { running: -0.95, ready: -0.95, connected: -0.95 };

export const SERVICE_RULES: readonly Rule[] = [
  {
    fault: 'broker-down',
    kinds: ['broker', 'service'],
    cause: 'The broker of {name} does not answer: its process, its host or the way to it is gone',
    states: { connected: -0.95, unreachable: 0.9, disconnected: 0.75 },
    events: { 'mqtt.lost': 0.75, 'mqtt.connected': -0.95 },
    steadyFor: 100,
    calmFor: 20_000,
    readingsLast: 60_000,
    context: ['members.reachable'],
  },
  {
    fault: 'store-corrupt',
    kinds: ['service'],
    cause: 'The store is damaged: power was lost while it wrote, or the card wears out',
    states: { corrupt: 0.95, sound: -0.95 },
    events: { 'store.failed': 0.8, 'store.repaired': -0.9, 'store.recovered': -0.9 },
    steadyFor: 0,
    calmFor: 60_000,
    readingsLast: 600_000,
    context: ['disk.free'],
  },
  {
    fault: 'service-failed',
    kinds: ['service'],
    cause: 'Service {name} does not do its work',
    metrics: { 'service.answers': ANSWERS },
    states: { ...WELL, failed: 0.9, degraded: 0.75 },
    events: { 'service.degraded': 0.75, 'service.recovered': -0.95 },
    scores: { of: ['service.'], weight: 0.2 },
    steadyFor: 200,
    calmFor: 20_000,
    readingsLast: 60_000,
    context: ['memory.free', 'disk.free'],
  },
  {
    fault: 'model-broken',
    kinds: ['model', 'service'],
    cause: 'The model of {name} cannot be loaded or run: its file is damaged or not what it says',
    metrics: {
      'model.failures': {
        ...{ raise: 0.5, clear: 0.05, raiseAfter: 2, clearAfter: 1, worst: 1, strength: 0.85, unit: 'percent' },
        sentence: '{value} of the runs of {name} failed',
      },
    },
    // Another one does its work.
    states: { broken: 0.95, ready: -0.95, replaced: -0.95 },
    events: { 'vision.detector-failed': 0.9, 'vision.detector-ready': -0.95 },
    steadyFor: 0,
    calmFor: 60_000,
    readingsLast: 120_000,
    context: ['memory.free'],
  },
];
