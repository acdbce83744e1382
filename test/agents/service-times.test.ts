// What the times of work say of an agent, with literal numbers.

import { describe, expect, it } from 'vitest';
import { type Piece, ServiceTimes } from '../../agents/service-times.ts';

const MINUTE = 60_000;

function times(...ids: string[]) {
  const of = new ServiceTimes();
  let now = 0;
  for (const id of ids) of.begin(id);
  /** One piece every `every` ms. */
  const note = (id: string, took: readonly number[], like: Omit<Piece, 'took'>, every = 1_000): void => {
    for (const one of took) {
      now += every;
      of.note(id, { ...like, took: one }, now);
    }
  };
  return { of, note };
}
const letters = { sort: 'letter', among: 'own' } as const;
const tasks = { sort: 'job-1', among: 'peers' } as const;
const repeated = (took: number, count: number): number[] => Array.from({ length: count }, () => took);

describe('An agent that is compared with itself', () => {
  it('is slow when all but one of its last letters take longer, and as usual when it was started anew', () => {
    const { of, note } = times('a');
    note('a', repeated(100, 30), letters);
    expect(of.news('a')).toBeCloseTo(1, 6);
    note('a', [700, 100, 800, 700, 900], letters);
    expect(of.news('a')).toBeCloseTo(7, 6);
    of.begin('a');
    expect(of.news('a')).toBe(1);
    note('a', repeated(110, 5), letters);
    expect(of.news('a')).toBeCloseTo(1.1, 6);
  });

  it('is not slow for single long letters, for letters while nothing is known of it, nor for what takes no time', () => {
    const { of, note } = times('a', 'new', 'quick');
    note('a', repeated(100, 30), letters);
    note('a', [5_000, 100, 9_000, 100, 100], letters);
    expect(of.news('a')).toBeCloseTo(1, 6);
    note('new', [...repeated(10, 5), ...repeated(9_000, 5)], letters);
    expect(of.news('new')).toBe(1);
    note('quick', [...repeated(0.1, 30), ...repeated(9, 5)], letters);
    expect(of.news('quick')).toBeLessThan(1);
  });

  it('says nothing again where nothing new was done', () => {
    const { of, note } = times('a');
    note('a', repeated(100, 30), letters);
    expect([of.news('a') !== undefined, of.news('a')]).toEqual([true, undefined]);
    expect(of.news('nobody')).toBeUndefined();
  });

  it('stays slow for a quarter of an hour, and what lasts longer is what it usually takes', () => {
    const { of, note } = times('a');
    note('a', repeated(100, 200), letters, 5_000);
    note('a', repeated(1_000, 14), letters, MINUTE);
    expect(of.news('a')).toBeCloseTo(10, 6);
    note('a', repeated(1_000, 46), letters, MINUTE);
    expect(of.news('a')).toBeCloseTo(1, 6);
  });
});

describe('Agents that do the same work', () => {
  it('are slow when the others do it faster', () => {
    const { of, note } = times('a', 'b', 'c');
    note('b', repeated(200, 5), tasks);
    note('c', repeated(200, 5), tasks);
    note('a', repeated(1_600, 5), tasks);
    expect(of.news('a')).toBe(8);
    expect(of.news('b')).toBeLessThan(1);
    expect(of.pace('a')).toBe(1_600);
  });

  it('are not slow for long tasks that come to all of them, nor for those of another job', () => {
    const { of, note } = times('a', 'b');
    note('b', repeated(200, 5), tasks);
    note('a', repeated(9_000, 5), { ...tasks, sort: 'job-2' });
    expect([of.news('a'), of.pace('a')]).toEqual([1, undefined]);
    note('b', [8_000, 9_000, 9_000, 200, 9_000], { ...tasks, sort: 'job-2' });
    note('a', [9_000], { ...tasks, sort: 'job-2' });
    expect(of.news('a')).toBeCloseTo(1, 6);
  });

  it('are forgotten with what they did', () => {
    const { of, note } = times('a', 'b');
    note('b', repeated(200, 5), tasks);
    of.forget('b');
    note('a', repeated(1_600, 5), tasks);
    expect(of.news('a')).toBe(1);
  });
});
