// What the coordinator asks nodes on a candidate's way, and what they answer: one service, JSON, each bounded by a schema
// with open objects (a newer version adds fields). docs/federation-rollout.md tells who says what when.

import { type Static, Type } from 'typebox';
import type { Question } from '../../swarm/messages.ts';
import { LearnerName, ModelVersion, NodeId, SignedText } from '../messages.ts';

const Count = Type.Integer({ minimum: 0, maximum: 1e9 });
const Cost = Type.Number({ minimum: -1e6, maximum: 1e6 });
const Words = Type.String({ maxLength: 1000 });
const Round = Type.Integer({ minimum: 0, maximum: 1e9 });

/** Numbers of a model that can be rolled out. */
export const MOST_NUMBERS = 1_000_000;
/** Float32, little-endian, base64. */
const Numbers = Type.String({ maxLength: Math.ceil((4 * MOST_NUMBERS) / 3) * 4 });

/** What the coordinator that made a model says of it, signed: whoever holds it can pass it on, nobody can change it. */
export const ModelSeal = Type.Object({
  learner: LearnerName,
  format: Count,
  size: Type.Integer({ minimum: 1, maximum: MOST_NUMBERS }),
  version: ModelVersion,
  parent: ModelVersion,
  coordinator: NodeId,
  round: Round,
  madeAt: Type.Number({ minimum: 0, maximum: 1e14 }),
  /** How many nodes' updates count in it; some of their ids. */
  nodeCount: Count,
  nodes: Type.Array(NodeId, { maxItems: 64 }),
  examples: Count,
});
export type ModelSeal = Static<typeof ModelSeal>;

/** A model must not serve any more, signed likewise. */
export const TakeBackNotice = Type.Object({
  learner: LearnerName,
  version: ModelVersion,
  coordinator: NodeId,
  reason: Words,
});
export type TakeBackNotice = Static<typeof TakeBackNotice>;

/** How work goes: `Performance`, as it travels and is kept. */
export const Measure = Type.Object({
  cost: Cost,
  samples: Type.Integer({ minimum: 1, maximum: 1e9 }),
  deviation: Type.Optional(Type.Number({ minimum: 0, maximum: 1e6 })),
});
export type Measure = Static<typeof Measure>;

export const ComparisonText = Type.Object({
  gain: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
  interval: Type.Optional(
    Type.Tuple([Type.Number({ minimum: 0, maximum: 1e9 }), Type.Number({ minimum: 0, maximum: 1e9 })]),
  ),
  trials: Type.Integer({ minimum: 1, maximum: 1e9 }),
  sentence: Words,
});

const OfModel = { learner: LearnerName, version: ModelVersion };

export const RolloutQuestion = Type.Union([
  /** Play it on what you held back. Asked again until there is a verdict. */
  Type.Object({ kind: Type.Literal('evaluate'), seal: SignedText, candidate: Numbers, baseline: Numbers }),
  /** Serve it. The same twice is one. */
  Type.Object({
    kind: Type.Literal('adopt'),
    seal: SignedText,
    parameters: Numbers,
    /** Among the first. */
    canary: Type.Boolean(),
    stage: Type.Integer({ minimum: 0, maximum: 16 }),
  }),
  /** How does work go? @param last only in the last so many milliseconds */
  Type.Object({
    kind: Type.Literal('measure'),
    learner: LearnerName,
    last: Type.Optional(Type.Number({ minimum: 0, maximum: 1e11 })),
  }),
  Type.Object({ kind: Type.Literal('take-back'), notice: SignedText }),
  /** What do you know of a roll-out? From a coordinator that took over. */
  Type.Object({ kind: Type.Literal('recall'), learner: LearnerName }),
  Type.Object({ kind: Type.Literal('model'), ...OfModel }),
]);
export type RolloutQuestion = Static<typeof RolloutQuestion>;

/** Bounded: it is the label of a metric. */
export const ROLLOUT_REFUSALS = [
  ...([
    'not-coordinator',
    'forged',
    'malformed',
    'unknown-learner',
    'wrong-format',
    'doubtful',
    'not-allowed',
  ] as const),
  ...(['no-consent', 'no-trials', 'failed', 'unknown-model', 'taken-back'] as const),
] as const;
export type RolloutRefusal = (typeof ROLLOUT_REFUSALS)[number];

const Unit = Type.String({ maxLength: 64 });

export const RolloutAnswer = Type.Union([
  Type.Object({ kind: Type.Literal('working') }),
  Type.Object({ kind: Type.Literal('verdict'), comparison: ComparisonText }),
  Type.Object({ kind: Type.Literal('adopted'), before: Type.Optional(Measure), unit: Type.Optional(Unit) }),
  Type.Object({
    kind: Type.Literal('measured'),
    version: ModelVersion,
    measure: Type.Optional(Measure),
    unit: Type.Optional(Unit),
  }),
  Type.Object({ kind: Type.Literal('took-back') }),
  Type.Object({
    kind: Type.Literal('recalled'),
    /** Of the model that was adopted last. */
    seal: Type.Optional(SignedText),
    stage: Type.Optional(Type.Integer({ minimum: 0, maximum: 16 })),
    before: Type.Optional(Measure),
    /** Whether it serves here now. */
    serves: Type.Boolean(),
    notice: Type.Optional(SignedText),
  }),
  Type.Object({ kind: Type.Literal('model'), parameters: Numbers }),
  Type.Object({
    kind: Type.Literal('refused'),
    reason: Type.Enum([...ROLLOUT_REFUSALS]),
    cause: Words,
  }),
]);
export type RolloutAnswer = Static<typeof RolloutAnswer>;

export const rolloutQuestion = {
  service: 'federation.rollout',
  asks: RolloutQuestion,
  answers: RolloutAnswer,
} as const satisfies Question;
