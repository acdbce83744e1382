// What a node knows of its learned scheduler beyond its policies, as it is written down: who serves and why, the last
// judgement, the learning curve. A restart then goes on where it was instead of forgetting until enough jobs have ended.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

/** Points of the curve that are kept, the newest; each takes some hundred bytes. */
const MOST_POINTS = 200;
const DIGITS = 4;

const Name = Type.String({ maxLength: 64 });
const Words = Type.String({ maxLength: 1000 });
/** Milliseconds since 1970. */
const At = Type.Number({ minimum: 0 });

const KeptPoint = Type.Object({
  at: At,
  kind: Type.Union([Type.Literal('practise'), Type.Literal('learn')]),
  decisions: Type.Integer({ minimum: 0 }),
  return: Type.Number(),
  entropy: Type.Number(),
  divergence: Type.Number(),
  explainedVariance: Type.Number(),
});

export const KeptLearning = Type.Object({
  /** Version of the policy that was judged. */
  policy: Name,
  serves: Name,
  why: Words,
  /** Since when it is the current one. */
  since: Type.Optional(At),
  judgement: Type.Optional(
    Type.Object({
      serves: Name,
      why: Words,
      gain: Type.Number(),
      over: Name,
      at: At,
      jobs: Type.Integer({ minimum: 0 }),
      cost: Type.Optional(Type.Number()),
    }),
  ),
  /** Newest last. */
  curve: Type.Array(KeptPoint, { maxItems: MOST_POINTS }),
});
export type KeptLearning = Static<typeof KeptLearning>;

/** Undefined for what is no such document: a node does well without. */
export function readKeptLearning(document: unknown): KeptLearning | undefined {
  return Value.Check(KeptLearning, document) ? document : undefined;
}

/** As it is written: the newest points only, in few digits, and nothing that JSON does not have. */
export function keptLearning({ judgement, curve, ...serving }: KeptLearning): KeptLearning {
  const rounded = (value: number): number => Number(value.toPrecision(DIGITS));
  return {
    ...serving,
    ...(judgement !== undefined && Number.isFinite(judgement.gain) && { judgement }),
    curve: curve
      .filter((point) => Value.Check(KeptPoint, point))
      .slice(-MOST_POINTS)
      .map(({ at, kind, decisions, ...measured }) => ({
        ...{ at, kind, decisions },
        return: rounded(measured.return),
        entropy: rounded(measured.entropy),
        divergence: rounded(measured.divergence),
        explainedVariance: rounded(measured.explainedVariance),
      })),
  };
}
