// Learns from a batch of decisions: several passes in shuffled minibatches, stopped when the policy has moved far enough.

import type { Random } from '../../../core/random.ts';
import { type Batch, type LossFigures, type LossSettings, ppoLoss } from './loss.ts';
import type { PolicyNetwork } from './network.ts';
import type { Floats } from './shape.ts';

export interface TrainerSettings extends LossSettings {
  epochs: number;
  /** A batch is split into so many. */
  minibatches: number;
  learningRate: number;
  /** The gradient's norm is cut to this. */
  maxNorm: number;
  /** Passes end when the policy has moved farther than this (`LossFigures.divergence`); left out, all are made. */
  maxDivergence?: number;
  /** Holds training to `centre` by μ/2 × the squared distance, with μ = `strength`: FedProx. */
  proximal?: { centre: Floats; strength: number };
}

/** CleanRL's `ppo.py`. */
export const CLEANRL: TrainerSettings = {
  clip: 0.2,
  clipValue: true,
  entropyWeight: 0.01,
  valueWeight: 0.5,
  epochs: 4,
  minibatches: 4,
  learningRate: 2.5e-4,
  maxNorm: 0.5,
};

export interface TrainingFigures extends LossFigures {
  /** Passes that were made. */
  epochs: number;
  gradientNorm: number;
  /** 1 - Var(return - value) / Var(return): 1 when the critic foresaw all. */
  explainedVariance: number;
}

/** @returns the figures of the last minibatch */
export function train(
  network: PolicyNetwork,
  batch: Batch,
  settings: TrainerSettings,
  random: Random,
): TrainingFigures {
  const steps = batch.actions.length;
  const order = Uint32Array.from({ length: steps }, (_, step) => step);
  const size = Math.max(1, Math.floor(steps / settings.minibatches));
  const explainedVariance = explained(batch);
  let figures: LossFigures | undefined;
  let gradientNorm = 0;
  let epochs = 0;
  while (epochs < settings.epochs) {
    epochs++;
    shuffle(order, random);
    for (let from = 0; from + size <= steps; from += size) {
      const minibatch = select(batch, order.subarray(from, from + size), network);
      const outputs = network.forward(minibatch.actorRows, minibatch.criticRows);
      const derivatives = {
        byLogits: new Float32Array(outputs.logits.length),
        byValues: new Float32Array(outputs.values.length),
      };
      figures = ppoLoss(minibatch, outputs, settings, derivatives);
      network.backward(derivatives.byLogits, derivatives.byValues);
      if (settings.proximal) network.pull(settings.proximal.centre, settings.proximal.strength);
      gradientNorm = network.step(settings.learningRate, settings.maxNorm);
    }
    if (settings.maxDivergence !== undefined && figures!.divergence > settings.maxDivergence) break;
  }
  return { ...figures!, epochs, gradientNorm, explainedVariance };
}

/** The decisions at `steps`, with their rows, one after another. */
function select(batch: Batch, steps: Uint32Array, { shape }: PolicyNetwork): Batch {
  const [actorWidth, criticWidth] = [shape.actor[0]!, shape.critic[0]!];
  const rowStarts = new Uint32Array(steps.length + 1);
  const actions = new Uint32Array(steps.length);
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    rowStarts[i + 1] = rowStarts[i]! + batch.rowStarts[step + 1]! - batch.rowStarts[step]!;
    actions[i] = batch.actions[step]!;
  }
  const actorRows = new Float32Array(rowStarts[steps.length]! * actorWidth);
  const criticRows = new Float32Array(steps.length * criticWidth);
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    const [from, to] = [batch.rowStarts[step]! * actorWidth, batch.rowStarts[step + 1]! * actorWidth];
    actorRows.set(batch.actorRows.subarray(from, to), rowStarts[i]! * actorWidth);
    criticRows.set(batch.criticRows.subarray(step * criticWidth, (step + 1) * criticWidth), i * criticWidth);
  }
  return {
    actorRows,
    rowStarts,
    criticRows,
    actions,
    logProbabilities: pick(batch.logProbabilities, steps),
    advantages: pick(batch.advantages, steps),
    returns: pick(batch.returns, steps),
    values: pick(batch.values, steps),
  };
}

/** A loop, since `Float64Array.from` with a function takes ten times as long. */
function pick(values: Floats, steps: Uint32Array): Float64Array {
  const picked = new Float64Array(steps.length);
  for (let i = 0; i < steps.length; i++) picked[i] = values[steps[i]!]!;
  return picked;
}

/** Fisher and Yates. */
function shuffle(order: Uint32Array, random: Random): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
}

function explained({ returns, values }: Batch): number {
  const errors = Float64Array.from(returns, (value, i) => value - values[i]!);
  const total = variance(returns);
  return total === 0 ? 0 : 1 - variance(errors) / total;
}

function variance(values: Floats): number {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return sum / values.length;
}
