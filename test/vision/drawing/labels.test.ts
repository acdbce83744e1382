import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabelWish, placeLabels } from '../../../vision/drawing/labels.ts';

const SIZE = { width: 600, height: 400, letter: 7 };

describe('the words on links', () => {
  const wish = (key: string, from: [number, number], to: [number, number], ...texts: string[]): LabelWish => ({
    key,
    from: { x: from[0], y: from[1] },
    to: { x: to[0], y: to[1] },
    texts,
    must: false,
  });

  it('never lie above each other, above a node, or beyond the edge', () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 400 }));
    const wishes = fc.array(fc.tuple(point, point, fc.integer({ min: 1, max: 30 })), { maxLength: 30 });
    fc.assert(
      fc.property(wishes, (links) => {
        const node = { x: 300, y: 200, width: 60, height: 40 };
        const placed = placeLabels(
          links.map(([from, to, letters], at) => wish(String(at), from, to, 'x'.repeat(letters))),
          [node],
          SIZE,
        );
        const boxes = [...placed.values()].map(({ x, y, text }) => ({ x, y, width: text.length * 7, height: 16 }));
        for (const [i, a] of [node, ...boxes].entries()) {
          expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0);
          expect(a.x + a.width / 2).toBeLessThanOrEqual(SIZE.width);
          for (const b of [node, ...boxes].slice(i + 1)) {
            const apart =
              Math.abs(a.x - b.x) * 2 >= a.width + b.width || Math.abs(a.y - b.y) * 2 >= a.height + b.height;
            expect(apart).toBe(true);
          }
        }
      }),
    );
  });

  it('say less on a short link, and of a failed one its state at any rate', () => {
    const short = wish('short', [0, 100], [120, 100], '1.20 ms, cost 12', '1.20 ms');
    expect(placeLabels([short], [], SIZE).get('short')?.text).toBe('1.20 ms');
    const covered = { x: 60, y: 100, width: 400, height: 200 };
    expect(placeLabels([short], [covered], SIZE).size).toBe(0);
    expect(placeLabels([{ ...short, texts: ['down'], must: true }], [covered], SIZE).get('short')?.text).toBe('down');
  });
});
