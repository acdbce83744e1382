// Taught looks: recognised in other light and a little shaken; what was never taught is not guessed.

import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { compareLooks, LOOK_SIDE, type Look, lookOf } from '../../../vision/correction/look.ts';

/** A dark bar at `x` on a light wall. */
function barAt(x: number, { light = 1, noise = 0, dy = 0 } = {}): Look | undefined {
  const random = seededRandom(7);
  const rgb = new Uint8Array(LOOK_SIDE * LOOK_SIDE * 3);
  for (let row = 0; row < LOOK_SIDE; row++) {
    for (let column = 0; column < LOOK_SIDE; column++) {
      const isBar = column >= x && column < x + 6 && row > 4 + dy;
      const value = (isBar ? 60 : 180 - row) * light + (random.next() - 0.5) * noise;
      rgb.fill(Math.max(0, Math.min(255, value)), 3 * (row * LOOK_SIDE + column), 3 * (row * LOOK_SIDE + column) + 3);
    }
  }
  return lookOf({ width: LOOK_SIDE, height: LOOK_SIDE, rgb });
}

const taught = [
  { state: 'closed', looks: [barAt(3)!] },
  { state: 'open', looks: [barAt(15)!] },
];

describe('a taught look', () => {
  it('is recognised in half the light, with noise, and shaken', () => {
    expect(compareLooks(barAt(3, { light: 0.5, noise: 20 })!, taught)).toMatchObject({
      kind: 'state',
      state: 'closed',
    });
    expect(compareLooks(barAt(16, { noise: 10, dy: 1 })!, taught)).toMatchObject({ kind: 'state', state: 'open' });
  });

  it('is not guessed for what was not taught, is between two, or shows nothing', () => {
    expect(compareLooks(barAt(9)!, taught)).toMatchObject({ kind: 'unknown' });
    expect(compareLooks(barAt(3)!, [])).toEqual({ kind: 'unknown', likeness: 0 });
    expect(compareLooks(barAt(3)!, [taught[0]!, { state: 'ajar', looks: [barAt(3)!] }])).toMatchObject({
      kind: 'unknown',
    });
    const grey = new Uint8Array(LOOK_SIDE * LOOK_SIDE * 3).fill(90);
    expect(lookOf({ width: LOOK_SIDE, height: LOOK_SIDE, rgb: grey })).toBeUndefined();
  });
});
