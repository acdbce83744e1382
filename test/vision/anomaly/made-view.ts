// A view made of boxes, as a working picture, and what can happen to it. Literal and seeded: every call gives the same.

import { type Random, seededRandom } from '../../../core/random.ts';
import { type TamperState, TamperWatch } from '../../../vision/anomaly/tamper-watch.ts';
import { HEIGHT, WIDTH, type WorkingPicture } from '../../../vision/anomaly/working-picture.ts';

export type Picture = Float32Array;
export type Change = (picture: Picture, frame: number) => Picture | undefined;

/** Some hundred boxes of all sizes over a gradient; `dx`, `dy` say where the camera looks. */
export function view(seed: number, dx = 0, dy = 0): Picture {
  const random = seededRandom(seed);
  const picture: Picture = new Float32Array(WIDTH * HEIGHT * 3);
  for (let i = 0; i < WIDTH * HEIGHT; i++) picture.fill(150 - Math.floor(i / WIDTH) / 2, i * 3, i * 3 + 3);
  for (let box = 0; box < 260; box++) {
    const [x, y] = [random.below(WIDTH * 2) - WIDTH / 2 - dx, random.below(HEIGHT * 2) - HEIGHT / 2 - dy];
    const [width, height] = [4 + random.below(30), 4 + random.below(30)];
    const colour = [random.below(220), random.below(220), random.below(220)];
    fill(picture, { x, y, width, height }, colour);
  }
  return picture;
}

export function fill(
  picture: Picture,
  box: { x: number; y: number; width: number; height: number },
  colour: readonly number[],
): Picture {
  for (let y = Math.max(0, box.y); y < Math.min(HEIGHT, box.y + box.height); y++) {
    for (let x = Math.max(0, box.x); x < Math.min(WIDTH, box.x + box.width); x++)
      picture.set(colour, (y * WIDTH + x) * 3);
  }
  return picture;
}

export const lit = (picture: Picture, gain: number, offset = 0): Picture =>
  picture.map((value) => value * gain + offset);

export function grey(picture: Picture): Picture {
  return picture.map((_, i) => {
    const at = i - (i % 3);
    return 0.5 * picture[at]! + 0.7 * picture[at + 1]! - 0.2 * picture[at + 2]! + 15;
  });
}

/** Averages over `2 × radius + 1` pixels, across and down, twice. */
export function blurred(picture: Picture, radius: number): Picture {
  let now = picture;
  for (const [step, across] of [
    [3, true],
    [WIDTH * 3, false],
    [3, true],
    [WIDTH * 3, false],
  ] as const) {
    const before = now;
    now = before.map((_, i) => {
      const place = across ? Math.floor(i / 3) % WIDTH : Math.floor(i / (WIDTH * 3));
      const last = across ? WIDTH - 1 : HEIGHT - 1;
      let sum = 0;
      for (let k = -radius; k <= radius; k++)
        sum += before[i + (Math.max(0, Math.min(last, place + k)) - place) * step]!;
      return sum / (2 * radius + 1);
    });
  }
  return now;
}

/** As the sensor gives it, with noise of about one level. */
export function sensed(picture: Picture, random: Random, noise = 2): WorkingPicture {
  const pixels = new Uint8Array(picture.length);
  const grain = Float32Array.from(
    { length: 4096 },
    () => (random.next() + random.next() + random.next() - 1.5) * noise,
  );
  const step = 1 + 2 * random.below(2048);
  for (let i = 0, from = 0; i < picture.length; i++, from += step) {
    const value = picture[i]! + grain[from & 4095]! + 0.5;
    pixels[i] = Math.max(0, Math.min(255, value));
  }
  return pixels;
}

/** Shows frames to a watch, one a second; `change` makes of the view what is to be seen, undefined repeats the last. */
export class Show {
  readonly random = seededRandom(7);
  readonly states: TamperState[] = [];
  #frame = 0;
  #last: WorkingPicture | undefined;
  readonly watch: TamperWatch;

  constructor(watch = new TamperWatch({ pace: 'video' })) {
    this.watch = watch;
  }

  play(view: Picture, frames: number, change: Change = (picture) => picture): this {
    for (let frame = 0; frame < frames; frame++) {
      const picture = change(view, frame);
      const pixels: WorkingPicture = picture === undefined ? this.#last! : sensed(picture, this.random);
      this.#last = pixels;
      const now = this.#frame++ * 1000;
      this.states.push(this.watch.look({ pixels, now, wall: 1_000_000 + now }));
    }
    return this;
  }

  get kinds(): string[] {
    return [...new Set(this.states.map(({ kind }) => kind))];
  }

  get last(): TamperState {
    return this.states.at(-1)!;
  }
}
