// Sets of pixels, and grey pictures: growing, shrinking, connected areas, distances. Everything here is linear in the
// number of pixels.

/** One byte a pixel, row by row: 0 or 1 in a mask, 0 to 255 in a grey picture. */
export interface Plane {
  width: number;
  height: number;
  data: Uint8Array;
}

export function emptyPlane(width: number, height: number): Plane {
  return { width, height, data: new Uint8Array(width * height) };
}

/** The median of values that were counted. */
export function medianOf(counts: Uint32Array): number {
  return quantileOf(counts, 0.5);
}

/** The value that a share of what was counted does not exceed. */
export function quantileOf(counts: Uint32Array, share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let value = 0; value < counts.length; value++) {
    seen += counts[value]!;
    if (seen >= share * total) return value;
  }
  return 0;
}

/** The largest value within `radius` pixels, in a square. */
export function dilated(plane: Plane, radius: number): Plane {
  return largest(plane, radius, 0);
}

/** The smallest value within `radius` pixels, in a square. What lies outside of the picture counts as full. */
export function eroded(plane: Plane, radius: number): Plane {
  return largest(plane, radius, 255);
}

/** Bridges gaps of up to twice the radius. */
export function closed(plane: Plane, radius: number): Plane {
  return eroded(dilated(plane, radius), radius);
}

/** Drops what is thinner than twice the radius. */
export function opened(plane: Plane, radius: number): Plane {
  return dilated(eroded(plane, radius), radius);
}

/** @param flip 255: the smallest is the largest of what is left to 255 */
function largest({ width, height, data }: Plane, radius: number, flip: number): Plane {
  if (radius <= 0) return { width, height, data };
  const across = new Uint8Array(data.length);
  const rows = new Slider(width, radius, flip);
  for (let y = 0; y < height; y++) rows.slide(data, across, y * width, 1);
  const out = new Uint8Array(data.length);
  const columns = new Slider(height, radius, flip);
  for (let x = 0; x < width; x++) columns.slide(across, out, x, width);
  return { width, height, data: out };
}

/** The largest of a window along a line in three steps a pixel, whatever the window's size (van Herk, Gil and Werman). */
class Slider {
  readonly #count: number;
  readonly #radius: number;
  readonly #flip: number;
  readonly #line: Uint8Array;
  readonly #forward: Uint8Array;
  readonly #backward: Uint8Array;

  constructor(count: number, radius: number, flip: number) {
    const size = 2 * radius + 1;
    const padded = Math.ceil((count + 2 * radius) / size) * size;
    this.#count = count;
    this.#radius = radius;
    this.#flip = flip;
    this.#line = new Uint8Array(padded);
    this.#forward = new Uint8Array(padded);
    this.#backward = new Uint8Array(padded);
  }

  slide(from: Uint8Array, to: Uint8Array, start: number, step: number): void {
    const [count, radius, flip] = [this.#count, this.#radius, this.#flip];
    const [line, forward, backward] = [this.#line, this.#forward, this.#backward];
    const size = 2 * radius + 1;
    for (let i = 0, at = start; i < count; i++, at += step) line[i + radius] = from[at]! ^ flip;
    for (let block = 0; block < line.length; block += size) {
      const last = block + size - 1;
      let most = 0;
      for (let i = block; i <= last; i++) {
        if (line[i]! > most) most = line[i]!;
        forward[i] = most;
      }
      most = 0;
      for (let i = last; i >= block; i--) {
        if (line[i]! > most) most = line[i]!;
        backward[i] = most;
      }
    }
    for (let i = 0, at = start; i < count; i++, at += step) {
      to[at] = Math.max(backward[i]!, forward[i + size - 1]!) ^ flip;
    }
  }
}

/** A connected area of a mask. */
export interface Area {
  id: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
  pixels: number;
}

export interface Areas {
  /** Index of the area in `areas`, or -1, for each pixel. */
  labels: Int32Array;
  areas: Area[];
}

/** Areas of pixels whose value is `value`. @param diagonal whether pixels that touch by a corner are connected */
export function areasOf({ width, height, data }: Plane, value: number, diagonal: boolean): Areas {
  const labels = new Int32Array(data.length).fill(-1);
  const areas: Area[] = [];
  // Each pixel is put on it once.
  const stack = new Int32Array(data.length);
  let waiting = 0;
  for (let seed = 0; seed < data.length; seed++) {
    if (data[seed] !== value || labels[seed] !== -1) continue;
    const id = areas.length;
    const area = { id, left: width, top: height, right: 0, bottom: 0, pixels: 0 };
    labels[seed] = id;
    stack[waiting++] = seed;
    while (waiting > 0) {
      const at = stack[--waiting]!;
      const x = at % width;
      const y = (at - x) / width;
      area.pixels++;
      if (x < area.left) area.left = x;
      if (x > area.right) area.right = x;
      if (y < area.top) area.top = y;
      if (y > area.bottom) area.bottom = y;
      for (let dy = -1; dy <= 1; dy++) {
        if (y + dy < 0 || y + dy >= height) continue;
        for (let dx = -1; dx <= 1; dx++) {
          if ((dx === 0 && dy === 0) || x + dx < 0 || x + dx >= width) continue;
          if (!diagonal && dx !== 0 && dy !== 0) continue;
          const next = at + dy * width + dx;
          if (data[next] !== value || labels[next] !== -1) continue;
          labels[next] = id;
          stack[waiting++] = next;
        }
      }
    }
    areas.push(area);
  }
  return { labels, areas };
}

/** Drops from a mask what is thinner than twice the radius, and leaves what is round as it is. @param depth of the mask */
export function openedRound(depth: Plane, radius: number): Plane {
  const { width, height } = depth;
  const apart = depthOf({ width, height, data: depth.data.map((pixels) => (pixels > 3 * radius ? 0 : 1)) }, 255);
  return { width, height, data: apart.data.map((pixels) => (pixels <= 3 * radius ? 1 : 0)) };
}

/**
 * Pixels to the nearest pixel that is not set, in thirds of a pixel (chamfer 3-4), at most 255.
 * @param outside what lies outside of the picture: 0 not set, 255 set
 */
export function depthOf({ width, height, data }: Plane, outside: 0 | 255 = 0): Plane {
  const out = new Uint8Array(data.length);
  const near = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? outside : out[y * width + x]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      const best = Math.min(near(x - 1, y) + 3, near(x, y - 1) + 3, near(x - 1, y - 1) + 4, near(x + 1, y - 1) + 4);
      out[y * width + x] = Math.min(255, best);
    }
  }
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--) {
      const at = y * width + x;
      if (data[at] === 0) continue;
      const best = Math.min(near(x + 1, y) + 3, near(x, y + 1) + 3, near(x + 1, y + 1) + 4, near(x - 1, y + 1) + 4);
      if (best < out[at]!) out[at] = best;
    }
  }
  return { width, height, data: out };
}
