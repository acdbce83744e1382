import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Experience, packExperience, unpackExperience } from '../../../agents/parl/experience.ts';
import { PAIR_WIDTH, STATE_WIDTH } from '../../../agents/parl/observation.ts';
import { ParlmeshError } from '../../../core/errors.ts';

/** Numbers that 16 bits hold exactly. */
const half = fc.integer({ min: -512, max: 512 }).map((value) => value / 64);
const halves = (length: number) =>
  fc.array(half, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));
const decision: fc.Arbitrary<Experience> = fc.integer({ min: 1, max: 6 }).chain((choices) =>
  fc.record({
    rows: halves(choices * PAIR_WIDTH),
    state: halves(STATE_WIDTH),
    action: fc.integer({ min: 0, max: choices - 1 }),
    logProbability: half.map((value) => -Math.abs(value)),
    value: half,
    reward: half,
    elapsed: half.map(Math.abs),
  }),
);

describe('packed experience', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(decision, { maxLength: 5 }), (decisions) => {
        expect(unpackExperience(packExperience(decisions))).toEqual(decisions);
      }),
      { numRuns: 30 },
    );
  });

  it('that was cut, lengthened or changed is refused by name, or is still whole and finite', () => {
    const bytes = packExperience(fc.sample(decision, { numRuns: 3, seed: 1 }));
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.nat(255),
        fc.constantFrom('cut', 'lengthened', 'changed'),
        (at, byte, how) => {
          const mangled =
            how === 'cut' ? bytes.slice(0, at) : how === 'lengthened' ? Buffer.concat([bytes, bytes]) : bytes.slice();
          if (how === 'changed') mangled[at] = byte;
          let read: Experience[] = [];
          try {
            read = unpackExperience(mangled);
          } catch (error) {
            expect(error).toBeInstanceOf(ParlmeshError);
          }
          if (how !== 'changed') expect(read).toEqual([]);
          for (const { rows, action, logProbability, value, reward } of read) {
            expect(action).toBeLessThan(rows.length / PAIR_WIDTH);
            expect([...rows, logProbability, value, reward].every(Number.isFinite)).toBe(true);
          }
        },
      ),
    );
    expect(() => unpackExperience(bytes.slice(0, -1))).toThrow('cut short');
    expect(() => unpackExperience(new Uint8Array(300_000))).toThrow('300000 bytes long');
  });
});
