import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attention, type Scene, wasSearched } from '../../../vision/gates/attention.ts';
import { cropsFor } from '../../../vision/gates/crops.ts';
import type { Motion } from '../../../vision/gates/motion.ts';
import { type Box, shareInside } from '../../../vision/geometry.ts';

const picture = { width: 1280, height: 720 };
const model = { width: 320, height: 320 };
const person: Box = { x: 0.7, y: 0.5, width: 0.03, height: 0.1 };
const moving = (...boxes: Box[]): Motion => ({ kind: 'motion', regions: boxes.map((box) => ({ box, moving: true })) });
const still: Motion = { kind: 'still' };
const scene = (motion: Motion, now: number, followed: Scene['followed'] = []): Scene => ({
  ...{ motion, now, followed, picture, model },
});

/** Has just searched everything. */
function settled(): Attention {
  const attention = new Attention();
  attention.searched({ kind: 'all' }, 0);
  return attention;
}

describe('attention', () => {
  it('searches everything first, after a flash, and every ten seconds though nothing moves', () => {
    expect(new Attention().plan(scene(still, 0))).toEqual({ kind: 'all' });
    const attention = settled();
    expect(attention.plan(scene({ kind: 'flash' }, 200))).toEqual({ kind: 'all' });
    expect(attention.plan(scene(still, 9_999))).toEqual({ kind: 'nothing' });
    expect(attention.plan(scene(still, 10_000))).toEqual({ kind: 'all' });
  });

  it('searches a crop around what moves, of the model’s size', () => {
    const plan = settled().plan(scene(moving(person), 200));
    if (plan.kind !== 'crops') throw new Error(plan.kind);
    expect(plan.crops).toHaveLength(1);
    const [crop] = plan.crops as [Box];
    expect(shareInside(person, crop)).toBeCloseTo(1);
    expect(crop.width * picture.width).toBeCloseTo(320 / 1.5, 0);
    expect(crop.height * picture.height).toBeCloseTo(320 / 1.5, 0);
  });

  it('searches everything where what moves is large, or in too many places', () => {
    expect(settled().plan(scene(moving({ x: 0.1, y: 0.1, width: 0.6, height: 0.8 }), 200))).toEqual({ kind: 'all' });
    const corners = [0.02, 0.9].flatMap((x) => [0.02, 0.85].map((y) => ({ x, y, width: 0.05, height: 0.08 })));
    expect(settled().plan(scene(moving(...corners), 200))).toEqual({ kind: 'all' });
  });

  it('looks on at what it lost until it is known what became of it', () => {
    const attention = settled();
    expect(attention.plan(scene(still, 200, [{ box: person, doubtful: false }]))).toEqual({ kind: 'nothing' });
    expect(attention.plan(scene(still, 200, [{ box: person, doubtful: true }])).kind).toBe('crops');
  });

  it('looks now and then at what stands where nothing was', () => {
    const attention = settled();
    const stands: Motion = { kind: 'motion', regions: [{ box: person, moving: false }] };
    expect(attention.plan(scene(stands, 1_000))).toEqual({ kind: 'nothing' });
    expect(attention.plan(scene(stands, 2_000)).kind).toBe('crops');
  });

  it('holds a thing whole that is followed where something moves', () => {
    const car: Box = { x: 0.6, y: 0.45, width: 0.15, height: 0.15 };
    const plan = settled().plan(scene(moving(person), 200, [{ box: car, doubtful: false }]));
    if (plan.kind !== 'crops') throw new Error(plan.kind);
    expect(plan.crops.some((crop) => shareInside(car, crop) > 0.999)).toBe(true);
    expect(wasSearched(car, plan)).toBe(true);
    expect(wasSearched({ x: 0, y: 0, width: 0.1, height: 0.1 }, plan)).toBe(false);
  });
});

describe('crops', () => {
  const share = fc.double({ min: 0, max: 0.9, noNaN: true });
  const boxes = fc.array(
    fc.record({ x: share, y: share, width: fc.constantFrom(0.01, 0.1), height: fc.constantFrom(0.01, 0.1) }),
    { minLength: 1, maxLength: 8 },
  );

  it('hold all that is wanted, lie in the picture, and are at most two', () => {
    fc.assert(
      fc.property(boxes, (wanted) => {
        const crops = cropsFor(wanted, picture, model);
        if (crops === undefined) return;
        expect(crops.length).toBeLessThanOrEqual(2);
        for (const { x, y, width, height } of crops) {
          expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
          expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(1 + 1e-9);
        }
        for (const box of wanted) expect(Math.max(...crops.map((crop) => shareInside(box, crop)))).toBeCloseTo(1, 5);
      }),
    );
  });
});
