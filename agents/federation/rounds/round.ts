// One round as a pure state machine: (state, event, now) -> state and effects. It knows no network, no disk and no learner.
// A change of `kind` is a step: it is on the disk before its effects are seen outside (`round-runner.ts` sees to that).
// Whatever comes or stays away, each state ends by itself at `endsAt`.

import type { Millis } from '../../../core/clock.ts';
import type { Verdict } from '../aggregation/aggregator.ts';
import type { TrainingPlan } from '../learner.ts';
import type { Answer, DeclineReason, Refusal } from '../messages.ts';
import { countRefused, type RefusedCount } from './refused.ts';
import { countedOf } from './weights.ts';

export type RoundMode = 'synchronous' | 'asynchronous';

/** What does not change in a round. */
export interface RoundFacts {
  learner: string;
  number: number;
  /** 16 hexadecimal digits; no other round has them. */
  id: string;
  mode: RoundMode;
  /** Version and SHA-256 of the model that is trained from. */
  base: string;
  digest: string;
  plan: TrainingPlan;
  /** Milliseconds since 1970; only shown. */
  startedAt: Millis;
}

/** Where a node stands. */
export type Standing =
  | { kind: 'invited' }
  | { kind: 'training' }
  | { kind: 'declined'; reason: DeclineReason; cause: string }
  | {
      kind: 'in';
      /** Of the round it was invited to, and how many rounds ago that began. */
      id: string;
      late: number;
      digest: string;
      examples: number;
      /** 0 to 1. */
      trust: number;
      /** From the invitation, where that is known. */
      seconds?: number;
      bytes: number;
      metrics: Record<string, number>;
    };

export interface Member {
  node: string;
  standing: Standing;
  /** Seconds that it is expected to need, and what it said it has. */
  expected: number;
  examples: number;
  /** It was invited to an earlier round (asynchronous) and trains still. */
  carried?: { id: string; number: number };
  /** There is no way to it just now. */
  gone?: boolean;
}

export interface Targets {
  /** With so many updates the round need not wait for more. */
  wanted: number;
  /** With fewer at the deadline it has failed. */
  quorum: number;
  /** Milliseconds from the invitations on. */
  deadline: Millis;
}

interface Common {
  facts: RoundFacts;
  /** Monotonic time at which this state ends by itself. */
  endsAt: Millis;
  /** How often a coordinator began anew in this state. */
  resumes: number;
  /** Bounded. */
  refused: readonly RefusedCount[];
}

interface Gathered extends Common {
  targets: Targets;
  members: ReadonlyMap<string, Member>;
  /** Undefined after a restart of the coordinator: how long nodes took since is not known then. */
  invitedAt: Millis | undefined;
}

export interface CountedNode {
  node: string;
  weight: number;
}

export type Selecting = Common & { kind: 'selecting' };
/** `inviting`: not all have answered. `training`: all have, no update is here. `collecting`: updates are here. */
export type Gathering = Gathered & { kind: 'inviting' | 'training' | 'collecting' };
export type Aggregating = Gathered & { kind: 'aggregating'; counted: readonly CountedNode[] };
export type Evaluating = Gathered & {
  kind: 'evaluating';
  counted: readonly CountedNode[];
  candidate: string;
  verdicts: readonly Verdict[];
  /** Length of the step from the base to the candidate (Euclidean). */
  norm: number;
};
export type Done = Omit<Evaluating, 'kind'> & {
  kind: 'done';
  outcome: 'proposed' | 'rejected';
  /** What was compared and what came of it, for people. */
  sentence: string;
  endedAt: Millis;
};

/** Bounded: it is the label of a metric. */
export const FAILURES = [
  ...(['nobody', 'too-few', 'aggregation', 'evaluation', 'late', 'restarts', 'superseded', 'cancelled'] as const),
  ...(['base-missing', 'storage'] as const),
] as const;
export type FailureReason = (typeof FAILURES)[number];

export type Failed = Common & {
  kind: 'failed';
  reason: FailureReason;
  cause: string;
  endedAt: Millis;
  /** As far as it had come. */
  during: RoundState['kind'];
  targets?: Targets;
  members: ReadonlyMap<string, Member>;
};

export type RoundState = Selecting | Gathering | Aggregating | Evaluating | Done | Failed;

export type RoundEvent =
  | { kind: 'selected'; members: readonly Member[]; targets: Targets }
  | { kind: 'answered'; node: string; answer: Answer }
  /** There is no way to a node any more, or again. */
  | { kind: 'gone'; node: string; gone: boolean }
  /** An update is on the disk. */
  | { kind: 'arrived'; node: string; update: Omit<Extract<Standing, { kind: 'in' }>, 'kind' | 'seconds'> }
  | { kind: 'refused'; node: string; reason: Refusal; cause: string }
  | { kind: 'aggregated'; candidate: string; verdicts: readonly Verdict[]; norm: number }
  | { kind: 'judged'; outcome: 'proposed' | 'rejected'; sentence: string }
  | { kind: 'failed'; reason: FailureReason; cause: string }
  /** Time has passed. */
  | { kind: 'tick' }
  /** Nothing could be written for so long: what waits, waits so much longer. */
  | { kind: 'held'; for: Millis };

export type RoundEffect =
  | { kind: 'select' }
  | { kind: 'invite'; nodes: string[] }
  | { kind: 'recall'; nodes: string[] }
  | { kind: 'aggregate' }
  | { kind: 'evaluate' };

export interface Step {
  state: RoundState;
  effects: RoundEffect[];
}

/** How long a round may be in the states that no node is waited for in. */
export const SELECTING_FOR: Millis = 15_000;
export const AGGREGATING_FOR: Millis = 120_000;
export const EVALUATING_FOR: Millis = 900_000;
/** A state in which the coordinator has died so often is what kills it. */
export const MOST_RESUMES = 5;

/** (nothing) -> selecting */
export function beginRound(facts: RoundFacts, now: Millis): Step {
  const state: Selecting = { kind: 'selecting', facts, endsAt: now + SELECTING_FOR, resumes: 0, refused: [] };
  return { state, effects: [{ kind: 'select' }] };
}

/** What a state has to do again after a restart; each of these may be done twice. `wall` is only shown. */
export function resumeRound(state: RoundState, wall: Millis): Step {
  if (isOver(state)) return { state, effects: [] };
  const resumes = state.resumes + 1;
  if (resumes > MOST_RESUMES) {
    const cause = `the coordinator ended ${MOST_RESUMES} times while the round was ${state.kind}`;
    return fail({ ...state, resumes }, 'restarts', cause, wall);
  }
  const again = { ...state, resumes };
  switch (again.kind) {
    case 'selecting':
      return { state: again, effects: [{ kind: 'select' }] };
    case 'aggregating':
      return { state: again, effects: [{ kind: 'aggregate' }] };
    case 'evaluating':
      return { state: again, effects: [{ kind: 'evaluate' }] };
    default: {
      const open = [...again.members.values()].filter(({ standing, carried }) => isOpen(standing) && !carried);
      return {
        state: { ...again, invitedAt: undefined },
        effects: [{ kind: 'invite', nodes: open.map(({ node }) => node) }],
      };
    }
  }
}

/** Never throws; what does not fit the state changes nothing. `wall` is only shown. */
export function stepRound(state: RoundState, event: RoundEvent, now: Millis, wall: Millis): Step {
  if (isOver(state)) return still(state);
  switch (event.kind) {
    case 'failed':
      return fail(state, event.reason, event.cause, wall);
    case 'held':
      return still({ ...state, endsAt: state.endsAt + Math.max(0, event.for) });
    case 'refused':
      return still({ ...state, refused: countRefused(state.refused, event) });
    case 'tick':
      return now < state.endsAt ? still(state) : onTimeOut(state, now, wall);
  }
  switch (state.kind) {
    case 'selecting':
      return event.kind === 'selected' ? onSelected(state, event.members, event.targets, now, wall) : still(state);
    case 'inviting':
    case 'training':
    case 'collecting':
      return onGathering(state, event, now, wall);
    case 'aggregating':
      return event.kind === 'aggregated' ? onAggregated(state, event, now) : still(state);
    case 'evaluating':
      return event.kind === 'judged' ? onJudged(state, event, wall) : still(state);
  }
}

/** selecting -> inviting | collecting (only carried updates can come) | failed(nobody) */
function onSelected(state: Selecting, members: readonly Member[], targets: Targets, now: Millis, wall: Millis): Step {
  if (members.length === 0) return fail(state, 'nobody', 'no node that can be reached has something to teach', wall);
  const { facts, refused } = state;
  const next: Gathering = {
    ...{ kind: 'inviting', facts, refused, targets, resumes: 0 },
    members: new Map(members.map((member) => [member.node, member])),
    invitedAt: now,
    endsAt: now + targets.deadline,
  };
  const nodes = members.filter(({ carried }) => carried === undefined).map(({ node }) => node);
  return { state: settled(next), effects: [{ kind: 'invite', nodes }] };
}

/** inviting -> training -> collecting -> aggregating; inviting -> collecting */
function onGathering(state: Gathering, event: RoundEvent, now: Millis, wall: Millis): Step {
  const member = 'node' in event ? state.members.get(event.node) : undefined;
  switch (event.kind) {
    case 'answered': {
      // Of an update that is here, no answer takes anything back.
      if (member === undefined || !isOpen(member.standing)) return still(state);
      const { answer } = event;
      if (answer.kind === 'accepted') {
        return proceed(state, { ...member, standing: { kind: 'training' }, gone: false }, now, wall);
      }
      // It works on something it was asked for earlier; that will come.
      if (answer.reason === 'busy' && member.carried !== undefined) return still(state);
      return proceed(state, { ...member, standing: { ...answer, kind: 'declined' } }, now, wall);
    }
    case 'gone':
      if (member === undefined || (member.gone ?? false) === event.gone) return still(state);
      return proceed(state, { ...member, gone: event.gone }, now, wall);
    case 'arrived': {
      const { node, update } = event;
      if (member?.standing.kind === 'in') return still(state);
      const isTimed = member !== undefined && member.carried === undefined && state.invitedAt !== undefined;
      const timed = isTimed && { seconds: (now - state.invitedAt!) / 1000 };
      const before = member ?? { node, expected: 0, examples: update.examples };
      return proceed(state, { ...before, gone: false, standing: { kind: 'in', ...update, ...timed } }, now, wall);
    }
    default:
      return still(state);
  }
}

/** What follows from a member's new standing. */
function proceed(state: Gathering, member: Member, now: Millis, wall: Millis): Step {
  const next = settled({ ...state, members: new Map(state.members).set(member.node, member) });
  const { arrived, awaited, absent } = tally(next.members);
  const { wanted, quorum } = next.targets;
  if (arrived >= wanted || (awaited === 0 && arrived >= quorum)) return close(next, now, wall);
  // Who is away may come back until the deadline; nobody else will.
  if (awaited === 0 && absent === 0) return fail(next, 'too-few', tooFew(arrived, quorum), wall);
  return still(next);
}

/** The kind that fits: a round never goes back. */
function settled(state: Gathering): Gathering {
  if (state.kind === 'collecting') return state;
  const standings = [...state.members.values()];
  if (standings.some(({ standing }) => standing.kind === 'in')) return { ...state, kind: 'collecting', resumes: 0 };
  const isAsked = standings.some(({ standing, gone }) => standing.kind === 'invited' && !gone);
  if (state.kind === 'inviting' && !isAsked) return { ...state, kind: 'training', resumes: 0 };
  return state;
}

/** inviting | training | collecting -> aggregating */
function close(state: Gathering, now: Millis, wall: Millis): Step {
  const counted = countedOf(state.members.values());
  if (counted.length === 0) return fail(state, 'too-few', 'none of the updates is believed', wall);
  const left = openNodes(state.members);
  const effects: RoundEffect[] = [{ kind: 'aggregate' }];
  // Asynchronous: they go on, and count in a later round.
  if (state.facts.mode === 'synchronous' && left.length > 0) effects.unshift({ kind: 'recall', nodes: left });
  return { state: { ...state, kind: 'aggregating', counted, resumes: 0, endsAt: now + AGGREGATING_FOR }, effects };
}

/** aggregating -> evaluating */
function onAggregated(
  state: Aggregating,
  { candidate, verdicts, norm }: Extract<RoundEvent, { kind: 'aggregated' }>,
  now: Millis,
): Step {
  const next: Evaluating = {
    ...state,
    ...{ kind: 'evaluating', candidate, verdicts, norm, resumes: 0, endsAt: now + EVALUATING_FOR },
  };
  return { state: next, effects: [{ kind: 'evaluate' }] };
}

/** evaluating -> done */
function onJudged(
  state: Evaluating,
  { outcome, sentence }: Extract<RoundEvent, { kind: 'judged' }>,
  wall: Millis,
): Step {
  return still({ ...state, kind: 'done', outcome, sentence, endedAt: wall });
}

/** any -> failed(nobody | too-few | late), or inviting | training | collecting -> aggregating when the quorum is there */
function onTimeOut(state: Exclude<RoundState, Done | Failed>, now: Millis, wall: Millis): Step {
  switch (state.kind) {
    case 'selecting':
      return fail(state, 'nobody', 'no node with something to teach was found in time', wall);
    case 'aggregating':
      return fail(state, 'late', `the updates were not aggregated within ${AGGREGATING_FOR / 1000} s`, wall);
    case 'evaluating':
      return fail(state, 'late', `the candidate was not judged within ${EVALUATING_FOR / 1000} s`, wall);
    default: {
      const { arrived } = tally(state.members);
      if (arrived >= state.targets.quorum) return close(state, now, wall);
      return fail(state, 'too-few', tooFew(arrived, state.targets.quorum), wall);
    }
  }
}

/** any -> failed(reason) */
function fail(state: Exclude<RoundState, Done | Failed>, reason: FailureReason, cause: string, wall: Millis): Step {
  const members = 'members' in state ? state.members : new Map<string, Member>();
  const left = openNodes(members);
  const failed: Failed = {
    ...{ kind: 'failed', reason, cause, endedAt: wall, during: state.kind, members },
    ...{ facts: state.facts, endsAt: state.endsAt, resumes: state.resumes, refused: state.refused },
    ...('targets' in state && { targets: state.targets }),
  };
  const isRecalled = left.length > 0 && (state.facts.mode === 'synchronous' || reason === 'superseded');
  return { state: failed, effects: isRecalled ? [{ kind: 'recall', nodes: left }] : [] };
}

export function isOver(state: RoundState): state is Done | Failed {
  return state.kind === 'done' || state.kind === 'failed';
}

export function isGathering(state: RoundState): state is Gathering {
  return state.kind === 'inviting' || state.kind === 'training' || state.kind === 'collecting';
}

/** An update of it can still come. */
export function isOpen({ kind }: Standing): boolean {
  return kind === 'invited' || kind === 'training';
}

function openNodes(members: ReadonlyMap<string, Member>): string[] {
  return [...members.values()].filter(({ standing }) => isOpen(standing)).map(({ node }) => node);
}

/** How many updates are here, and how many may come: from nodes that can be reached, and from others. */
export function tally(members: ReadonlyMap<string, Member>): { arrived: number; awaited: number; absent: number } {
  let [arrived, awaited, absent] = [0, 0, 0];
  for (const { standing, gone } of members.values()) {
    if (standing.kind === 'in') arrived++;
    else if (isOpen(standing)) gone ? absent++ : awaited++;
  }
  return { arrived, awaited, absent };
}

const still = (state: RoundState): Step => ({ state, effects: [] });

const tooFew = (arrived: number, quorum: number): string =>
  `${arrived} ${arrived === 1 ? 'update' : 'updates'} came, ${quorum} were needed`;
