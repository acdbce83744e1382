// What the coordinator makes of an aggregate: the step from the old model to the new one (Reddi et al. 2021, "Adaptive federated
// optimization", algorithm 2; FedAvgM: Hsu et al. 2019). Pure: state and aggregate in, state and step out.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ParlmeshError } from '../../../core/errors.ts';

export const ServerOptimizerConfig = Type.Object(
  {
    kind: Type.Union([Type.Literal('plain'), Type.Literal('momentum'), Type.Literal('adam')], {
      default: 'plain',
      description:
        '`plain` adds the aggregate to the model. `momentum` (FedAvgM) smooths over rounds: steadier where few nodes take part. `adam` (FedAdam) also scales each number by how much it usually changes: for nodes with unlike data; needs a `rate` of 0.01 or so.',
    }),
    rate: Type.Number({
      exclusiveMinimum: 0,
      maximum: 10,
      default: 1,
      description:
        'How much of a step is taken (η). `plain` and `momentum`: 1 takes the aggregate as it is. `adam`: what a number changes by in a round at most, near enough.',
    }),
    momentum: Type.Number({
      minimum: 0,
      maximum: 0.999,
      default: 0.9,
      description:
        'What is left of the last step (β₁). 0.9 averages over 10 rounds; with `momentum` steps become up to 10 times as long, so lower `rate`.',
    }),
    secondMoment: Type.Number({
      minimum: 0,
      maximum: 0.9999,
      default: 0.99,
      description: 'What is left of the mean square of the changes (β₂), for `adam`.',
    }),
    adaptivity: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 1e-3,
      description:
        'τ of FedAdam: changes much smaller than it are not scaled up to `rate`. Lower adapts more, and lets noise in.',
    }),
  },
  { additionalProperties: false, default: {} },
);
export type ServerOptimizerConfig = Static<typeof ServerOptimizerConfig>;

/** Moments over the rounds so far: empty for what is not kept, and before the first round. */
export interface OptimizerState {
  rounds: number;
  first: Float32Array;
  second: Float32Array;
}

const NOTHING = new Float32Array(0);

export function freshOptimizer(): OptimizerState {
  return { rounds: 0, first: NOTHING, second: NOTHING };
}

/**
 * One round on: returns the change of the model. Moments of another length (the learner changed) are forgotten.
 * Throws `OPTIMIZER_DIVERGED` when a number of the step is not finite.
 */
export function serverStep(
  state: OptimizerState,
  aggregate: Float32Array,
  config: ServerOptimizerConfig,
): { state: OptimizerState; step: Float32Array } {
  const size = aggregate.length;
  const { kind, rate, momentum, secondMoment, adaptivity } = config;
  const step = new Float32Array(size);
  const kept = (moments: Float32Array): Float32Array =>
    moments.length === size ? moments.slice() : new Float32Array(size);
  const first = kind === 'plain' ? NOTHING : kept(state.first);
  const second = kind === 'adam' ? kept(state.second) : NOTHING;
  for (let i = 0; i < size; i++) {
    const change = aggregate[i]!;
    if (kind === 'plain') {
      step[i] = rate * change;
    } else if (kind === 'momentum') {
      first[i] = momentum * first[i]! + change;
      step[i] = rate * first[i]!;
    } else {
      first[i] = momentum * first[i]! + (1 - momentum) * change;
      second[i] = secondMoment * second[i]! + (1 - secondMoment) * change * change;
      step[i] = (rate * first[i]!) / (Math.sqrt(second[i]!) + adaptivity);
    }
  }
  const wrong = step.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new ParlmeshError('OPTIMIZER_DIVERGED', `Number ${wrong} of the step is ${step[wrong]}`, {
      hint: 'Lower federation.aggregation.server.rate, or set mostNorm',
    });
  }
  return { state: { rounds: state.rounds + 1, first, second }, step };
}

const Stored = Type.Object(
  {
    format: Type.Literal(1),
    rounds: Type.Integer({ minimum: 0 }),
    /** Float32, little-endian, base64. */
    first: Type.String({ maxLength: 4_000_000 }),
    second: Type.String({ maxLength: 4_000_000 }),
  },
  { additionalProperties: false },
);

/** As JSON text: 214 kB for 20,000 parameters with `adam`. */
export function writeOptimizer({ rounds, first, second }: OptimizerState): string {
  return JSON.stringify({ format: 1, rounds, first: toBase64(first), second: toBase64(second) } satisfies Static<
    typeof Stored
  >);
}

/** Throws `OPTIMIZER_INVALID`. */
export function readOptimizer(text: string): OptimizerState {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
  if (!Value.Check(Stored, stored)) throw invalid('it has another form');
  return { rounds: stored.rounds, first: fromBase64(stored.first), second: fromBase64(stored.second) };
}

function toBase64(numbers: Float32Array): string {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (let i = 0; i < numbers.length; i++) bytes.writeFloatLE(numbers[i]!, 4 * i);
  return bytes.toString('base64');
}

function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0) throw invalid('its moments are cut off');
  const numbers = Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  if (numbers.some((value) => !Number.isFinite(value))) throw invalid('its moments are not finite');
  return numbers;
}

function invalid(why: string, cause?: unknown): ParlmeshError {
  return new ParlmeshError('OPTIMIZER_INVALID', `The stored state of the server optimiser is wrong: ${why}`, {
    cause,
    hint: 'Remove the document; the moments begin anew then',
  });
}
