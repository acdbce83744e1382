// Pictures of the made recordings as raw RGB, and what is done to them: cut, blur, light, paint, noise.

import type { Random } from '../../core/random.ts';

export interface Canvas {
  width: number;
  height: number;
  /** RGB, three bytes a pixel. */
  pixels: Uint8Array;
}

export const newCanvas = (width: number, height: number): Canvas => ({
  width,
  height,
  pixels: new Uint8Array(width * height * 3),
});

/** The part of `source` that begins at (left, top), pixels beyond its border repeated; `turn` in radians around its middle. */
export function cut(source: Canvas, into: Canvas, left: number, top: number, turn = 0, zoom = 1): void {
  const [sine, cosine] = [Math.sin(turn) / zoom, Math.cos(turn) / zoom];
  const [midX, midY] = [into.width / 2, into.height / 2];
  for (let y = 0, at = 0; y < into.height; y++) {
    for (let x = 0; x < into.width; x++, at += 3) {
      const [dx, dy] = [x - midX, y - midY];
      const sx = Math.round(left + midX + dx * cosine - dy * sine);
      const sy = Math.round(top + midY + dx * sine + dy * cosine);
      const from =
        (Math.max(0, Math.min(source.height - 1, sy)) * source.width + Math.max(0, Math.min(source.width - 1, sx))) * 3;
      into.pixels[at] = source.pixels[from]!;
      into.pixels[at + 1] = source.pixels[from + 1]!;
      into.pixels[at + 2] = source.pixels[from + 2]!;
    }
  }
}

/** Lays `patch` over at (left, top), where its alpha (0 to 255 a pixel) lets it. */
export function paste(into: Canvas, patch: Canvas, left: number, top: number, alpha?: Uint8Array): void {
  for (let y = Math.max(0, -top); y < Math.min(patch.height, into.height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(patch.width, into.width - left); x++) {
      const a = (alpha?.[y * patch.width + x] ?? 255) / 255;
      const [from, to] = [(y * patch.width + x) * 3, ((y + top) * into.width + x + left) * 3];
      for (let c = 0; c < 3; c++) {
        into.pixels[to + c] = into.pixels[to + c]! * (1 - a) + patch.pixels[from + c]! * a;
      }
    }
  }
}

/** Multiplies and adds by place; clips as a sensor does. */
export function light(
  canvas: Canvas,
  gain: (x: number, y: number) => number,
  offset: (x: number, y: number) => number = () => 0,
): void {
  const { width, height, pixels } = canvas;
  // Light changes slowly from place to place: worked out for every fourth pixel of every fourth row.
  for (let top = 0; top < height; top += 4) {
    for (let left = 0; left < width; left += 4) {
      const [g, o] = [gain(left / width, top / height), offset(left / width, top / height)];
      for (let y = top; y < Math.min(height, top + 4); y++) {
        for (let at = (y * width + left) * 3, end = at + Math.min(4, width - left) * 3; at < end; at++) {
          const value = pixels[at]! * g + o;
          pixels[at] = Math.max(0, Math.min(255, value));
        }
      }
    }
  }
}

/** The picture of an infrared camera: grey, other surfaces bright, lit from the middle. */
export function infrared(canvas: Canvas): void {
  for (let at = 0; at < canvas.pixels.length; at += 3) {
    const [red, green, blue] = [canvas.pixels[at]!, canvas.pixels[at + 1]!, canvas.pixels[at + 2]!];
    // Leaves are bright in infrared, the sky is dark.
    const value = Math.max(0, Math.min(255, 0.6 * red + 0.7 * green - 0.35 * blue + 20));
    canvas.pixels.fill(value, at, at + 3);
  }
  light(canvas, (x, y) => 0.95 - 0.7 * Math.min(1, Math.hypot(x - 0.5, y - 0.55) * 1.4));
}

/** Noise of a sensor: normal values, taken from a long row of them at a place that changes. */
export class Noise {
  readonly #values: Int8Array;

  constructor(random: Random) {
    this.#values = new Int8Array(1 << 18).map(() => Math.round(normal(random) * 24));
  }

  /** @param deviation of a value, in levels */
  add({ pixels }: Canvas, deviation: number, random: Random): void {
    const scale = deviation / 24;
    const mask = this.#values.length - 1;
    let from = random.below(mask);
    const step = 1 + 2 * random.below(64);
    for (let at = 0; at < pixels.length; at++) {
      from = (from + step) & mask;
      const value = pixels[at]! + this.#values[from]! * scale;
      pixels[at] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
    }
  }
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
