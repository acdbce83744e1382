// Where the map's nodes stand: a small force layout, seeded by the nodes' ids so that the same mesh is drawn the same
// on every screen, and stable: whoever has a place keeps it when others come and go. Pure.

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
 * fitted to the box; otherwise only the newcomers move.
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
  if (newcomers.length > 0) relax(order, edges, places, new Set(newcomers));
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

/**
 * Fruchterman and Reingold's springs, cooled to rest; moves only `movable`. A whole mesh spreads freely and is fitted
 * afterwards; newcomers stay inside the box.
 */
function relax(
  order: readonly string[],
  edges: readonly Edge[],
  places: Map<string, Point>,
  movable: Set<string>,
): void {
  const ideal = 0.8 * Math.sqrt(WIDTH / Math.max(order.length, 3));
  const points = order.map((id) => places.get(id)!);
  const index = new Map(order.map((id, i) => [id, i]));
  const whole = movable.size === order.length;
  const rounds = Math.max(40, Math.min(300, Math.round(2_000_000 / order.length ** 2)));
  for (let round = 0; round < rounds; round += 1) {
    const forces = points.map(() => ({ x: 0, y: 0 }));
    for (let i = 0; i < points.length; i += 1) {
      for (let j = i + 1; j < points.length; j += 1) push(points, forces, i, j, (d) => ideal ** 2 / d);
    }
    for (const { a, b } of edges) {
      const i = index.get(a);
      const j = index.get(b);
      if (i !== undefined && j !== undefined && i !== j) push(points, forces, i, j, (d) => -(d ** 2) / ideal);
    }
    const heat = 0.12 * (1 - round / rounds) + 0.002;
    for (const [i, id] of order.entries()) {
      if (!movable.has(id)) continue;
      const point = points[i]!;
      // A weak pull to the middle keeps parts that are not linked from drifting into corners.
      const fx = forces[i]!.x + (WIDTH / 2 - point.x) * 0.3;
      const fy = forces[i]!.y + (0.5 - point.y) * 0.6;
      const step = Math.min(heat, Math.hypot(fx, fy)) / (Math.hypot(fx, fy) || 1);
      const moved = { x: point.x + fx * step, y: point.y + fy * step };
      points[i] = whole ? moved : { x: inside(moved.x, WIDTH), y: inside(moved.y, 1) };
    }
  }
  for (const [i, id] of order.entries()) places.set(id, points[i]!);
}

function push(
  points: readonly Point[],
  forces: Point[],
  i: number,
  j: number,
  strength: (distance: number) => number,
): void {
  const dx = points[i]!.x - points[j]!.x;
  const dy = points[i]!.y - points[j]!.y;
  const distance = Math.max(0.02, Math.hypot(dx, dy));
  const force = strength(distance) / distance;
  forces[i]!.x += dx * force;
  forces[i]!.y += dy * force;
  forces[j]!.x -= dx * force;
  forces[j]!.y -= dy * force;
}

function inside(value: number, size: number): number {
  return Math.min(size - MARGIN, Math.max(MARGIN, value));
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
