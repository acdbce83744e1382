// Of many borders between two parts two speak, and nobody falls silent on a guess.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { speaks } from '../../../../mesh/routing/areas/speakers.ts';

/** Borders by number, each with its neighbours beyond; those are in the part that their tens digit says. */
function speakers(borders: Record<number, number[]>, isKnown = (_: number): boolean => true): number[] {
  const all = Object.entries(borders).map(([border, neighbours]) => [Number(border), neighbours] as const);
  return all
    .filter(([self, neighbours]) =>
      speaks<number>({
        neighbours,
        others: all
          .filter(([border]) => border !== self)
          .flatMap(([border, beyond]) => beyond.map((one) => [border, one] as const)),
        precedes: (border) => border < self,
        together: (a, b) => isKnown(a) && isKnown(b) && Math.floor(a / 10) === Math.floor(b / 10),
      }),
    )
    .map(([border]) => border);
}

test('the two that come first speak for all who link the same two parts', () => {
  expect(speakers({ 1: [10], 2: [11], 3: [12], 4: [10] })).toEqual([1, 2]);
  expect(speakers({ 1: [10] })).toEqual([1]);
});

test('every part is spoken to, by two where two are linked to it', () => {
  expect(speakers({ 1: [10], 2: [10], 3: [20], 4: [20], 5: [20], 6: [10, 20] })).toEqual([1, 2, 3, 4, 6]);
});

test('who does not know speaks', () => {
  expect(speakers({ 1: [10], 2: [11], 3: [12], 4: [13] }, (node) => node !== 12)).toEqual([1, 2, 3]);
});

test('whatever is linked and known, each part that a border is linked to hears one at least', () => {
  const borders = fc.dictionary(
    fc.nat({ max: 20 }).map(String),
    fc.array(fc.integer({ min: 10, max: 49 }), { minLength: 1, maxLength: 3 }),
  );
  fc.assert(
    fc.property(borders, fc.array(fc.integer({ min: 10, max: 49 })), (links, unknown) => {
      const spoken = speakers(links, (node) => !unknown.includes(node));
      const parts = (of: number[][]): Set<number> => new Set(of.flat().map((node) => Math.floor(node / 10)));
      expect(parts(spoken.map((border) => links[border]!))).toEqual(parts(Object.values(links)));
    }),
  );
});
