// Decisions one after another, with what they turned out to be worth: what a policy learns from.

import { PAIR_WIDTH, STATE_WIDTH } from './observation.ts';
import type { RecordedDecision } from './policy-scheduler.ts';
import type { Batch } from './ppo/loss.ts';

/** @param worth of each decision, in the same order */
export function batchOfDecisions(
  decisions: readonly RecordedDecision[],
  worth: Pick<Batch, 'advantages' | 'returns'>,
): Batch {
  const steps = decisions.length;
  const rowStarts = new Uint32Array(steps + 1);
  decisions.forEach(({ rows }, step) => {
    rowStarts[step + 1] = rowStarts[step]! + rows.length / PAIR_WIDTH;
  });
  const actorRows = new Float32Array(rowStarts[steps]! * PAIR_WIDTH);
  const criticRows = new Float32Array(steps * STATE_WIDTH);
  decisions.forEach(({ rows, state }, step) => {
    actorRows.set(rows, rowStarts[step]! * PAIR_WIDTH);
    criticRows.set(state, step * STATE_WIDTH);
  });
  return {
    ...{ actorRows, rowStarts, criticRows, ...worth },
    actions: Uint32Array.from(decisions, ({ action }) => action),
    logProbabilities: Float64Array.from(decisions, ({ logProbability }) => logProbability),
    values: Float64Array.from(decisions, ({ value }) => value),
  };
}
