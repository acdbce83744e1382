// What is wrong, as the loop speaks of it: one symptom a cause, however many alarms it set off.

import type { Millis } from '../../core/clock.ts';

/** The faults that the loop knows: each has a ladder of actions, a probe that sees it and, but for the last, an injection in chaos. */
export const FAULTS = [
  ...(['agent-crashed', 'agent-hung', 'agent-slow', 'task-storm'] as const),
  ...(['link-down', 'link-lossy', 'link-flapping', 'partition', 'peer-silent', 'peer-byzantine'] as const),
  ...(['broker-down', 'disk-full', 'store-corrupt', 'memory-leak', 'cpu-hot', 'under-voltage', 'clock-jump'] as const),
  ...(['camera-lost', 'camera-covered', 'camera-moved', 'camera-frozen', 'model-broken'] as const),
  ...(['federation-stalled', 'policy-regressed', 'service-failed', 'node-unlike'] as const),
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Symptom {
  fault: Fault;
  /** What has it: `agent/checker-1`, `link/<node>`, `camera/north`, `service/mqtt`, `node`, `peer/<node>`. */
  subject: string;
  /** How sure it is, 0 to 1. */
  confidence: number;
  /** How bad it is among faults of its kind, 0 to 1: the loss of a lossy link, how full a full disk is. */
  severity: number;
  /** Milliseconds since 1970. */
  since: Millis;
  /** The likely root cause, one sentence. */
  cause: string;
  /** What was seen, as sentences with numbers: at most 8. */
  evidence: string[];
  /** Subjects whose trouble this one explains: twelve silent agents behind one broker. */
  explains: string[];
  /** What is known of it that matters to the choice of action, 0 to 1 each: at most 8 numbers, the same for a fault. */
  context: Record<string, number>;
}

/** One symptom at a time for each. */
export function symptomKey({ fault, subject }: Pick<Symptom, 'fault' | 'subject'>): string {
  return `${fault}@${subject}`;
}
