// What people and programs see of rounds: who, how far, how long, what was refused and why. One schema for the API, the page,
// MQTT and the command line.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../../core/clock.ts';
import { isGathering, isOpen, isOver, type Member, type RoundState, tally } from './round.ts';

const Moment = (description: string) => Type.Number({ description: `${description}, milliseconds since 1970.` });
const Seconds = (description: string) => Type.Number({ description: `${description}, seconds.` });
const Node = Type.Object({ id: Type.String(), name: Type.String() });

export const RoundNodeView = Type.Object({
  node: Node,
  state: Type.Enum(['invited', 'training', 'declined', 'in', 'away'], {
    description: '`away`: there is no way to it just now. `in`: its update is here.',
  }),
  why: Type.Optional(Type.String({ description: 'Why it declined.' })),
  expectedSeconds: Seconds('How long it was expected to take'),
  seconds: Type.Optional(Seconds('How long it took from the invitation to the update')),
  examples: Type.Integer({ description: 'What it has, or what its update was trained on.' }),
  bytes: Type.Optional(Type.Integer({ description: 'Of its update.' })),
  late: Type.Optional(Type.Integer({ description: 'Rounds that its update is late (asynchronous).' })),
  share: Type.Optional(Type.Number({ description: 'Of the aggregate that it made, 0 to 1.' })),
  doubt: Type.Optional(
    Type.Object({ reason: Type.String(), evidence: Type.String() }, { description: 'Why it counted less.' }),
  ),
  metrics: Type.Optional(Type.Record(Type.String(), Type.Number(), { description: 'Of its training.' })),
});
export type RoundNodeView = Static<typeof RoundNodeView>;

export const RoundView = Type.Object({
  learner: Type.String(),
  number: Type.Integer(),
  id: Type.String(),
  state: Type.Enum([
    ...(['selecting', 'inviting', 'training', 'collecting', 'aggregating', 'evaluating', 'done', 'failed'] as const),
  ]),
  mode: Type.Enum(['synchronous', 'asynchronous']),
  base: Type.String({ description: 'Version of the model that is trained from.' }),
  startedAt: Moment('When it began'),
  endedAt: Type.Optional(Moment('When it was over')),
  endsInSeconds: Type.Optional(Seconds('Until the present state ends by itself')),
  progress: Type.Number({ minimum: 0, maximum: 1, description: 'Of the updates that are wanted.' }),
  wanted: Type.Optional(Type.Integer({ description: 'Updates after which nobody is waited for.' })),
  quorum: Type.Optional(Type.Integer({ description: 'Updates without which it fails at its deadline.' })),
  deadlineSeconds: Type.Optional(Seconds('From the invitations to the end of waiting')),
  arrived: Type.Integer({ description: 'Updates that are here.' }),
  examples: Type.Integer({ description: 'That these were trained on.' }),
  bytes: Type.Integer({ description: 'Of these.' }),
  candidate: Type.Optional(Type.String({ description: 'Version of the model that came of it.' })),
  stepLength: Type.Optional(Type.Number({ description: 'Euclidean length of the step from the base to it.' })),
  outcome: Type.Optional(Type.Enum(['proposed', 'rejected'])),
  /** What came of it, or why it failed, for people. */
  sentence: Type.Optional(Type.String()),
  failure: Type.Optional(Type.String({ description: 'Why it failed, in one word.' })),
  restarts: Type.Integer({ description: 'How often a coordinator took up the present state anew.' }),
  refused: Type.Array(Type.Object({ node: Node, reason: Type.String(), count: Type.Integer(), cause: Type.String() }), {
    description: 'Updates that were refused.',
  }),
  metrics: Type.Record(Type.String(), Type.Number(), {
    description: 'Of the nodes’ training, each weighted by its examples.',
  }),
  nodes: Type.Array(RoundNodeView),
});
export type RoundView = Static<typeof RoundView>;

/** @param nameOf a node's name for people */
export function viewOfRound(state: RoundState, now: Millis, nameOf: (node: string) => string): RoundView {
  const { facts, resumes, refused } = state;
  const members = 'members' in state ? [...state.members.values()] : [];
  const arrived = members.flatMap(({ standing }) => (standing.kind === 'in' ? [standing] : []));
  const wanted = 'targets' in state ? state.targets?.wanted : undefined;
  const verdicts = new Map(('verdicts' in state ? state.verdicts : []).map((verdict) => [verdict.node, verdict]));
  const node = (id: string) => ({ id, name: nameOf(id) });
  return {
    ...{ learner: facts.learner, number: facts.number, id: facts.id, state: state.kind, mode: facts.mode },
    ...{ base: facts.base, startedAt: facts.startedAt, restarts: resumes },
    ...(isOver(state) ? { endedAt: state.endedAt } : { endsInSeconds: Math.max(0, state.endsAt - now) / 1000 }),
    progress: isGathering(state) ? Math.min(1, arrived.length / Math.max(1, wanted ?? 1)) : progressOf(state),
    ...('targets' in state &&
      state.targets !== undefined && {
        ...{ wanted: state.targets.wanted, quorum: state.targets.quorum },
        deadlineSeconds: state.targets.deadline / 1000,
      }),
    arrived: arrived.length,
    examples: arrived.reduce((sum, { examples }) => sum + examples, 0),
    bytes: arrived.reduce((sum, { bytes }) => sum + bytes, 0),
    ...('candidate' in state && { candidate: state.candidate, stepLength: state.norm }),
    ...(state.kind === 'done' && { outcome: state.outcome, sentence: state.sentence }),
    ...(state.kind === 'failed' && { failure: state.reason, sentence: state.cause }),
    refused: refused.map(({ node: id, reason, count, cause }) => ({ node: node(id), reason, count, cause })),
    metrics: meanMetrics(arrived),
    nodes: members.map((member): RoundNodeView => {
      const verdict = verdicts.get(member.node);
      return {
        ...viewOfMember(member, node(member.node)),
        ...(verdict !== undefined && { share: verdict.share }),
        ...(verdict?.doubt !== undefined && {
          doubt: { reason: verdict.doubt.reason, evidence: verdict.doubt.evidence },
        }),
      };
    }),
  };
}

/** "5 of 8 updates are here, 2 are awaited." */
export function sentenceOf(state: RoundState): string {
  const { number } = state.facts;
  switch (state.kind) {
    case 'selecting':
      return `Round ${number} looks for nodes that have something to teach`;
    case 'aggregating':
      return `Round ${number} makes a model of ${state.counted.length} updates`;
    case 'evaluating':
      return `Round ${number} brings its candidate ${state.candidate} to the roll-out`;
    case 'done':
      return `Round ${number} is done: ${state.sentence}`;
    case 'failed':
      return `Round ${number} failed: ${state.cause}`;
    default: {
      const { arrived, awaited, absent } = tally(state.members);
      const away = absent > 0 ? `, ${absent} away` : '';
      return `Round ${number}: ${arrived} of ${state.targets.wanted} updates are here, ${awaited} awaited${away}`;
    }
  }
}

function viewOfMember(
  { node: _, standing, expected, examples, gone }: Member,
  node: RoundNodeView['node'],
): RoundNodeView {
  const known = { node, expectedSeconds: expected, examples };
  if (standing.kind === 'in') {
    const { seconds, bytes, late, metrics } = standing;
    return {
      ...{ node, state: 'in', expectedSeconds: expected, examples: standing.examples, bytes, metrics },
      ...(late > 0 && { late }),
      ...(seconds !== undefined && { seconds }),
    };
  }
  if (standing.kind === 'declined')
    return { ...known, state: 'declined', why: `${standing.reason}: ${standing.cause}` };
  return { ...known, state: gone && isOpen(standing) ? 'away' : standing.kind };
}

const progressOf = (state: RoundState): number => (state.kind === 'selecting' || state.kind === 'failed' ? 0 : 1);

function meanMetrics(
  arrived: readonly { examples: number; metrics: Record<string, number> }[],
): Record<string, number> {
  const sums = new Map<string, { sum: number; weight: number }>();
  for (const { examples, metrics } of arrived) {
    for (const [name, value] of Object.entries(metrics)) {
      const { sum, weight } = sums.get(name) ?? { sum: 0, weight: 0 };
      sums.set(name, { sum: sum + value * examples, weight: weight + examples });
    }
  }
  return Object.fromEntries([...sums].map(([name, { sum, weight }]) => [name, sum / weight]));
}
