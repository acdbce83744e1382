// Areas of a camera's picture that the detector never sees.

import type { Polygon } from '../geometry.ts';

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

  /** Sets the masked pixels (three bytes each) to black. */
  blacken(pixels: Uint8Array, canvas: Canvas): void {
    if (this.#polygons.length === 0) return;
    const key = `${canvas.width} ${canvas.height} ${canvas.used.width} ${canvas.used.height}`;
    if (this.#spans?.key !== key) {
      this.#spans = { key, spans: this.#polygons.flatMap((polygon) => spansOf(polygon, canvas)) };
    }
    for (const { from, to } of this.#spans.spans) pixels.fill(0, from, to);
  }
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
