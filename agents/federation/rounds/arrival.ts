// Whether an update may count, by what its signed header says and which rounds there are. Pure: everything refused has a
// reason, and the same update again is told that it was taken.

import type { Learner } from '../learner.ts';
import { MOST_MODEL_BYTES, type Refusal, type UpdateHeader } from '../messages.ts';
import { isGathering, isOver, type Member, type RoundState } from './round.ts';

export type Admission =
  /** It counts in the open round, and is so many rounds late. */
  | { kind: 'open'; late: number }
  /** It is here already. */
  | { kind: 'taken' }
  | { kind: 'refused'; reason: Refusal; cause: string; again: boolean };

export interface KnownRounds {
  self: string;
  learner: Pick<Learner, 'name' | 'format' | 'size'>;
  /** The one that runs, or ran last. */
  current: RoundState | undefined;
  /** Those before, newest first. */
  past: readonly RoundState[];
  /** Rounds that an update of an asynchronous round may be late. */
  staleness: number;
}

/** Of a packing that is wider than float32, none is known. */
const OVERHEAD_BYTES = 4096;

export function admit(header: UpdateHeader, { self, learner, current, past, staleness }: KnownRounds): Admission {
  const most = Math.min(MOST_MODEL_BYTES, learner.size * 8 + OVERHEAD_BYTES);
  if (header.learner !== learner.name) return refused('wrong-learner', `${header.learner} is not federated here`);
  if (header.format !== learner.format) {
    return refused('wrong-format', `it is of format ${header.format}, ${learner.format} is in use`);
  }
  if (header.bytes > most) return refused('too-large', `${header.bytes} bytes, at most ${most} are taken`);
  if (header.coordinator !== self) return refused('not-coordinator', 'another node invited to that round');
  if (current === undefined) return refused('unknown-round', 'there has been no round here');
  const origin = [current, ...past].find(({ facts }) => facts.id === header.id);
  if (origin === undefined) return strange(header, current);
  const late = current.facts.number - origin.facts.number;
  if (header.base !== origin.facts.base) return refused('wrong-base', `round ${header.round} has another base`);
  const invited = memberOf(origin, header.node);
  if (invited === undefined) return refused('not-invited', `it was not invited to round ${origin.facts.number}`);
  for (const round of [current, ...past]) {
    const standing = memberOf(round, header.node)?.standing;
    if (standing?.kind !== 'in' || standing.id !== header.id) continue;
    if (standing.digest === header.digest) return { kind: 'taken' };
    return refused('duplicate', `another update of it counts in round ${round.facts.number}`);
  }
  if (origin.facts.mode === 'synchronous') {
    if (late > 0) return refused('stale', `round ${origin.facts.number} is over, this is ${current.facts.number}`);
    if (isGathering(current)) return { kind: 'open', late: 0 };
    // An invitation arrives after the round that sent it began to gather.
    return refused('closed', `round ${current.facts.number} takes no more updates: it is ${current.kind}`);
  }
  if (late > staleness) return refused('stale', `it is ${late} rounds late, at most ${staleness} are taken`);
  if (!isGathering(current)) return { ...refused('closed', 'the next round has not begun'), again: true };
  // One of each node in one model: the other counts in the next.
  if (memberOf(current, header.node)?.standing.kind === 'in') {
    return { ...refused('closed', `an update of it counts in round ${current.facts.number} already`), again: true };
  }
  return { kind: 'open', late };
}

function strange(header: UpdateHeader, current: RoundState): Admission {
  const { number } = current.facts;
  if (header.round > number) return refused('future', `round ${header.round} has not begun, this is ${number}`);
  if (header.round < number) return refused('stale', `round ${header.round} is over, this is ${number}`);
  return refused('unknown-round', `round ${number} has another id`);
}

function memberOf(round: RoundState, node: string): Member | undefined {
  return 'members' in round ? round.members.get(node) : undefined;
}

function refused(reason: Refusal, cause: string): Extract<Admission, { kind: 'refused' }> {
  return { kind: 'refused', reason, cause, again: false };
}

/** Nodes that still train for an earlier round: an asynchronous one awaits them too. */
export function carriedOver(past: readonly RoundState[], next: number, staleness: number): Member[] {
  const carried = new Map<string, Member>();
  const settled = new Set<string>();
  for (const round of past) {
    if (next - round.facts.number > staleness || !('members' in round) || round.facts.mode !== 'asynchronous') break;
    for (const member of round.members.values()) {
      const { node, standing } = member;
      if (settled.has(node)) continue;
      settled.add(node);
      if (standing.kind !== 'training') continue;
      const { id, number } = member.carried ?? round.facts;
      if (next - number <= staleness && isOver(round)) {
        carried.set(node, { ...member, standing: { kind: 'training' }, carried: { id, number } });
      }
    }
  }
  return [...carried.values()];
}
