import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import {
  COMPARISONS,
  neverDoubted,
  onCompared,
  onProbed,
  type TransitTrust,
} from '../../../mesh/relay/transit-trust.ts';

const doubted = onProbed(neverDoubted, false);

/** A whole series; @param outcome of each comparison */
function series(outcome: () => { through: boolean; around: boolean } | undefined): TransitTrust {
  let trust = doubted;
  for (let at = 0; trust.kind === 'doubted' && at < 100; at++) trust = onCompared(trust, outcome(), 1000);
  return trust;
}

describe('Trust in a neighbour that is to pass frames on', () => {
  it('is not lost by a missing answer, but by a series that only goes well around it', () => {
    expect(doubted.kind).toBe('doubted');
    expect(series(() => ({ through: false, around: true }))).toMatchObject({ kind: 'avoided', offences: 1, needed: 5 });
  });

  it('stays when the far node is down, when the neighbour is busy with itself, and where there is no other way', () => {
    expect(series(() => ({ through: false, around: false })).kind).toBe('trusted');
    expect(series(() => undefined).kind).toBe('trusted');
  });

  it('comes back after enough answers in succession, twice as many the next time', () => {
    let trust = series(() => ({ through: false, around: true }));
    for (const answered of [true, true, true, true, false, true, true, true, true]) {
      trust = onProbed(trust, answered);
      expect(trust.kind).toBe('avoided');
    }
    trust = onProbed(trust, true);
    expect(trust).toEqual({ kind: 'trusted', offences: 1 });
    trust = onProbed(trust, false);
    while (trust.kind === 'doubted') trust = onCompared(trust, { through: false, around: true }, 0);
    expect(trust).toMatchObject({ kind: 'avoided', needed: 10 });
  });

  it('falls in a series of bounded length, whatever the outcomes, and only with nine answers around it and two through', () => {
    const outcome = fc.option(fc.record({ through: fc.boolean(), around: fc.boolean() }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 24, maxLength: 24 }), (outcomes) => {
        let trust = doubted;
        let [through, around, at] = [0, 0, 0];
        for (; trust.kind === 'doubted'; at++) {
          const one = outcomes[at];
          through += one?.through ? 1 : 0;
          around += one?.around ? 1 : 0;
          trust = onCompared(trust, one, 0);
        }
        expect(at).toBeLessThanOrEqual(2 * COMPARISONS);
        expect(trust.kind).toBe(
          around >= 9 && through <= 2 && at >= COMPARISONS && trust.kind === 'avoided' ? 'avoided' : 'trusted',
        );
      }),
    );
  });

  it('is lost by one honest series in 300 at most, when every hop loses a fifth of what it carries', () => {
    const random = seededRandom(5);
    const arrives = (): boolean => random.next() < 0.8 ** 4;
    const rounds = 20_000;
    let condemned = 0;
    for (let at = 0; at < rounds; at++) {
      if (series(() => ({ through: arrives(), around: arrives() })).kind === 'avoided') condemned++;
    }
    expect(condemned / rounds).toBeLessThan(1 / 300);
  });
});
