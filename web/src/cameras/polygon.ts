// Corners of an area on a camera's picture, as shares of its width and height. Pure.

export type Corner = [x: number, y: number];

export const LEAST_CORNERS = 3;
export const MOST_CORNERS = 32;

/** Inside the picture, to a thousandth: finer than any hand. */
export function corner(x: number, y: number): Corner {
  const share = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;
  return [share(x), share(y)];
}

export const RECTANGLE: readonly Corner[] = [
  [0.3, 0.3],
  [0.7, 0.3],
  [0.7, 0.7],
  [0.3, 0.7],
];

export function moveCorner(points: readonly Corner[], index: number, to: Corner): Corner[] {
  return points.map((point, at) => (at === index ? corner(...to) : point));
}

/** The area stays one: its last three corners stay. */
export function removeCorner(points: readonly Corner[], index: number): Corner[] {
  return points.length <= LEAST_CORNERS ? [...points] : points.filter((_, at) => at !== index);
}

export function middleAfter(points: readonly Corner[], index: number): Corner {
  const [[x1, y1], [x2, y2]] = [points[index]!, points[(index + 1) % points.length]!];
  return corner((x1 + x2) / 2, (y1 + y2) / 2);
}

/** A new corner in the middle of the side that begins at `index`. */
export function splitSide(points: readonly Corner[], index: number): Corner[] {
  if (points.length >= MOST_CORNERS) return [...points];
  return [...points.slice(0, index + 1), middleAfter(points, index), ...points.slice(index + 1)];
}

/** Whether two of its sides cross: what is inside of it is then not what one sees. */
export function crossesItself(points: readonly Corner[]): boolean {
  const sides = points.map((from, at) => [from, points[(at + 1) % points.length]!] as const);
  return sides.some(([a, b], i) =>
    sides.slice(i + 1).some(([c, d]) => {
      if (a === c || a === d || b === c || b === d) return false;
      return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
    }),
  );
}

function turn([ax, ay]: Corner, [bx, by]: Corner, [cx, cy]: Corner): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

/** `zone-2`: a name that no other has. */
export function freeName(taken: readonly string[]): string {
  for (let number = 1; ; number += 1) if (!taken.includes(`zone-${number}`)) return `zone-${number}`;
}
