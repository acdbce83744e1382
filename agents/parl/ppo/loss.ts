// The loss of proximal policy optimisation (Schulman et al. 2017, equation 9, as CleanRL computes it), and its derivatives
// by logits and values.

import type { Floats } from './shape.ts';

/** Decisions to learn from. A step's actions are the logits of its rows: rowStarts[s] to rowStarts[s + 1]. */
export interface Batch {
  actorRows: Floats;
  /** One more than there are steps. */
  rowStarts: Uint32Array;
  criticRows: Floats;
  /** The chosen logit, counted from the step's first. */
  actions: Uint32Array;
  /** Of the chosen action, when it was chosen. */
  logProbabilities: Floats;
  advantages: Floats;
  returns: Floats;
  /** The critic's, when the action was chosen. */
  values: Floats;
}

export interface LossSettings {
  /** How far the ratio of probabilities may move: epsilon of equation 7. */
  clip: number;
  /** Whether the value may move by `clip` only, too. */
  clipValue: boolean;
  entropyWeight: number;
  valueWeight: number;
}

export interface LossFigures {
  loss: number;
  policyLoss: number;
  valueLoss: number;
  /** Mean entropy of the decisions, in nats. */
  entropy: number;
  /** Mean of (r - 1) - log r, which is never negative (Schulman 2020). */
  divergence: number;
  /** Share of decisions whose ratio was clipped. */
  clipped: number;
}

/**
 * @param logits of all rows; `byLogits` and `byValues` receive the derivatives
 */
export function ppoLoss(
  batch: Batch,
  { logits, values }: { logits: Floats; values: Floats },
  settings: LossSettings,
  { byLogits, byValues }: { byLogits: Floats; byValues: Floats },
): LossFigures {
  const steps = batch.actions.length;
  const logitsPerRow = logits.length / batch.rowStarts[steps]!;
  const { mean, deviation } = spread(batch.advantages);
  const sums = { policy: 0, value: 0, entropy: 0, divergence: 0, clipped: 0 };

  for (let step = 0; step < steps; step++) {
    const from = batch.rowStarts[step]! * logitsPerRow;
    const to = batch.rowStarts[step + 1]! * logitsPerRow;
    const chosen = from + batch.actions[step]!;
    const normaliser = logSumExp(logits, from, to);
    const logRatio = logits[chosen]! - normaliser - batch.logProbabilities[step]!;
    const ratio = Math.exp(logRatio);
    const advantage = (batch.advantages[step]! - mean) / (deviation + 1e-8);

    const free = -advantage * ratio;
    const bounded = -advantage * clamp(ratio, 1 - settings.clip, 1 + settings.clip);
    sums.policy += Math.max(free, bounded);
    sums.divergence += ratio - 1 - logRatio;
    if (Math.abs(ratio - 1) > settings.clip) sums.clipped++;

    let entropy = 0;
    for (let i = from; i < to; i++) {
      const logProbability = logits[i]! - normaliser;
      entropy -= Math.exp(logProbability) * logProbability;
    }
    sums.entropy += entropy;

    const byLogProbability = free >= bounded ? free : 0;
    for (let i = from; i < to; i++) {
      const logProbability = logits[i]! - normaliser;
      const probability = Math.exp(logProbability);
      const byChoice = byLogProbability * ((i === chosen ? 1 : 0) - probability);
      const byEntropy = settings.entropyWeight * probability * (logProbability + entropy);
      byLogits[i] = (byChoice + byEntropy) / steps;
    }

    const error = values[step]! - batch.returns[step]!;
    const moved = values[step]! - batch.values[step]!;
    const held = batch.values[step]! + clamp(moved, -settings.clip, settings.clip) - batch.returns[step]!;
    const holds = settings.clipValue && Math.abs(moved) > settings.clip && held ** 2 > error ** 2;
    sums.value += 0.5 * (holds ? held : error) ** 2;
    byValues[step] = holds ? 0 : (settings.valueWeight * error) / steps;
  }

  const policyLoss = sums.policy / steps;
  const valueLoss = sums.value / steps;
  const entropy = sums.entropy / steps;
  return {
    loss: policyLoss - settings.entropyWeight * entropy + settings.valueWeight * valueLoss,
    policyLoss,
    valueLoss,
    entropy,
    divergence: sums.divergence / steps,
    clipped: sums.clipped / steps,
  };
}

/** log of the sum of e^logit, without overflow. */
export function logSumExp(logits: Floats, from: number, to: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) top = Math.max(top, logits[i]!);
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(logits[i]! - top);
  return top + Math.log(sum);
}

/** Mean and sample standard deviation. */
function spread(values: Floats): { mean: number; deviation: number } {
  let mean = 0;
  for (const value of values) mean += value;
  mean /= values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
