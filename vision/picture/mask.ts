// Areas of a camera's picture that the detector never sees, or that people must not recognise.

import type { Box, Polygon } from '../geometry.ts';

interface Span {
  /** First and last byte (exclusive) of a run of pixels. */
  from: number;
  to: number;
}

interface Canvas {
  width: number;
  height: number;
  used: { width: number; height: number };
}

/** Polygons as runs of pixels, worked out once for each size of picture. */
export class Mask {
  readonly #polygons: readonly Polygon[];
  #spans: { key: string; spans: Span[] } | undefined;

  constructor(polygons: readonly Polygon[]) {
    this.#polygons = polygons;
  }

  /** The mask as it lies on a part of the picture. */
  within(part: Box): Mask {
    const { x: left, y: top, width, height } = part;
    return new Mask(
      this.#polygons.map((polygon) => polygon.map(([x = 0, y = 0]) => [(x - left) / width, (y - top) / height])),
    );
  }

  /** Sets the masked pixels (three bytes each) to black. */
  blacken(pixels: Uint8Array, canvas: Canvas): void {
    for (const { from, to } of this.spans(canvas)) pixels.fill(0, from, to);
  }

  /** Makes the masked pixels unrecognisable: each takes the mean colour of the block of `side` pixels that it is in. */
  pixelate(pixels: Uint8Array, { width, height }: { width: number; height: number }, side: number): void {
    const columns = Math.ceil(width / side);
    const means = new Map<number, [number, number, number]>();
    const original = Buffer.from(pixels);
    for (const { from, to } of this.spans({ width, height, used: { width: 1, height: 1 } })) {
      const row = Math.floor(from / 3 / width);
      for (let at = from; at < to; at += 3) {
        const column = Math.floor(((at / 3) % width) / side);
        const block = Math.floor(row / side) * columns + column;
        let mean = means.get(block);
        if (mean === undefined) {
          mean = meanOf(original, { width, height }, column * side, Math.floor(row / side) * side, side);
          means.set(block, mean);
        }
        pixels.set(mean, at);
      }
    }
  }

  /** First and last (exclusive) byte of each run of masked pixels. */
  spans(canvas: Canvas): readonly Span[] {
    if (this.#polygons.length === 0) return [];
    const key = `${canvas.width} ${canvas.height} ${canvas.used.width} ${canvas.used.height}`;
    if (this.#spans?.key !== key) {
      this.#spans = { key, spans: this.#polygons.flatMap((polygon) => spansOf(polygon, canvas)) };
    }
    return this.#spans.spans;
  }
}

function meanOf(
  pixels: Uint8Array,
  { width, height }: { width: number; height: number },
  left: number,
  top: number,
  side: number,
): [number, number, number] {
  const [right, bottom] = [Math.min(width, left + side), Math.min(height, top + side)];
  const sums: [number, number, number] = [0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let at = (y * width + left) * 3, end = (y * width + right) * 3; at < end; at += 3) {
      sums[0] += pixels[at]!;
      sums[1] += pixels[at + 1]!;
      sums[2] += pixels[at + 2]!;
    }
  }
  const count = (right - left) * (bottom - top);
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}

/** The rows of a polygon (even-odd rule), cut at pixel centres. */
function spansOf(polygon: Polygon, { width, height, used }: Canvas): Span[] {
  const points = polygon.map(([x = 0, y = 0]) => [x * used.width * width, y * used.height * height] as const);
  const spans: Span[] = [];
  for (let row = 0; row < height; row++) {
    const centre = row + 0.5;
    const crossings: number[] = [];
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const [xi, yi] = points[i]!;
      const [xj, yj] = points[j]!;
      if (yi > centre !== yj > centre) crossings.push(xi + ((centre - yi) / (yj - yi)) * (xj - xi));
    }
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const first = Math.max(0, Math.round(crossings[k]!));
      const last = Math.min(width, Math.round(crossings[k + 1]!));
      if (last > first) spans.push({ from: (row * width + first) * 3, to: (row * width + last) * 3 });
    }
  }
  return spans;
}
