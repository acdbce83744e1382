import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ActivityGrid, busiestPlace, COLUMNS, ROWS } from '../../../vision/drawing/activity-grid.ts';
import { activityPicture } from '../../../vision/drawing/activity-picture.ts';

const DAY = 86_400_000;
const at = (shares: readonly number[], column: number, row: number): number => shares[row * COLUMNS + column]!;

describe('where things were seen', () => {
  it('is counted by foot point, as shares of the busiest cell', () => {
    const grid = new ActivityGrid(0);
    for (let i = 0; i < 4; i += 1) grid.add(0.5, 0.75, 0);
    grid.add(0, 0, 0);
    const shares = grid.shares(0);
    expect([at(shares, 16, 18), at(shares, 0, 0), at(shares, 1, 1)]).toEqual([1, 0.25, 0]);
    expect(grid.total(0)).toBe(5);
  });

  it('fades by a tenth each day, and is forgotten in the end', () => {
    const grid = new ActivityGrid(0);
    for (let i = 0; i < 10; i += 1) grid.add(0.1, 0.1, 0);
    expect(grid.total(DAY - 1)).toBe(10);
    expect(grid.total(DAY)).toBeCloseTo(9);
    expect(grid.total(7 * DAY)).toBeCloseTo(4.783, 3);
    expect(grid.total(100 * DAY)).toBe(0);
  });

  it('comes back from what was kept, faded by the days between', () => {
    const grid = new ActivityGrid(5 * DAY);
    grid.add(0.9, 0.9, 5 * DAY);
    const kept: unknown = JSON.parse(JSON.stringify(grid.kept()));
    expect(ActivityGrid.of(kept, 5 * DAY).shares(5 * DAY)).toEqual(grid.shares(5 * DAY));
    expect(ActivityGrid.of(kept, 6 * DAY).total(6 * DAY)).toBeCloseTo(0.9);
    expect(JSON.stringify(kept).length).toBeLessThan(2000);
  });

  it('begins anew with what cannot be read, and bears any point and any clock', () => {
    for (const broken of [undefined, null, {}, { day: 'x', tenths: [] }, { day: 0, tenths: [1, 2] }])
      expect(ActivityGrid.of(broken, 0).total(0)).toBe(0);
    const number = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number, fc.nat(400 * DAY)), { maxLength: 50 }), (points) => {
        const grid = new ActivityGrid(200 * DAY);
        for (const [x, y, now] of points) grid.add(x, y, now);
        const shares = grid.shares(400 * DAY);
        expect(shares).toHaveLength(COLUMNS * ROWS);
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('is told in words too', () => {
    const grid = new ActivityGrid(0);
    expect(busiestPlace(grid.shares(0))).toBeUndefined();
    grid.add(0.5, 0.5, 0);
    expect(busiestPlace(grid.shares(0))).toEqual({ place: 'middle', share: 1 });
    for (let i = 0; i < 3; i += 1) grid.add(0.05, 0.95, 0);
    expect(busiestPlace(grid.shares(0))?.place).toBe('lower left');
  });

  it('is a picture: clear where nothing was, red where most was', async () => {
    const grid = new ActivityGrid(0);
    for (const dx of [-0.03, 0, 0.03]) for (const dy of [-0.03, 0, 0.03]) grid.add(0.5 + dx, 0.5 + dy, 0);
    const { data, info } = await sharp(await activityPicture(grid.shares(0)))
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([320, 240]);
    const pixel = (x: number, y: number): number[] => [...data.subarray((y * 320 + x) * 4, (y * 320 + x) * 4 + 4)];
    expect(pixel(10, 10)[3]).toBe(0);
    const [r, g, , alpha] = pixel(160, 120);
    expect(alpha).toBeGreaterThan(180);
    expect(r! - g!).toBeGreaterThan(50);
  });
});
