import { describe, expect, it } from 'vitest';
import { costOf, steadyCost, unmeasured, withAnswer, withMiss } from '../../../mesh/link/link-quality.ts';
import { type LinkState, newLink, onAnswer, onClosed, onMiss } from '../../../mesh/link/link-state-machine.ts';

describe('the state of a link', () => {
  it('is suspect until measured, up after an answer', () => {
    expect(newLink(5)).toMatchObject({ kind: 'suspect', since: 5, missed: 0 });
    expect(onAnswer(newLink(5), 7)).toEqual({ kind: 'up', since: 7 });
  });

  it('is suspect after one miss and down after three, with the cause', () => {
    let state: LinkState = { kind: 'up', since: 0 };
    state = onMiss(state, 10, 3);
    expect(state).toEqual({ kind: 'suspect', since: 10, missed: 1, cause: '1 probe without an answer' });
    state = onMiss(state, 20, 3);
    expect(state).toMatchObject({ kind: 'suspect', since: 10, missed: 2 });
    state = onMiss(state, 30, 3);
    expect(state).toEqual({ kind: 'down', since: 30, answers: 0, cause: '3 probes without an answer' });
  });

  it('needs two answers in a row to come back from down', () => {
    let state: LinkState = { kind: 'down', since: 0, answers: 0, cause: 'x' };
    state = onAnswer(state, 10);
    expect(state.kind).toBe('down');
    state = onMiss(state, 20, 3);
    state = onAnswer(state, 30);
    expect(state.kind).toBe('down');
    expect(onAnswer(state, 40)).toEqual({ kind: 'up', since: 40 });
  });

  it('is down at once when its connection closes', () => {
    expect(onClosed({ kind: 'up', since: 0 }, 9, 'cut')).toEqual({ kind: 'down', since: 9, answers: 0, cause: 'cut' });
  });
});

/** What is announced once `measured` has lasted. */
const announcedFrom = (cost: number, measured: number): number =>
  steadyCost(steadyCost({ cost, differsSince: undefined }, measured, 0), measured, 3000).cost;

describe('the quality of a link', () => {
  it('replaces the first round trip, which measured the connection, and smooths from then on', () => {
    let quality = withAnswer(unmeasured, 40);
    expect(quality.roundTrip).toBe(40);
    quality = withAnswer(quality, 4);
    expect(quality.roundTrip).toBe(4);
    quality = withAnswer(quality, 8);
    expect(quality.jitter).toBe(4 / 16);
    for (let probe = 0; probe < 50; probe++) quality = withAnswer(quality, 8);
    expect(quality.roundTrip).toBeCloseTo(8, 1);
  });

  it('takes no notice of a probe or two that waited for a busy processor, but soon of a link that became slow', () => {
    let quality = unmeasured;
    for (let probe = 0; probe < 10; probe++) quality = withAnswer(quality, 2);
    const cost = costOf(quality);
    let stalled = withAnswer(withAnswer(quality, 400), 300);
    for (let probe = 0; probe < 5; probe++) {
      expect(announcedFrom(cost, costOf(stalled))).toBe(cost);
      stalled = withAnswer(stalled, 2);
    }
    let slow = quality;
    for (let probe = 0; probe < 5; probe++) slow = withAnswer(slow, 100);
    expect(announcedFrom(cost, costOf(slow))).toBeGreaterThan(cost);
  });

  it('counts loss up with misses and down with answers', () => {
    const missed = withMiss(withAnswer(unmeasured, 1));
    expect(missed.loss).toBeCloseTo(0.1);
    expect(withAnswer(missed, 1).loss).toBeCloseTo(0.09);
  });

  it('costs a hop and its time, and the square of its loss', () => {
    expect(costOf({ ...unmeasured, roundTrip: 0 })).toBe(10);
    expect(costOf({ ...unmeasured, roundTrip: 30 })).toBe(40);
    expect(costOf({ ...unmeasured, roundTrip: 30, loss: 0.5 })).toBe(160);
    expect(costOf({ ...unmeasured, roundTrip: 1e9 })).toBe(60_000);
  });

  it('announces a new cost only when it differs by a quarter, and by five at least', () => {
    expect(steadyCost(undefined, 12, 0).cost).toBe(12);
    expect(announcedFrom(12, 17)).toBe(12);
    expect(announcedFrom(12, 18)).toBe(18);
    expect(announcedFrom(100, 124)).toBe(100);
    expect(announcedFrom(100, 74)).toBe(74);
  });

  it('announces nothing that does not last three seconds without a break', () => {
    let announced = steadyCost(undefined, 12, 0);
    for (const [now, measured] of [
      [1000, 40],
      [3000, 50],
      [3900, 12],
      [4000, 40],
      [6900, 40],
    ] as const) {
      announced = steadyCost(announced, measured, now);
      expect(announced.cost).toBe(12);
    }
    expect(steadyCost(announced, 45, 7000)).toEqual({ cost: 45, differsSince: undefined });
  });
});
