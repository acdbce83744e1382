// What a coordinator, the heads of regions and their members say to each other. Members send to their head what they would
// send to the coordinator, in the same frames, signed for the coordinator.

import { type Static, Type } from 'typebox';
import { DOUBT_REASONS, type DoubtReason } from '../aggregation/aggregator.ts';
import { Digest, LearnerName, MOST_MODEL_BYTES, NodeId, RoundId, SignedText } from '../messages.ts';

/** Members of a region at most: what a head holds is bounded by it. */
export const MOST_MEMBERS = 128;

/** Of the relay. */
export const ASSIGN = 'federation-region';
export const REGION_UPDATE = 'federation-region-update';
export const REGION_MODEL = 'federation-region-model';
export const AGGREGATE = 'federation-region-aggregate';
export const PASSED_ON = 'federation-region-passed-on';
export const AUDIT = 'federation-region-audit';

/** The coordinator tells head and members of a round's region. */
export const Assignment = Type.Object({
  id: RoundId,
  learner: LearnerName,
  head: NodeId,
  /** For the head only. */
  members: Type.Optional(Type.Array(NodeId, { minItems: 1, maxItems: MOST_MEMBERS })),
  /** Milliseconds from now in which the head passes on what it has. */
  lasts: Type.Number({ exclusiveMinimum: 0, maximum: 604_800_000 }),
});
export type Assignment = Static<typeof Assignment>;

const Member = Type.Object({
  /** As the member signed it. */
  header: SignedText,
  /** Of the regional aggregate, 0 to 1. */
  share: Type.Number({ minimum: 0, maximum: 1 }),
  doubt: Type.Optional(
    Type.Object({
      reason: Type.Unsafe<DoubtReason>(Type.Union(DOUBT_REASONS.map((reason) => Type.Literal(reason)))),
      evidence: Type.String({ maxLength: 300 }),
      severity: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    }),
  ),
});

/** What a head says of its aggregate: who is in it, how much, and why not more. */
export const Evidence = Type.Object({
  learner: LearnerName,
  id: RoundId,
  head: NodeId,
  /** Name of the rule that made it. */
  rule: Type.String({ maxLength: 64 }),
  codec: Type.String({ pattern: '^[a-z0-9-]{1,32}$' }),
  members: Type.Array(Member, { minItems: 1, maxItems: MOST_MEMBERS }),
});
export type Evidence = Static<typeof Evidence>;

/** A piece of the evidence and the packed aggregate behind it. */
export const AggregatePiece = Type.Object({
  learner: LearnerName,
  id: RoundId,
  bytes: Type.Integer({ minimum: 1, maximum: MOST_MODEL_BYTES }),
  digest: Digest,
  offset: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }),
});
export const AggregateReceipt = Type.Union([
  Type.Object({ kind: Type.Literal('more'), have: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }) }),
  Type.Object({ kind: Type.Literal('taken') }),
  /** The updates of these came directly meanwhile: the same without them. */
  Type.Object({ kind: Type.Literal('without'), nodes: Type.Array(NodeId, { minItems: 1, maxItems: MOST_MEMBERS }) }),
  Type.Object({ kind: Type.Literal('refused'), cause: Type.String({ maxLength: 500 }) }),
]);
export type AggregateReceipt = Static<typeof AggregateReceipt>;

/**
 * What became of a member's update at its head. `taken`: the coordinator has it in the region's aggregate, the member need
 * keep it no longer. `direct`: it is to go to the coordinator itself.
 */
export const PassedOn = Type.Object({
  id: RoundId,
  learner: LearnerName,
  outcome: Type.Union([Type.Literal('taken'), Type.Literal('direct')]),
});
export type PassedOn = Static<typeof PassedOn>;

/** The coordinator asks a head for the very update of a member. The answer is a `ModelPiece`; the piece follows in its frame. */
export const AuditQuestion = Type.Object({
  learner: LearnerName,
  id: RoundId,
  node: NodeId,
  offset: Type.Integer({ minimum: 0, maximum: MOST_MODEL_BYTES }),
});
export type AuditQuestion = Static<typeof AuditQuestion>;
