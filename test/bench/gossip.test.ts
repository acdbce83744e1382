import { describe, expect, it } from 'vitest';
import { Hearings } from '../../bench/gossip/delays.ts';

describe('What was heard', () => {
  it('is told for each reader, for the last one, and with what is missing', () => {
    const hearings = new Hearings(2);
    hearings.said(1, 100);
    hearings.said(2, 200);
    hearings.heard(1, 105);
    hearings.heard(1, 109);
    hearings.heard(2, 204);
    hearings.heard(3, 300);
    expect(hearings.delays()).toEqual({ each: [5, 9, 4], last: [9], missing: 1 });
    expect(hearings.complete).toBe(false);
    hearings.heard(2, 212);
    expect(hearings.complete).toBe(true);
  });
});
