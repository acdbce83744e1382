import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { type Motion, MotionGate } from '../../../vision/gates/motion.ts';
import type { GreyPicture } from '../../../vision/picture/grey.ts';

const WIDTH = 160;
const HEIGHT = 90;

/** A place with texture on the left and a flat wall on the right, with the noise of a camera. */
function place(seed: number, change: (value: number, x: number, y: number) => number = (value) => value): GreyPicture {
  const random = seededRandom(seed);
  const pixels = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const texture = x < 90 ? 40 * Math.sin(x / 2.5) * Math.cos(y / 3) : 0;
      const value = change(110 + texture, x, y) + (random.next() - 0.5) * 6;
      pixels[y * WIDTH + x] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  return { width: WIDTH, height: HEIGHT, pixels };
}

const thing =
  (left: number, top: number, width = 8, height = 18, brightness = 190) =>
  (value: number, x: number, y: number): number =>
    x >= left && x < left + width && y >= top && y < top + height ? brightness : value;

/** A gate that knows the place, five pictures a second. */
function settled() {
  const gate = new MotionGate();
  let now = 0;
  let seed = 1;
  const look = (change?: (value: number, x: number, y: number) => number, after = 200): Motion => {
    now += after;
    return gate.look(place(seed++, change), now);
  };
  for (let i = 0; i < 6; i++) look(undefined, 1_000);
  return look;
}

describe('the motion gate', () => {
  it('learns from the first picture and finds noise still', () => {
    const gate = new MotionGate();
    expect(gate.look(place(1), 0)).toEqual({ kind: 'learning' });
    expect(gate.look(place(2), 200)).toEqual({ kind: 'still' });
  });

  it.each([
    ['before a flat wall', 120, 40, 190],
    ['before a texture', 40, 40, 190],
    ['dark', 120, 40, 60],
    ['small and far away', 120, 20, 190],
  ])('boxes a thing %s', (_where, left, top, brightness) => {
    const look = settled();
    const [width, height] = top === 20 ? [4, 8] : [8, 18];
    const motion = look(thing(left, top, width, height, brightness));
    if (motion.kind !== 'motion') throw new Error(motion.kind);
    expect(motion.regions).toHaveLength(1);
    const [{ box, moving }] = motion.regions as [Extract<Motion, { kind: 'motion' }>['regions'][number]];
    expect(moving).toBe(true);
    expect(Math.abs(box.x * WIDTH - left)).toBeLessThanOrEqual(6);
    expect(Math.abs((box.x + box.width) * WIDTH - left - width)).toBeLessThanOrEqual(6);
    expect(Math.abs(box.y * HEIGHT - top)).toBeLessThanOrEqual(6);
    expect(Math.abs((box.y + box.height) * HEIGHT - top - height)).toBeLessThanOrEqual(6);
  });

  it('keeps two things apart', () => {
    const look = settled();
    const motion = look((value, x, y) => thing(20, 20)(thing(120, 50)(value, x, y), x, y));
    expect(motion).toMatchObject({ kind: 'motion', regions: [{}, {}] });
  });

  it('takes no change of light for motion: a cloud, a lamp, the camera’s exposure, from one picture to the next', () => {
    const cloud = (share: number) => (value: number) => value * share;
    const lamp = (value: number, x: number, y: number) =>
      value * (1 + 0.8 * Math.exp(-((x - 50) ** 2 + (y - 40) ** 2) / 1800));
    const look = settled();
    for (const light of [cloud(0.75), cloud(1.25), lamp, (value: number) => value + 25]) {
      expect(look(light)).toEqual({ kind: 'still' });
      for (let i = 0; i < 6; i++) look(undefined, 2_000);
    }
    // And finds a thing in the new light.
    look(cloud(0.7));
    expect(look((value, x, y) => thing(120, 40)(0.7 * value, x, y))).toMatchObject({ kind: 'motion' });
  });

  it('says that something stands where it stopped, and takes it for background in the end', () => {
    const look = settled();
    const parked = thing(120, 40);
    look(parked);
    expect(look(parked)).toMatchObject({ kind: 'motion', regions: [{ moving: false }] });
    let last: Motion = { kind: 'learning' };
    for (let i = 0; i < 60; i++) last = look(parked, 1_000);
    expect(last).toEqual({ kind: 'still' });
  });

  it('gets used to leaves that wave without end, and still sees a thing before them', () => {
    const look = settled();
    let frame = 0;
    const leaves = (value: number, x: number, y: number) =>
      x > 95 && y < 30 ? value + 14 * Math.sin(frame * 1.7 + x * 1.3 + y) : value;
    const kinds: string[] = [];
    for (; frame < 150; frame++) kinds.push(look(leaves).kind);
    expect(kinds.slice(-50).filter((kind) => kind === 'still').length).toBeGreaterThan(45);
    expect(look((value, x, y) => thing(120, 8, 10, 20, 240)(leaves(value, x, y), x, y))).toMatchObject({
      kind: 'motion',
    });
  });

  it('begins anew when the whole picture is another one', () => {
    const look = settled();
    const elsewhere = (_value: number, x: number, y: number) => 110 + 60 * Math.sin(x / 3 + y / 2);
    expect(look(elsewhere)).toEqual({ kind: 'flash' });
    expect(look(elsewhere)).toEqual({ kind: 'still' });
  });

  it('begins anew when the picture’s size changes', () => {
    const gate = new MotionGate();
    gate.look(place(1), 0);
    expect(gate.look({ width: 8, height: 1, pixels: new Uint8Array(8) }, 200)).toEqual({ kind: 'learning' });
    expect(gate.look({ width: 8, height: 1, pixels: new Uint8Array(8) }, 400)).toEqual({ kind: 'still' });
  });
});
