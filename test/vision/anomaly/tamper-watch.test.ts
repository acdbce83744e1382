// What the watch over a camera's view says of disturbances, and that it says nothing of what a healthy day brings.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TamperWatch } from '../../../vision/anomaly/tamper-watch.ts';
import { HEIGHT, shrink, WIDTH } from '../../../vision/anomaly/working-picture.ts';
import { blurred, fill, grey, lit, Show, view } from './made-view.ts';

const place = view(1);
const whole = { x: 0, y: 0, width: WIDTH, height: HEIGHT };

describe('a disturbed view', () => {
  it('is covered when a cap is put on, and clear again when it is taken off', () => {
    const show = new Show().play(place, 12).play(place, 12, (picture) => fill(picture.slice(), whole, [6, 6, 6]));
    expect(show.last.kind).toBe('covered');
    expect(show.last.since).toBe(1_012_000);
    expect(show.last.evidence.texture_kept).toEqual({ value: 0, reference: 1 });
    expect(show.play(place, 5).last).toMatchObject({ kind: 'clear', message: 'The view is clear' });
    expect(show.kinds).toEqual(['clear', 'covered']);
  });

  it('is covered by a plain brown bag too', () => {
    const show = new Show().play(place, 12).play(place, 12, (picture) => fill(picture.slice(), whole, [120, 90, 60]));
    expect(show.last.kind).toBe('covered');
  });

  it('is sprayed when paint hides a part of it for good', () => {
    const blot = { x: 40, y: 30, width: 90, height: 80 };
    const show = new Show().play(place, 12).play(place, 15, (picture) => fill(picture.slice(), blot, [40, 140, 60]));
    expect(show.last.kind).toBe('sprayed');
    expect(show.last.evidence.texture_kept!.value).toBeLessThan(0.85);
  });

  it('is moved when the camera was pushed aside, and tells how far', () => {
    const show = new Show().play(place, 12).play(view(1, 24, 0), 12);
    expect(show.last.kind).toBe('moved');
    expect(show.last.evidence.shift_x!.value).toBeCloseTo(-24 / WIDTH, 2);
    expect(show.last.message).toMatch('shifted');
  });

  it('is moved when the camera looks at another place', () => {
    expect(new Show().play(place, 12).play(view(2), 14).last.kind).toBe('moved');
  });

  it('is defocused when only coarse shapes are left', () => {
    const out = blurred(place, 2);
    const show = new Show().play(place, 12).play(out, 12);
    expect(show.last.kind).toBe('defocused');
    expect(show.last.evidence.sharpness!.value).toBeLessThan(0.4);
  });

  it('is blinded by a torch', () => {
    const show = new Show().play(place, 12).play(place, 12, (picture) => lit(picture, 4, 140));
    expect(show.last.kind).toBe('blinded');
  });

  it('is frozen when a live camera repeats one picture, which stills may', () => {
    expect(new Show().play(place, 12).play(place, 8, () => undefined).last.kind).toBe('frozen');
    const stills = new Show(new TamperWatch({ pace: 'stills' })).play(place, 12).play(place, 8, () => undefined);
    expect(stills.kinds).toEqual(['clear']);
  });

  it('has lost its signal when a blue picture with a few words comes', () => {
    const text = { x: 70, y: 60, width: 50, height: 12 };
    const blue = fill(fill(place.slice(), whole, [0, 0, 200]), text, [255, 255, 255]);
    const show = new Show().play(place, 12).play(blue, 1);
    const pixels = Uint8Array.from(blue);
    const states = [13, 14, 15, 16, 17].map((second) =>
      show.watch.look({ pixels, now: second * 1000, wall: second * 1000 }),
    );
    expect(states.at(-1)!.kind).toBe('signal-lost');
  });

  it('is dark, not covered, when night falls slowly or the light leaves a remnant', () => {
    const dusk = new Show().play(place, 12).play(place, 50, (picture, frame) => lit(picture, 0.9 ** frame));
    expect(dusk.last.kind).toBe('dark');
    expect(dusk.kinds).not.toContain('covered');
  });
});

describe('a healthy view', () => {
  it('stays clear while lamps go on and off, clouds pass and the exposure hunts', () => {
    const show = new Show()
      .play(place, 12)
      .play(place, 14, (picture) => lit(picture, 0.5))
      .play(place, 14, (picture) => lit(picture, 1.4))
      .play(place, 14, (picture) => picture.map((value, i) => value * (Math.floor(i / 3) % WIDTH < 80 ? 0.5 : 1)))
      .play(place, 14, (picture, frame) => lit(picture, 1 + 0.3 * Math.sin(frame)));
    expect(show.kinds).toEqual(['clear']);
  });

  it('stays clear while a lorry passes near', () => {
    const show = new Show().play(place, 12).play(place, 12, (picture, frame) => {
      if (frame > 6) return picture;
      return fill(picture.slice(), { x: frame * 45 - 150, y: 20, width: 150, height: 124 }, [180, 180, 60]);
    });
    expect(show.kinds).toEqual(['clear']);
  });

  it('stays clear when the camera switches to infrared and back', () => {
    const infrared = grey(place);
    const show = new Show().play(place, 12).play(infrared, 20).play(place, 12);
    expect(show.kinds).toEqual(['clear']);
    // The night has a reference of its own by now.
    expect(show.play(infrared, 6).play(fill(infrared.slice(), whole, [9, 9, 9]), 10).last.kind).toBe('covered');
  });
});

describe('the reference', () => {
  it('survives a restart: a camera turned meanwhile is noticed', () => {
    const before = new Show().play(place, 12);
    const reference = before.watch.packed()!;
    expect(reference.length).toBeLessThan(130_000);
    const after = new Show(new TamperWatch({ pace: 'video', reference })).play(view(1, 30, 0), 10);
    expect(after.last.kind).toBe('moved');
  });

  it('is learned anew when a view is accepted', () => {
    const show = new Show().play(place, 12).play(view(2), 14);
    expect(show.last.kind).toBe('moved');
    show.watch.acceptAsReference(5);
    expect(show.play(view(2), 12).last).toMatchObject({ kind: 'clear', learning: false });
    expect(show.play(place, 14).last.kind).toBe('moved');
  });

  it('does not follow a disturbed view', () => {
    const show = new Show().play(place, 12).play(view(2), 40);
    expect(show.last.kind).toBe('moved');
    expect(show.play(place, 6).last.kind).toBe('clear');
  });

  it('is not taken from bytes that are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (reference) => {
        expect(new TamperWatch({ pace: 'video', reference }).packed()).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});

describe('whatever comes', () => {
  it('never throws, for pictures of any size and content, and gives finite numbers', () => {
    const pixel = fc.constantFrom(0, 1, 127, 254, 255);
    const picture = fc
      .record({
        width: fc.integer({ min: 1, max: 40 }),
        height: fc.integer({ min: 1, max: 40 }),
        values: fc.array(pixel, { minLength: 1, maxLength: 60 }),
      })
      .map(({ width, height, values }) => ({
        width,
        height,
        pixels: Uint8Array.from({ length: width * height * 3 }, (_, i) => values[(i * 7 + width) % values.length]!),
      }));
    fc.assert(
      fc.property(fc.array(picture, { minLength: 6, maxLength: 9 }), (pictures) => {
        const watch = new TamperWatch({ pace: 'video' });
        let now = 0;
        for (const each of pictures) {
          now += 700;
          const state = watch.look({ pixels: shrink(each), now, wall: now });
          expect(state.confidence).toBeGreaterThanOrEqual(0);
          expect(state.confidence).toBeLessThanOrEqual(1);
          for (const { value } of Object.values(state.evidence)) expect(Number.isFinite(value)).toBe(true);
        }
      }),
      { numRuns: 10, seed: 3 },
    );
  });

  it('names the size that a working picture must have', () => {
    const watch = new TamperWatch({ pace: 'video' });
    expect(() => watch.look({ pixels: new Uint8Array(3), now: 0, wall: 0 })).toThrow(
      'a working picture has 82944 bytes, not 3',
    );
  });
});
