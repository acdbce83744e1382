// From the detector's map (how likely each pixel is the core of a line of text) to the lines' rectangles. The network
// is trained to see lines shrunk (differentiable binarisation, arXiv 1911.08947), so what is found is grown again.

import type { Point } from './reading.ts';
import { convexHull, cornersOf, grownBy, type Rectangle, smallestRectangle } from './rectangle.ts';

export interface TextMap {
  width: number;
  height: number;
  /** 0 to 1, row by row. */
  values: Float32Array;
}

export interface MapLimits {
  /** A pixel above it belongs to text. */
  pixel: number;
  /** Mean of a rectangle below which it is no text. */
  mean: number;
  /** How far a rectangle grows: its area over its perimeter, times this. */
  growth: number;
  /** Pixels of a line's shorter side at least. */
  leastSide: number;
  /** Lines at most; the surest stay. */
  most: number;
}

export interface FoundLine {
  rectangle: Rectangle;
  /** Mean of the map in the rectangle before it grew. */
  score: number;
}

export function linesIn(map: TextMap, limits: MapLimits): FoundLine[] {
  const found: FoundLine[] = [];
  for (const points of componentsOf(map, limits.pixel)) {
    const core = smallestRectangle(convexHull(points));
    if (Math.min(core.width, core.height) + 1 < limits.leastSide) continue;
    const score = meanInside(map, core);
    if (score < limits.mean) continue;
    // As areas of pixels, whose middles the points are.
    const width = core.width + 1;
    const height = core.height + 1;
    const growth = (width * height * limits.growth) / (2 * (width + height));
    const [x, y] = core.center;
    const rectangle = grownBy({ center: [x + 0.5, y + 0.5], width, height, angle: core.angle }, growth);
    found.push({ rectangle, score });
  }
  return found.sort((a, b) => b.score - a.score).slice(0, limits.most);
}

/** Ends of the rows of each connected area, diagonal neighbours connected: all that its hull depends on. */
function componentsOf({ width, height, values }: TextMap, threshold: number): Point[][] {
  const areas = new Areas();
  let above: Run[] = [];
  for (let y = 0; y < height; y++) {
    const runs: Run[] = [];
    const row = y * width;
    for (let x = 0; x < width; x++) {
      if (values[row + x]! <= threshold) continue;
      const from = x;
      while (x + 1 < width && values[row + x + 1]! > threshold) x++;
      runs.push({ from, to: x, area: -1 });
    }
    let next = 0;
    for (const run of runs) {
      while (next < above.length && above[next]!.to < run.from - 1) next++;
      for (let i = next; i < above.length && above[i]!.from <= run.to + 1; i++) {
        run.area = run.area === -1 ? above[i]!.area : areas.join(run.area, above[i]!.area);
      }
      if (run.area === -1) run.area = areas.open();
      areas.add(run.area, [run.from, y], [run.to, y]);
    }
    above = runs;
  }
  return areas.all();
}

interface Run {
  from: number;
  to: number;
  area: number;
}

/** Areas that turn out to be one as rows are read: union-find. */
class Areas {
  readonly #parents: number[] = [];
  readonly #points: Point[][] = [];

  open(): number {
    this.#points.push([]);
    return this.#parents.push(this.#parents.length) - 1;
  }

  add(area: number, ...points: Point[]): void {
    this.#points[this.#rootOf(area)]!.push(...points);
  }

  join(a: number, b: number): number {
    const [into, from] = [this.#rootOf(a), this.#rootOf(b)];
    if (into === from) return into;
    // The larger one keeps its points: each point moves a few times at most.
    if (this.#points[into]!.length < this.#points[from]!.length) return this.#merge(from, into);
    return this.#merge(into, from);
  }

  all(): Point[][] {
    return this.#points.filter((points) => points.length > 0);
  }

  #merge(into: number, from: number): number {
    this.#parents[from] = into;
    for (const point of this.#points[from]!) this.#points[into]!.push(point);
    this.#points[from] = [];
    return into;
  }

  #rootOf(area: number): number {
    let root = area;
    while (this.#parents[root] !== root) root = this.#parents[root]!;
    for (let at = area; at !== root; ) {
      const next = this.#parents[at]!;
      this.#parents[at] = root;
      at = next;
    }
    return root;
  }
}

/** Mean of the map over the pixels whose middle lies in the rectangle, its edges included. */
function meanInside({ width, height, values }: TextMap, rectangle: Rectangle): number {
  const ys = cornersOf(rectangle).map(([, y]) => y);
  const { center, angle } = rectangle;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const halfWidth = rectangle.width / 2 + 0.01;
  const halfHeight = rectangle.height / 2 + 0.01;
  const xs = cornersOf(rectangle).map(([x]) => x);
  const [left, right] = [Math.max(0, Math.floor(Math.min(...xs))), Math.min(width - 1, Math.ceil(Math.max(...xs)))];
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(...ys))), Math.min(height - 1, Math.ceil(Math.max(...ys)))];
  let sum = 0;
  let count = 0;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const dx = x - center[0];
      const dy = y - center[1];
      if (Math.abs(dx * cos + dy * sin) > halfWidth || Math.abs(dy * cos - dx * sin) > halfHeight) continue;
      sum += values[y * width + x]!;
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}
