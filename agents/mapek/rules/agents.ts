// Agents that crash, hang or are slow, and more tasks than can be done.

import type { Rule } from './rule.ts';

/** What the supervisor says of an agent is seen, not guessed. */
const WELL = { ready: -0.95, busy: -0.95 };

export const AGENT_RULES: readonly Rule[] = [
  {
    fault: 'agent-crashed',
    kinds: ['agent'],
    cause: 'Agent {name} fails whenever it runs',
    // The supervisor restarts what failed; what it set aside is the loop's.
    states: { ...WELL, degraded: 0.95, restarting: 0.4, starting: 0.4 },
    events: { 'agent.degraded': 0.95, 'agent.recovered': -0.95 },
    scores: { of: ['agent.'], weight: 0.2 },
    steadyFor: 150,
    calmFor: 10_000,
    readingsLast: 60_000,
    context: ['memory.free', 'tasks.waiting'],
  },
  {
    fault: 'agent-hung',
    kinds: ['agent'],
    cause: 'Agent {name} does not answer: it waits for something, or computes without end',
    metrics: {
      'agent.silence': {
        ...{ raise: 5, clear: 2, raiseAfter: 2, clearAfter: 1, worst: 60, strength: 0.85, unit: 'seconds' },
        sentence: 'Agent {name} gave no sign of life for {value}',
      },
    },
    states: { ...WELL, hung: 0.9, restarting: 0.4, starting: 0.4 },
    events: { 'agent.abandoned': 0.7 },
    steadyFor: 150,
    calmFor: 10_000,
    readingsLast: 20_000,
    context: ['memory.free', 'tasks.waiting'],
  },
  {
    fault: 'agent-slow',
    kinds: ['agent'],
    cause: 'Agent {name} takes longer than it used to: the node is loaded, or it is at its limit',
    metrics: {
      'agent.slowness': {
        ...{ raise: 3, clear: 1.5, raiseAfter: 3, clearAfter: 2, worst: 20, strength: 0.75, unit: 'times' },
        sentence: 'Agent {name} takes {value} as long as usual',
      },
    },
    scores: { of: ['agent.'], weight: 0.4 },
    steadyFor: 2_000,
    calmFor: 30_000,
    readingsLast: 60_000,
    context: ['tasks.waiting', 'memory.free', 'cpu.temperature'],
  },
  {
    fault: 'task-storm',
    kinds: ['node', 'service'],
    cause: 'More tasks come in than this node can do',
    metrics: {
      'tasks.waiting': {
        ...{ raise: 500, clear: 10, raiseAfter: 3, clearAfter: 2, worst: 10_000, strength: 0.85, unit: 'none' },
        sentence: '{value} tasks wait for each place that works',
      },
    },
    scores: { of: ['tasks.'], weight: 0.4 },
    steadyFor: 0,
    calmFor: 30_000,
    readingsLast: 60_000,
    context: ['cpu.temperature', 'memory.free'],
  },
];
