import { describe, expect, it } from 'vitest';
import { falseAlarms, knownEverywhere, type Observation } from '../../bench/membership/observations.ts';

const said = (at: number, observer: string, about: string, gone = true): Observation => ({ at, observer, about, gone });

describe('What members say of each other', () => {
  const log = [
    said(50, 'a', 'c'),
    said(60, 'a', 'c', false),
    said(130, 'a', 'c'),
    said(170, 'b', 'c'),
    said(180, 'b', 'a'),
  ];

  it('is known everywhere when the last observer knew; what was said before the death does not count', () => {
    expect(knownEverywhere(log, 'c', ['a', 'b'], 100)).toBe(70);
  });

  it('is not known everywhere while one observer has not said it', () => {
    expect(knownEverywhere(log, 'c', ['a', 'b', 'd'], 100)).toBeUndefined();
  });

  it('counts every word of a death as a false alarm while nobody died', () => {
    expect(falseAlarms(log, 0, 100)).toBe(1);
    expect(falseAlarms(log, 100, 200)).toBe(3);
  });
});
