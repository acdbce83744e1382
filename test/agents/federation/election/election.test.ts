// The pure core with literal numbers.

import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { precedes } from '../../../../agents/federation/election/claims.ts';
import { step } from '../../../../agents/federation/election/election.ts';
import {
  begin,
  type ElectionEffect,
  type ElectionEvent,
  type ElectionRules,
  type ElectionState,
  seatOf,
} from '../../../../agents/federation/election/election-state.ts';
import { costOf, distanceOf, stabilityOf } from '../../../../agents/federation/election/standing.ts';
import { seatTopic, type Word } from '../../../../agents/federation/election/word.ts';

const RULES: ElectionRules = { lease: 15_000, candidate: true, appointed: false, margin: 0.3, moveAfter: 300_000 };
const claim = (term: number, beat = 1, cost = 0.05) => ({ term, beat, lease: 15_000, cost });
const word = (more: Partial<Word> = {}): Word => ({ term: 0, cost: 0.05, candidate: true, ...more });

/** Drives one node through events at their times; gives its state and all that followed. */
function drive(
  events: readonly [at: number, event: ElectionEvent][],
  {
    kept = { term: 0, held: false },
    rules = RULES,
  }: { kept?: { term: number; held: boolean }; rules?: ElectionRules } = {},
): { state: ElectionState; effects: ElectionEffect[] } {
  let state = begin('b', kept, 0.04, 0, rules);
  const all: ElectionEffect[] = [];
  for (const [at, event] of events) {
    const { state: next, effects } = step(state, event, at, rules);
    state = next;
    all.push(...effects);
    for (const effect of effects) {
      if (effect.kind !== 'keep' || !effect.asks) continue;
      const followed = step(state, { kind: 'kept', term: effect.term }, at, rules);
      state = followed.state;
      all.push(...followed.effects);
    }
  }
  return { state, effects: all };
}

const present = (...nodes: string[]): ElectionEvent => ({ kind: 'present', nodes: new Set(nodes) });
const heard = (from: string, said: Word): ElectionEvent => ({ kind: 'heard', from, word: said });
const tick: ElectionEvent = { kind: 'tick' };

describe('the step of an election', () => {
  it('claims a new term only after it has listened and waited its turn', () => {
    const alone = drive([
      [0, present()],
      [7499, tick],
    ]);
    expect(seatOf(alone.state)).toEqual({ kind: 'none' });
    const later = drive([
      [7500, tick],
      [10_499, tick],
    ]);
    expect(seatOf(later.state)).toEqual({ kind: 'none' });
    const { state, effects } = drive([
      [7500, tick],
      [10_500, tick],
    ]);
    expect(seatOf(state)).toEqual({ kind: 'self', term: 1 });
    // On the disk before anybody hears of it.
    expect(effects.map(({ kind }) => kind)).toEqual(['say', 'keep', 'say', 'changed']);
    expect(effects[1]).toEqual({ kind: 'keep', term: 1, held: true, asks: true });
  });

  it('counts a lease from when its renewal was heard, and takes an old beat for none', () => {
    const events: [number, ElectionEvent][] = [
      [0, present('a')],
      [1000, heard('a', word({ term: 3, claim: claim(3, 8) }))],
      [9000, heard('a', word({ term: 3, claim: claim(3, 8) }))],
    ];
    expect(seatOf(drive([...events, [15_999, tick]]).state)).toEqual({ kind: 'other', node: 'a', term: 3 });
    const { state, effects } = drive([...events, [16_000, tick]]);
    expect(seatOf(state)).toEqual({ kind: 'none' });
    expect(effects.at(-1)).toMatchObject({ kind: 'changed', reason: 'lease-out' });
  });

  it('goes on from the term on its disk', () => {
    const { state } = drive(
      [
        [7500, tick],
        [10_500, tick],
      ],
      { kept: { term: 41, held: false } },
    );
    expect(seatOf(state)).toEqual({ kind: 'self', term: 42 });
  });

  it('does not believe a term that no honest network reaches', () => {
    const { state } = drive([
      [0, present('a')],
      [1, heard('a', word({ term: 2_000_000, claim: claim(2_000_000) }))],
    ]);
    expect(state.term).toBe(0);
    expect(seatOf(state)).toEqual({ kind: 'none' });
  });

  it('takes no word of somebody who cannot be reached for a claim', () => {
    const { state } = drive([
      [0, present()],
      [1, heard('a', word({ term: 1, claim: claim(1) }))],
      [2000, tick],
    ]);
    expect(seatOf(state)).toEqual({ kind: 'none' });
  });

  it('claims anew above a rival of the same term that it outranks', () => {
    const { state } = drive([
      [0, present('c')],
      [7500, tick],
      [10_500, tick],
      [10_600, heard('c', word({ term: 1, claim: claim(1, 1, 0.9) }))],
    ]);
    expect(seatOf(state)).toEqual({ kind: 'self', term: 2 });
  });

  it('steps down at once before a later term, and says so', () => {
    const { state, effects } = drive([
      [0, present('c')],
      [7500, tick],
      [10_500, tick],
      [10_600, heard('c', word({ term: 5, claim: claim(5, 1, 0.9) }))],
    ]);
    expect(seatOf(state)).toEqual({ kind: 'other', node: 'c', term: 5 });
    const said = effects.filter((effect) => effect.kind === 'say').at(-1);
    expect(said?.word.claim).toBeUndefined();
    expect(effects.at(-1)).toMatchObject({ kind: 'changed', reason: 'outranked' });
  });

  it('never claims where it is no candidate', () => {
    const { state } = drive(
      [
        [7500, tick],
        [100_000, tick],
      ],
      { rules: { ...RULES, candidate: false } },
    );
    expect(seatOf(state)).toEqual({ kind: 'none' });
  });
});

describe('claims', () => {
  it('count by appointment, then term, then cost, then id', () => {
    const made = (id: string, term: number, cost: number, appointed = false) => ({
      ...{ id, appointed },
      claim: claim(term, 1, cost),
    });
    expect(precedes(made('z', 1, 9, true), made('a', 7, 1))).toBe(true);
    expect(precedes(made('z', 3, 9), made('a', 2, 1))).toBe(true);
    expect(precedes(made('z', 3, 1), made('a', 3, 2))).toBe(true);
    expect(precedes(made('a', 3, 1), made('b', 3, 1))).toBe(true);
  });

  it('with a lease of no time or for ever are not read', () => {
    expect(Value.Check(seatTopic.schema, word({ claim: { ...claim(1), lease: 0 } }))).toBe(false);
    expect(Value.Check(seatTopic.schema, word({ claim: { ...claim(1), lease: 1e9 } }))).toBe(false);
    expect(Value.Check(seatTopic.schema, word({ claim: claim(1) }))).toBe(true);
  });
});

describe('the standing of a node', () => {
  it('is its mean round trip times what it lacks in constancy', () => {
    const away = { reachable: false, roundTrip: 9 };
    const distance = distanceOf([{ reachable: true, roundTrip: 0.01 }, { reachable: true, roundTrip: 0.03 }, away]);
    expect(distance).toBeCloseTo(0.02, 12);
    expect(distanceOf([away])).toBeUndefined();
    expect(costOf(0.02, 1)).toBe(0.02);
    expect(costOf(0.02, 0)).toBe(0.04);
    expect(costOf(0.00001, 1)).toBe(0.001);
  });

  it('counts an hour up, mains and two gigabytes', () => {
    const stability = stabilityOf({ uptimeSeconds: 3600, power: 'mains', memoryBytes: 2e9 });
    expect(stability).toBeCloseTo(0.8, 12);
    expect(stabilityOf({ uptimeSeconds: 0, power: 'battery', memoryBytes: 0 })).toBe(0);
  });
});
