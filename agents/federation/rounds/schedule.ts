// When the next round of a learner begins. Pure.

import type { Millis } from '../../../core/clock.ts';
import type { FederationConfig } from '../config.ts';

export interface ScheduleView {
  now: Millis;
  /** When the last round was over, or this node became coordinator; monotonic. */
  since: Millis;
  /** Rounds that failed one after the other, the last ones. */
  failures: number;
  /** New examples on all nodes that can be reached. */
  examples: number;
  /** Nodes that could take part. */
  nodes: number;
  /** A round runs, a candidate is being rolled out, somebody paused it: why no round can begin. */
  blocked?: string;
}

export type ScheduleAnswer =
  | { kind: 'due'; why: string }
  /** Milliseconds until it is looked at again at the latest, and what is waited for. */
  | { kind: 'wait'; for: Millis; why: string };

/** Doublings of the pause after failures, at most. */
const MOST_DOUBLINGS = 6;
const LOOK_AGAIN: Millis = 10_000;
/** Alone, a node learns better without rounds. */
const LEAST_NODES = 2;

function restedIn(rested: Millis, failures: number): string {
  const seconds = `${Math.ceil(rested / 1000)} s of rest`;
  return failures === 0 ? seconds : `${seconds} after ${failures} ${failures === 1 ? 'failure' : 'failures'}`;
}

export function nextRound(
  { now, since, failures, examples, nodes, blocked }: ScheduleView,
  config: Pick<FederationConfig, 'interval' | 'examples' | 'pause'>,
): ScheduleAnswer {
  if (blocked !== undefined) return { kind: 'wait', for: LOOK_AGAIN, why: blocked };
  const doubled = Math.max(1, config.pause) * 2 ** Math.min(failures, MOST_DOUBLINGS);
  const pause = (failures === 0 ? config.pause : Math.min(config.interval, doubled)) * 1000;
  const rested = since + pause - now;
  if (rested > 0) return { kind: 'wait', for: rested, why: restedIn(rested, failures) };
  if (nodes < LEAST_NODES) {
    return {
      kind: 'wait',
      for: LOOK_AGAIN,
      why: `${nodes} of ${LEAST_NODES} nodes that it takes have something to teach`,
    };
  }
  if (examples >= config.examples) return { kind: 'due', why: `${examples} new examples` };
  const left = since + config.interval * 1000 - now;
  if (left <= 0) return { kind: 'due', why: 'its time has come' };
  return { kind: 'wait', for: Math.min(left, LOOK_AGAIN), why: `${examples} of ${config.examples} new examples` };
}
