import { describe, expect, it } from 'vitest';
import { presenceInWords } from '../../../mesh/membership/presence-in-words.ts';

const well = { since: 0, suspectedBy: [], tried: [], localDoubt: 0, flaps: 0, damped: false };

describe('why a member is there or not, in words', () => {
  it('has nothing to say of one that is alive and always was', () => {
    expect(presenceInWords({ ...well, state: 'alive' })).toBe('');
  });

  it('says who lost it, which ways were tried and what came of each, and how this node was itself', () => {
    const words = presenceInWords({
      ...well,
      state: 'suspect',
      suspectedBy: [
        { id: 'a', name: 'alpha', since: 0 },
        { id: 'd', name: 'delta', since: 0 },
      ],
      tried: [
        { way: 'udp', outcome: 'silent', at: 0 },
        { way: 'stream', outcome: 'unanswered', at: 0 },
        { way: 'indirect', via: 'b', viaName: 'bravo', outcome: 'answered', at: 0 },
        { way: 'indirect', via: 'c', viaName: 'charlie', outcome: 'silent', at: 0 },
      ],
      localDoubt: 2,
      flaps: 1,
    });
    expect(words).toBe(
      'its links to alpha, delta were lost; UDP fell silent; the connection did not answer; bravo reaches it; ' +
        'charlie does not reach it; this node was late itself then (doubt 2 of 3); its link failed once',
    );
  });

  it('does not count what answered before', () => {
    const tried = [
      { way: 'udp', outcome: 'answered', at: 900 },
      { way: 'stream', outcome: 'closed', at: 999 },
    ] as const;
    expect(presenceInWords({ ...well, state: 'gone', since: 1000, tried: [...tried] })).toBe(
      'the connection was closed',
    );
  });

  it('says of one that left, or was never met, just that', () => {
    expect(presenceInWords({ ...well, state: 'stopped' })).toBe('it said goodbye');
    expect(presenceInWords({ ...well, state: 'in' })).toBe('not reached since this node started');
  });

  it('remembers a link that fails again and again while it is up', () => {
    expect(presenceInWords({ ...well, state: 'alive', flaps: 5, damped: true })).toBe(
      'its link failed 5 times and is a last resort',
    );
  });
});
