// Lamps: colour from one picture, on, off or blinking from some seconds of them.

import { describe, expect, it } from 'vitest';
import { LedWatch, type Pixels, seeLed } from '../../../vision/correction/led.ts';

/** A lamp of two by two pixels in the middle of a case; overexposed in its middle where `core` says so. */
function lamp(
  glow: readonly number[],
  { around = [40, 40, 44], core = glow }: { around?: number[]; core?: readonly number[] } = {},
): Pixels {
  const side = 10;
  const rgb = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const far = Math.max(Math.abs(x - 4.5), Math.abs(y - 4.5));
      rgb.set(far < 1 ? core : far < 2 ? glow : around, 3 * (y * side + x));
    }
  }
  return { width: side, height: side, rgb };
}

describe('a lamp in a picture', () => {
  it('has the colour of its glow, also where its middle is overexposed', () => {
    const white = [255, 255, 255];
    expect(seeLed(lamp([40, 220, 60])).colour).toBe('green');
    expect(seeLed(lamp([60, 230, 90], { core: white })).colour).toBe('green');
    expect(seeLed(lamp([230, 40, 30], { core: [255, 200, 190] })).colour).toBe('red');
    expect(seeLed(lamp([250, 170, 30])).colour).toBe('amber');
    expect(seeLed(lamp([40, 90, 250])).colour).toBe('blue');
    expect(seeLed(lamp(white)).colour).toBe('white');
  });

  it('is off when it does not stand out: dark, or grey by day', () => {
    expect(seeLed(lamp([50, 60, 52])).colour).toBe('off');
    expect(seeLed(lamp([210, 212, 208], { around: [200, 200, 200] })).colour).toBe('off');
    expect(seeLed({ width: 1, height: 1, rgb: Uint8Array.of(255, 0, 0) }).colour).toBe('off');
  });

  it('is lit in a bright room too', () => {
    expect(seeLed(lamp([90, 250, 100], { around: [120, 118, 115] })).colour).toBe('green');
  });
});

describe('a lamp over some seconds', () => {
  const shown = (colours: string, every = 500) => {
    const watch = new LedWatch();
    return [...colours].map((letter, index) => watch.see(letter === 'g' ? 'green' : 'off', index * every)).at(-1);
  };

  it('is not judged before there is enough of it', () => {
    expect(shown('ggg')).toBeUndefined();
    expect(shown('........')).toBeUndefined();
  });

  it('is on, off, or blinks, whatever it is just now', () => {
    expect(shown('gggggggggggg')).toEqual({ pattern: 'on', colour: 'green' });
    expect(shown('............')).toEqual({ pattern: 'off', colour: 'off' });
    expect(shown('g.g.g.g.g.g.')).toEqual({ pattern: 'blinking', colour: 'green' });
    expect(shown('gg..ggg..gg.', 700)).toEqual({ pattern: 'blinking', colour: 'green' });
  });

  it('that goes off once is off, and does not blink', () => {
    expect(shown('ggggggggg...')).toEqual({ pattern: 'off', colour: 'off' });
  });

  it('stops to blink when eight seconds show no change', () => {
    expect(shown(`g.g.g.g.${'.'.repeat(18)}`)).toEqual({ pattern: 'off', colour: 'off' });
  });
});
