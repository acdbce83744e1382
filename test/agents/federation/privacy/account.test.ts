import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Budget,
  charge,
  openAccount,
  type PrivacyAccount,
  propose,
  readAccount,
} from '../../../../agents/federation/privacy/account.ts';
import { epsilonOf } from '../../../../agents/federation/privacy/renyi.ts';

const DAY = 24 * 3600_000;
const T0 = Date.UTC(2026, 0, 1);
const digest = (byte: number): string => byte.toString(16).padStart(64, '0');

const budget = (epsilon?: number, renewal?: number): Budget => ({ epsilon, delta: 1e-5, renewal });

function charged(account: PrivacyAccount, round: number, noise: number, of: Budget, now = T0): PrivacyAccount {
  const result = charge(account, { term: 1, round, digest: digest(round), noise }, of, now);
  if (result.kind !== 'charged') throw new Error(result.kind);
  return result.account;
}

describe('the privacy account', () => {
  test('tells ε before and after; noise of 4 clips hides 2 clips of difference like σ 2: ε 2.17, then more', () => {
    const first = propose(openAccount('parl-policy', T0), 4, budget(), T0);
    expect(first).toMatchObject({ kind: 'allowed', epsilonBefore: 0 });
    expect(first.epsilonAfter).toBeCloseTo(2.1657, 4);
    const account = charged(openAccount('parl-policy', T0), 1, 4, budget());
    const second = propose(account, 4, budget(), T0);
    expect(second.epsilonBefore).toBeCloseTo(2.1657, 4);
    expect(second.epsilonAfter).toBeCloseTo(epsilonOf(2 / 8, 1e-5), 10);
  });

  test('refuses when the next round would exceed the budget, and says when it can again', () => {
    let account = openAccount('parl-policy', T0);
    const of = budget(4.5, 30);
    expect(propose(account, 4, of, T0)).toMatchObject({ kind: 'allowed', roundsLeft: 3 });
    for (const round of [1, 2, 3]) account = charged(account, round, 4, of);
    const refusal = propose(account, 4, of, T0 + 5 * DAY);
    expect(refusal).toMatchObject({ kind: 'refused', reason: 'budget-spent', possibleAt: T0 + 30 * DAY });
    expect(refusal.kind === 'refused' && refusal.sentence).toMatch(
      /parl-policy: of the budget of ε 4\.5, ε 4\.\d+ is spent, and the next round would make it 4\.\d+; possible again from 2026-01-31/,
    );
    const result = charge(account, { term: 1, round: 4, digest: digest(4), noise: 4 }, of, T0 + 5 * DAY);
    expect(result).toMatchObject({ kind: 'refused', reason: 'budget-spent' });
    expect(propose(account, 4, budget(4.5), T0 + 900 * DAY)).toMatchObject({ kind: 'refused', possibleAt: undefined });
  });

  test('a renewed budget begins at nothing, while what was ever spent adds up', () => {
    let account = openAccount('parl-policy', T0);
    const of = budget(4.5, 30);
    for (const round of [1, 2, 3]) account = charged(account, round, 4, of);
    account = charged(account, 4, 4, of, T0 + 31 * DAY);
    expect(account).toMatchObject({ spent: 4 / 8, spentInPeriod: 1 / 8, since: T0 + 31 * DAY, participations: 4 });
  });

  test('when one round alone exceeds the budget, waiting is not promised', () => {
    expect(propose(openAccount('p', T0), 1, budget(4.5, 30), T0)).toMatchObject({
      kind: 'refused',
      possibleAt: undefined,
      sentence: expect.stringContaining('one round alone exceeds it'),
    });
  });

  test('a clock that jumps does not renew twice, and back again renews nothing', () => {
    const of = budget(4.5, 30);
    let account = charged(openAccount('p', T0), 1, 4, of);
    account = charged(account, 2, 4, of, T0 - DAY);
    expect(account).toMatchObject({ spentInPeriod: 2 / 8, since: T0 - DAY });
    account = charged(account, 3, 4, of, T0 + 400 * DAY); // far ahead: renewed
    account = charged(account, 4, 4, of, T0); // back: keeps what was spent
    expect(account).toMatchObject({ spentInPeriod: 2 / 8, since: T0, spent: 4 / 8 });
  });

  test('the same bytes of the same round are free; other bytes are refused; a new term with the same bytes is free', () => {
    const account = charged(openAccount('p', T0), 7, 4, budget());
    const of = (term: number, byte: number) =>
      charge(account, { term, round: 7, digest: digest(byte), noise: 4 }, budget(), T0);
    expect(of(1, 7)).toMatchObject({ kind: 'again', account: { spent: 1 / 8, participations: 1 } });
    expect(of(1, 8)).toMatchObject({ kind: 'refused', reason: 'other-bytes' });
    expect(of(2, 7)).toMatchObject({ kind: 'again', account: { spent: 1 / 8, participations: 1 } });
    expect(of(2, 8)).toMatchObject({ kind: 'charged', account: { spent: 2 / 8, participations: 2 } });
  });

  test('without noise nothing is proven: ε is unknown from then on, and no budget allows it', () => {
    const account = charged(openAccount('p', T0), 1, 0, budget());
    expect(account).toMatchObject({ spent: 0, withoutNoise: 1 });
    expect(propose(account, 4, budget(), T0)).toMatchObject({
      kind: 'allowed',
      epsilonBefore: undefined,
      epsilonAfter: undefined,
    });
    expect(propose(account, 4, budget(100), T0)).toMatchObject({ kind: 'refused' });
    expect(propose(openAccount('p', T0), 0, budget(100), T0)).toMatchObject({ kind: 'refused' });
  });

  test('survives being written down; what cannot be read is never taken for an empty account', () => {
    const account = charged(openAccount('p', T0), 1, 4, budget());
    expect(readAccount('p', JSON.stringify(account))).toEqual(account);
    for (const broken of ['', '{', 'null', '{"version":1}', JSON.stringify({ ...account, spent: -1 })]) {
      expect(() => readAccount('p', broken)).toThrow(expect.objectContaining({ code: 'PRIVACY_ACCOUNT_UNREADABLE' }));
    }
    expect(() => readAccount('other', JSON.stringify(account))).toThrow(/other/);
  });

  test('never spends beyond the budget, whatever is asked in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ round: fc.integer({ min: 1, max: 40 }), noise: fc.constantFrom(0, 1, 3, 8), byte: fc.nat(3) }),
        ),
        (requests) => {
          let account = openAccount('p', T0);
          for (const { round, noise, byte } of requests) {
            const result = charge(account, { term: 1, round, digest: digest(byte), noise }, budget(6), T0);
            if (result.kind !== 'refused') account = result.account;
            expect(epsilonOf(account.spentInPeriod, 1e-5)).toBeLessThanOrEqual(6);
            expect(account.charged.length).toBeLessThanOrEqual(32);
          }
          expect(account.withoutNoise).toBe(0);
          expect(() => readAccount('p', JSON.stringify(account))).not.toThrow();
        },
      ),
    );
  });
});
