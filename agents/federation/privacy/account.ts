// What a node has given away to one learner's rounds, as one number that adds up (ρ of zero-concentrated differential
// privacy) and is shown as ε. Pure: account and participation in, account or refusal out. `gate.ts` writes it down before
// anything leaves.
//
// Two outputs are compared for any two updates of this node, 2 clips apart: that is what can be told from what it sent.
// (Literature on who took part has 1 clip, and a ρ of a quarter. Here the coordinator knows who takes part anyway; and for
// the same reason no amplification by sampling is claimed.)

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { Digest, LearnerName } from '../messages.ts';
import { epsilonOf, rhoOf, rhoWithin } from './renyi.ts';

/** Rounds that are remembered one by one, so that a repeated send costs nothing. */
const REMEMBERED = 32;

const DAY: Millis = 24 * 3600_000;

const Charged = Type.Object({
  term: Type.Integer({ minimum: 0 }),
  round: Type.Integer({ minimum: 1 }),
  /** SHA-256 of the bytes that were allowed to leave. */
  digest: Digest,
});

export const PrivacyAccount = Type.Object({
  version: Type.Literal(1),
  learner: LearnerName,
  /** ρ spent ever, and since `since`. */
  spent: Type.Number({ minimum: 0 }),
  spentInPeriod: Type.Number({ minimum: 0 }),
  /** Milliseconds since 1970: when the period began. */
  since: Type.Number(),
  participations: Type.Integer({ minimum: 0 }),
  /** Of them without noise: with one, nothing is proven any more. */
  withoutNoise: Type.Integer({ minimum: 0 }),
  withoutNoiseInPeriod: Type.Integer({ minimum: 0 }),
  /** Newest last. */
  charged: Type.Array(Charged, { maxItems: REMEMBERED }),
});
export type PrivacyAccount = Static<typeof PrivacyAccount>;

export interface Budget {
  /** ε; undefined: unbounded. */
  epsilon: number | undefined;
  delta: number;
  /** Days; undefined: never again. */
  renewal: number | undefined;
}

/** ε as people see it: undefined where nothing is proven, since something left without noise. */
export type Epsilon = number | undefined;

export type Proposal =
  | { kind: 'allowed'; epsilonBefore: Epsilon; epsilonAfter: Epsilon; roundsLeft: number | undefined }
  | {
      kind: 'refused';
      reason: 'budget-spent';
      epsilonBefore: Epsilon;
      epsilonAfter: Epsilon;
      /** Milliseconds since 1970 from which it is possible; undefined: never under this configuration. */
      possibleAt: Millis | undefined;
      sentence: string;
    };

export type Charge =
  | { kind: 'charged'; account: PrivacyAccount; epsilonBefore: Epsilon; epsilonAfter: Epsilon }
  /** The same bytes for the same round, once more: free. */
  | { kind: 'again'; account: PrivacyAccount; epsilonAfter: Epsilon }
  | { kind: 'refused'; reason: 'budget-spent' | 'other-bytes'; possibleAt?: Millis; sentence: string };

export interface Participation {
  term: number;
  round: number;
  /** SHA-256 of what leaves, hexadecimal. */
  digest: string;
  /** Standard deviation of the noise in clips; 0: none. */
  noise: number;
}

export function openAccount(learner: string, now: Millis): PrivacyAccount {
  return {
    version: 1,
    learner,
    spent: 0,
    spentInPeriod: 0,
    since: now,
    participations: 0,
    withoutNoise: 0,
    withoutNoiseInPeriod: 0,
    charged: [],
  };
}

/** Throws `PRIVACY_ACCOUNT_UNREADABLE`: an account that cannot be read must not begin at nothing again. */
export function readAccount(learner: string, text: string): PrivacyAccount {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!Value.Check(PrivacyAccount, value) || value.learner !== learner) {
    throw new ParlmeshError('PRIVACY_ACCOUNT_UNREADABLE', `The privacy account of ${learner} cannot be read`, {
      hint: `restore a backup of the store, or begin anew: parlmesh federation renew --learner ${learner}; until then this node stays out of the rounds of that learner`,
    });
  }
  return value;
}

/**
 * Begins a new period when the last is over. A clock that jumped back begins the period at the new time and keeps what was
 * spent in it; one that jumped ahead renews once at most, not once a jump back.
 */
export function renewed(account: PrivacyAccount, budget: Budget, now: Millis): PrivacyAccount {
  if (now < account.since) return { ...account, since: now };
  if (budget.renewal === undefined || now < account.since + budget.renewal * DAY) return account;
  return begunAnew(account, now);
}

/** The owner begins a new period: what was given away ever, and what was charged, stays known. */
export function begunAnew(account: PrivacyAccount, now: Millis): PrivacyAccount {
  return { ...account, since: now, spentInPeriod: 0, withoutNoiseInPeriod: 0 };
}

/** ε given away so far, ever and in this period. */
export function epsilonsOf(account: PrivacyAccount, delta: number): { ever: Epsilon; inPeriod: Epsilon } {
  return {
    ever: epsilonIf(account.spent, account.withoutNoise, delta),
    inPeriod: epsilonIf(account.spentInPeriod, account.withoutNoiseInPeriod, delta),
  };
}

/** What one more round with this noise would cost, and whether it may. ε is of the period, which the budget is for. */
export function propose(before: PrivacyAccount, noise: number, budget: Budget, now: Millis): Proposal {
  const account = renewed(before, budget, now);
  const cost = costOf(noise);
  const after = added(account, cost);
  const epsilonBefore = epsilonIf(account.spentInPeriod, account.withoutNoiseInPeriod, budget.delta);
  const epsilonAfter = epsilonIf(after.spentInPeriod, after.withoutNoiseInPeriod, budget.delta);
  if (budget.epsilon === undefined) return { kind: 'allowed', epsilonBefore, epsilonAfter, roundsLeft: undefined };
  if (epsilonAfter !== undefined && epsilonAfter <= budget.epsilon) {
    const rest = rhoWithin(budget.epsilon, budget.delta) - account.spentInPeriod;
    const roundsLeft = Math.max(1, Math.floor(rest / cost));
    return { kind: 'allowed', epsilonBefore, epsilonAfter, roundsLeft };
  }
  // One round alone may cost more than all of the budget: waiting does not help then.
  const ever = noise > 0 && epsilonOf(cost, budget.delta) <= budget.epsilon;
  const possibleAt = ever && budget.renewal !== undefined ? account.since + budget.renewal * DAY : undefined;
  const spent = epsilonBefore === undefined ? 'something left without noise' : `ε ${epsilonBefore.toFixed(2)} is spent`;
  const then = epsilonAfter === undefined ? 'no bound' : epsilonAfter.toFixed(2);
  const when = !ever
    ? 'one round alone exceeds it: raise federation.privacy.noise or budget'
    : possibleAt === undefined
      ? 'it does not renew'
      : `possible again from ${new Date(possibleAt).toISOString()}`;
  return {
    kind: 'refused',
    reason: 'budget-spent',
    epsilonBefore,
    epsilonAfter,
    possibleAt,
    sentence: `${account.learner}: of the budget of ε ${budget.epsilon}, ${spent}, and the next round would make it ${then}; ${when}`,
  };
}

/** The same bytes of the same term and round cost nothing; other bytes for it are refused. */
export function charge(before: PrivacyAccount, participation: Participation, budget: Budget, now: Millis): Charge {
  const { term, round, digest, noise } = participation;
  const known = before.charged.find((entry) => entry.term === term && entry.round === round);
  if (known !== undefined) {
    if (known.digest === digest) {
      return { kind: 'again', account: before, epsilonAfter: epsilonsOf(before, budget.delta).inPeriod };
    }
    return {
      kind: 'refused',
      reason: 'other-bytes',
      sentence: `${before.learner}: other bytes were charged for round ${round} of term ${term}; a second update with noise of its own would give away more`,
    };
  }
  // What left already under an earlier term leaves no second secret, a coordinator that took over may have it too.
  if (before.charged.some((entry) => entry.round === round && entry.digest === digest)) {
    const account = remembered(before, { term, round, digest });
    return { kind: 'again', account, epsilonAfter: epsilonsOf(account, budget.delta).inPeriod };
  }
  const proposal = propose(before, noise, budget, now);
  if (proposal.kind === 'refused') {
    const { reason, possibleAt, sentence } = proposal;
    return { kind: 'refused', reason, sentence, ...(possibleAt === undefined ? {} : { possibleAt }) };
  }
  const { epsilonBefore, epsilonAfter } = proposal;
  const paid = added(renewed(before, budget, now), costOf(noise));
  const account = remembered({ ...paid, participations: paid.participations + 1 }, { term, round, digest });
  return { kind: 'charged', account, epsilonBefore, epsilonAfter };
}

/** ρ of a use against any other update: 2 clips are `2 / noise` standard deviations. Infinity without noise. */
const costOf = (noise: number): number => rhoOf(noise / 2);

function added(account: PrivacyAccount, cost: number): PrivacyAccount {
  if (!Number.isFinite(cost)) {
    return {
      ...account,
      withoutNoise: account.withoutNoise + 1,
      withoutNoiseInPeriod: account.withoutNoiseInPeriod + 1,
    };
  }
  return { ...account, spent: account.spent + cost, spentInPeriod: account.spentInPeriod + cost };
}

function remembered(account: PrivacyAccount, entry: Static<typeof Charged>): PrivacyAccount {
  return { ...account, charged: [...account.charged, entry].slice(-REMEMBERED) };
}

function epsilonIf(rho: number, withoutNoise: number, delta: number): Epsilon {
  return withoutNoise > 0 ? undefined : epsilonOf(rho, delta);
}
