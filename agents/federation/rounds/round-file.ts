// A round as it is written down, and read again by another life of the coordinator. Times are what was left of them: the
// monotonic clock begins anew with each life, and the wall clock may have jumped meanwhile.

import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Millis } from '../../../core/clock.ts';
import { DOUBT_REASONS } from '../aggregation/aggregator.ts';
import {
  DECLINE_REASONS,
  Digest,
  LearnerName,
  Mode,
  ModelVersion,
  NodeId,
  Plan,
  REFUSALS,
  RoundId,
} from '../messages.ts';
import type { FederationStorage } from '../storage.ts';
import { type Done, FAILURES, type Failed, isOver, type Member, type RoundState } from './round.ts';

const VERSION = 1;

const Text = Type.String({ maxLength: 2000 });
const Count = Type.Integer({ minimum: 0 });
const Known = { node: NodeId, expected: Type.Number(), examples: Count };

const Standing = Type.Union([
  Type.Object({ kind: Type.Literal('invited') }),
  Type.Object({ kind: Type.Literal('training') }),
  Type.Object({
    kind: Type.Literal('declined'),
    reason: Type.Enum([...DECLINE_REASONS]),
    cause: Text,
  }),
  Type.Object({
    kind: Type.Literal('in'),
    id: RoundId,
    late: Count,
    digest: Digest,
    examples: Count,
    trust: Type.Number(),
    seconds: Type.Optional(Type.Number()),
    bytes: Count,
    metrics: Type.Record(Type.String(), Type.Number()),
  }),
]);

const RoundFile = Type.Object({
  v: Type.Literal(VERSION),
  kind: Type.Enum(['selecting', 'inviting', 'training', 'collecting', 'aggregating', 'evaluating', 'done', 'failed']),
  facts: Type.Object({
    learner: LearnerName,
    number: Type.Integer({ minimum: 1 }),
    id: RoundId,
    mode: Mode,
    base: ModelVersion,
    digest: Digest,
    plan: Plan,
    startedAt: Type.Number(),
  }),
  /** Milliseconds until the state would have ended by itself. */
  left: Type.Number(),
  resumes: Count,
  refused: Type.Array(
    Type.Object({
      node: NodeId,
      reason: Type.Enum([...REFUSALS]),
      count: Count,
      cause: Text,
    }),
  ),
  targets: Type.Optional(Type.Object({ wanted: Count, quorum: Count, deadline: Type.Number() })),
  members: Type.Optional(
    Type.Array(
      Type.Object({
        ...Known,
        standing: Standing,
        carried: Type.Optional(Type.Object({ id: RoundId, number: Type.Integer({ minimum: 1 }) })),
        gone: Type.Optional(Type.Boolean()),
      }),
    ),
  ),
  counted: Type.Optional(Type.Array(Type.Object({ node: NodeId, weight: Type.Number({ exclusiveMinimum: 0 }) }))),
  candidate: Type.Optional(ModelVersion),
  verdicts: Type.Optional(
    Type.Array(
      Type.Object({
        node: NodeId,
        share: Type.Number(),
        doubt: Type.Optional(
          Type.Object({
            reason: Type.Enum([...DOUBT_REASONS]),
            evidence: Type.String(),
            severity: Type.Optional(Type.Number()),
          }),
        ),
      }),
    ),
  ),
  norm: Type.Optional(Type.Number()),
  outcome: Type.Optional(Type.Union([Type.Literal('proposed'), Type.Literal('rejected')])),
  sentence: Type.Optional(Text),
  endedAt: Type.Optional(Type.Number()),
  reason: Type.Optional(Type.Enum([...FAILURES])),
  cause: Type.Optional(Text),
  during: Type.Optional(Type.String()),
});
type RoundFile = Static<typeof RoundFile>;
const checkFile = Compile(RoundFile);

export function writeRound(state: RoundState, now: Millis): string {
  const { endsAt, ...rest } = state;
  const members = 'members' in rest ? { members: [...rest.members.values()] } : {};
  return JSON.stringify({
    v: VERSION,
    ...rest,
    left: endsAt - now,
    ...members,
    ...('invitedAt' in rest && { invitedAt: undefined }),
  });
}

/** Undefined for what no version of this writes. Never throws. */
export function readRound(text: string, now: Millis): RoundState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return checkFile.Check(value) ? revive(value, now) : undefined;
  } catch {
    return undefined;
  }
}

function revive(file: RoundFile, now: Millis): RoundState | undefined {
  const { facts, left, resumes, refused, targets, counted, candidate, verdicts, norm } = file;
  const common = { facts, resumes, refused, endsAt: now + left };
  const members = new Map((file.members ?? []).map((member): [string, Member] => [member.node, member]));
  switch (file.kind) {
    case 'selecting':
      return { kind: 'selecting', ...common };
    case 'failed': {
      const { reason, cause = '', endedAt = 0, during } = file;
      if (reason === undefined) return undefined;
      const known = { reason, cause, endedAt, during: (during ?? 'selecting') as RoundState['kind'], members };
      return { kind: 'failed', ...common, ...known, ...(targets !== undefined && { targets }) };
    }
    default: {
      if (targets === undefined) return undefined;
      const gathered = { ...common, targets, members, invitedAt: undefined };
      if (file.kind === 'inviting' || file.kind === 'training' || file.kind === 'collecting') {
        return { kind: file.kind, ...gathered };
      }
      if (counted === undefined) return undefined;
      if (file.kind === 'aggregating') return { kind: 'aggregating', ...gathered, counted };
      if (candidate === undefined || verdicts === undefined || norm === undefined) return undefined;
      const judged = { ...gathered, counted, candidate, verdicts, norm };
      if (file.kind === 'evaluating') return { kind: 'evaluating', ...judged };
      const { outcome, sentence = '', endedAt = 0 } = file;
      return outcome === undefined ? undefined : { kind: 'done', ...judged, outcome, sentence, endedAt };
    }
  }
}

export interface KeptRounds {
  lastNumber: number;
  /** The one that was not over. */
  open: RoundState | undefined;
  /** Newest first. */
  past: (Done | Failed)[];
}

/** What an earlier life wrote. A round that cannot be read is over, whatever it was. */
export async function readKept(
  storage: Pick<FederationStorage, 'rounds' | 'putRound'>,
  learner: string,
  most: number,
  now: Millis,
): Promise<KeptRounds> {
  const rows = await storage.rounds(learner, most);
  const kept: KeptRounds = { lastNumber: rows[0]?.number ?? 0, open: undefined, past: [] };
  for (const row of rows) {
    const state = readRound(row.state, now);
    if (state === undefined) {
      if (!row.ended) await storage.putRound({ ...row, ended: true });
    } else if (isOver(state)) kept.past.push(state);
    else if (row === rows[0]) kept.open = state;
  }
  return kept;
}
