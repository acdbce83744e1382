// Where the nodes of a drawing stand: a small force layout, seeded by the nodes' ids so that the same mesh is drawn the
// same on every screen, and stable: whoever has a place stays near it when others come and go. Pure; the page uses it too.

export interface Point {
  x: number;
  y: number;
}

export interface Edge {
  a: string;
  b: string;
}

/** The layout's box is `WIDTH` by 1; the map stretches it to its own size. */
export const WIDTH = 2;
/** Whoever has a place moves no further than this when others come, in heights of the box; not at all when they go. */
export const MOST_DRIFT = 0.05;
const MARGIN = 0.12;

/** 32-bit FNV-1a with a final mix, as a number from 0 to 1: the same id always starts at the same place. */
function hash(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * Places for `ids`, given the places that some already have. With no earlier places the whole mesh is laid out and
 * fitted to the box; otherwise newcomers find a place, and then all make a little room.
 */
export function layout(
  ids: readonly string[],
  edges: readonly Edge[],
  earlier: ReadonlyMap<string, Point>,
): Map<string, Point> {
  const order = [...new Set(ids)].sort();
  const newcomers = order.filter((id) => !earlier.has(id));
  const whole = newcomers.length === order.length;
  const places = new Map<string, Point>();
  for (const id of order) places.set(id, earlier.get(id) ?? firstPlace(id, edges, earlier));
  if (newcomers.length > 0) {
    const springs = new Springs(order, edges, places);
    if (whole) springs.relax(() => true);
    else {
      const isNew = new Set(newcomers);
      springs.relax((id) => isNew.has(id), inBox);
      springs.relax(
        () => true,
        (point, id) => near(inBox(point, id), earlier.get(id)),
      );
    }
    springs.writeTo(places);
  }
  if (whole) fitToBox(places);
  return places;
}

/** Near the neighbours that have a place, else anywhere in the box; a little aside, so that no two coincide. */
function firstPlace(id: string, edges: readonly Edge[], earlier: ReadonlyMap<string, Point>): Point {
  const neighbours = edges.flatMap((edge) => {
    const other = edge.a === id ? edge.b : edge.b === id ? edge.a : undefined;
    const place = other === undefined ? undefined : earlier.get(other);
    return place === undefined ? [] : [place];
  });
  if (neighbours.length === 0) return { x: hash(id, 1) * WIDTH, y: hash(id, 2) };
  const angle = hash(id, 3) * Math.PI * 2;
  return {
    x: neighbours.reduce((sum, p) => sum + p.x, 0) / neighbours.length + Math.cos(angle) * 0.4,
    y: neighbours.reduce((sum, p) => sum + p.y, 0) / neighbours.length + Math.sin(angle) * 0.4,
  };
}

/** Fruchterman and Reingold's springs, cooled to rest. */
class Springs {
  readonly #order: readonly string[];
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #ends: readonly (readonly [number, number])[];
  readonly #ideal: number;
  readonly #rounds: number;

  constructor(order: readonly string[], edges: readonly Edge[], places: ReadonlyMap<string, Point>) {
    this.#order = order;
    this.#x = Float64Array.from(order, (id) => places.get(id)?.x ?? 0);
    this.#y = Float64Array.from(order, (id) => places.get(id)?.y ?? 0);
    const index = new Map(order.map((id, at) => [id, at]));
    const ends = edges.flatMap(({ a, b }) => {
      const [from, to] = [index.get(a), index.get(b)];
      return from === undefined || to === undefined || from === to ? [] : [[from, to] as const];
    });
    // In one order, whoever tells them: sums of rounded numbers depend on it.
    this.#ends = ends.sort(([a, b], [c, d]) => a - c || b - d);
    this.#ideal = 0.8 * Math.sqrt(WIDTH / Math.max(order.length, 3));
    // Time is bounded: a mesh of many hundreds is drawn less well, not later.
    this.#rounds = Math.max(24, Math.min(300, Math.round(4_000_000 / order.length ** 2)));
  }

  /** @param within where a point may go to; anywhere unless given */
  relax(mayMove: (id: string) => boolean, within: (point: Point, id: string) => Point = (point) => point): void {
    const [x, y] = [this.#x, this.#y];
    const movable = this.#order.flatMap((id, at) => (mayMove(id) ? [at] : []));
    const fx = new Float64Array(x.length);
    const fy = new Float64Array(x.length);
    for (let round = 0; round < this.#rounds; round += 1) {
      for (const i of movable) this.#repel(i, fx, fy);
      for (const [i, j] of this.#ends) this.#attract(i, j, fx, fy);
      const heat = 0.12 * (1 - round / this.#rounds) + 0.002;
      for (const i of movable) {
        // A weak pull to the middle keeps parts that are not linked from drifting into corners.
        const [dx, dy] = [fx[i]! + (WIDTH / 2 - x[i]!) * 0.3, fy[i]! + (0.5 - y[i]!) * 0.6];
        const step = Math.min(heat, Math.hypot(dx, dy)) / (Math.hypot(dx, dy) || 1);
        const moved = within({ x: x[i]! + dx * step, y: y[i]! + dy * step }, this.#order[i]!);
        x[i] = moved.x;
        y[i] = moved.y;
      }
    }
  }

  writeTo(places: Map<string, Point>): void {
    for (const [at, id] of this.#order.entries()) places.set(id, { x: this.#x[at]!, y: this.#y[at]! });
  }

  /** The sum of what pushes `i` away. */
  #repel(i: number, fx: Float64Array, fy: Float64Array): void {
    const [x, y] = [this.#x, this.#y];
    const strength = this.#ideal ** 2;
    const [px, py] = [x[i]!, y[i]!];
    let [sx, sy] = [0, 0];
    for (let j = 0; j < x.length; j += 1) {
      const dx = px - x[j]!;
      const dy = py - y[j]!;
      const force = strength / Math.max(0.0004, dx * dx + dy * dy);
      sx += dx * force;
      sy += dy * force;
    }
    fx[i] = sx;
    fy[i] = sy;
  }

  #attract(i: number, j: number, fx: Float64Array, fy: Float64Array): void {
    const [dx, dy] = [this.#x[i]! - this.#x[j]!, this.#y[i]! - this.#y[j]!];
    const force = Math.max(0.02, Math.hypot(dx, dy)) / this.#ideal;
    fx[i]! -= dx * force;
    fy[i]! -= dy * force;
    fx[j]! += dx * force;
    fy[j]! += dy * force;
  }
}

/** Nobody's corner is exactly another's: what lies on one point cannot push itself apart. */
function inBox({ x, y }: Point, id: string): Point {
  return { x: inside(x, WIDTH, MARGIN + 0.05 * hash(id, 4)), y: inside(y, 1, MARGIN + 0.05 * hash(id, 5)) };
}

function inside(value: number, size: number, margin: number): number {
  return Math.min(size - margin, Math.max(margin, value));
}

/** The point, or on the way to it as far as one with an earlier place may go. */
function near(point: Point, earlier: Point | undefined): Point {
  if (earlier === undefined) return point;
  const [dx, dy] = [point.x - earlier.x, point.y - earlier.y];
  const share = Math.min(1, MOST_DRIFT / (Math.hypot(dx, dy) || 1));
  return { x: earlier.x + dx * share, y: earlier.y + dy * share };
}

/**
 * Turns the long axis level, since screens are wider than high, centres, and scales to the box. A mesh as high as wide
 * (a triangle, a square) has no long axis: it stands on its base, the first id on top.
 */
function fitToBox(places: Map<string, Point>): void {
  const points = [...places.values()];
  const cx = points.reduce((sum, p) => sum + p.x, 0) / points.length;
  const cy = points.reduce((sum, p) => sum + p.y, 0) / points.length;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (const { x, y } of points) {
    xx += (x - cx) ** 2;
    yy += (y - cy) ** 2;
    xy += (x - cx) * (y - cy);
  }
  const round = Math.hypot(xx - yy, 2 * xy) < 0.3 * (xx + yy);
  const top = points[0]!;
  const turn = round ? -Math.PI / 2 - Math.atan2(top.y - cy, top.x - cx) : -0.5 * Math.atan2(2 * xy, xx - yy);
  const turned = points.map(({ x, y }) => ({
    x: (x - cx) * Math.cos(turn) - (y - cy) * Math.sin(turn),
    y: (x - cx) * Math.sin(turn) + (y - cy) * Math.cos(turn),
  }));
  const spanX = Math.max(...turned.map((p) => p.x)) - Math.min(...turned.map((p) => p.x));
  const spanY = Math.max(...turned.map((p) => p.y)) - Math.min(...turned.map((p) => p.y));
  const midX = (Math.max(...turned.map((p) => p.x)) + Math.min(...turned.map((p) => p.x))) / 2;
  const midY = (Math.max(...turned.map((p) => p.y)) + Math.min(...turned.map((p) => p.y))) / 2;
  const room = 1 - 2 * MARGIN;
  // Few nodes are not blown up to the box's edges; sides may stretch apart by half again at most.
  const most = points.length < 4 ? 1.25 : 4;
  const scaleX = Math.min(most, (WIDTH - 2 * MARGIN) / Math.max(spanX, 1e-6));
  const scaleY = Math.min(most, room / Math.max(spanY, 1e-6), scaleX * 1.5);
  for (const [i, id] of [...places.keys()].entries()) {
    places.set(id, {
      x: WIDTH / 2 + (turned[i]!.x - midX) * Math.min(scaleX, scaleY * 1.5),
      y: 0.5 + (turned[i]!.y - midY) * scaleY,
    });
  }
}
