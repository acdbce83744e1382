// Boxes and areas in a picture, in shares of its width and height (0 to 1), so that they outlive every resize.

/** Left, top, width and height as shares of the picture. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Corners as [x, y] shares. */
export type Polygon = readonly (readonly number[])[];

export function area(box: Box): number {
  return box.width * box.height;
}

/** Intersection over union: 1 for equal boxes, 0 for boxes that do not touch. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

/** Share of the box that lies in another: 1 when it is all inside. */
export function shareInside(box: Box, other: Box): number {
  const width = Math.min(box.x + box.width, other.x + other.width) - Math.max(box.x, other.x);
  const height = Math.min(box.y + box.height, other.y + other.height) - Math.max(box.y, other.y);
  return width <= 0 || height <= 0 ? 0 : (width * height) / area(box);
}

/** The smallest box that holds both. */
export function around(a: Box, b: Box): Box {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/** The box grown by `share` of its size on every side. */
export function grown(box: Box, share: number): Box {
  return {
    x: box.x - box.width * share,
    y: box.y - box.height * share,
    width: box.width * (1 + 2 * share),
    height: box.height * (1 + 2 * share),
  };
}

/** The part of the box that lies in the picture. */
export function clipped(box: Box): Box {
  const x = Math.min(1, Math.max(0, box.x));
  const y = Math.min(1, Math.max(0, box.y));
  return {
    x,
    y,
    width: Math.min(1, Math.max(x, box.x + box.width)) - x,
    height: Math.min(1, Math.max(y, box.y + box.height)) - y,
  };
}

/** The box as an area. */
export function cornersOf({ x, y, width, height }: Box): Polygon {
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}

/** Where a thing stands: the middle of the box's lower edge. */
export function footOf(box: Box): [x: number, y: number] {
  return [box.x + box.width / 2, box.y + box.height];
}

/** Even-odd rule; points on an edge may fall on either side. */
export function contains(polygon: Polygon, [x, y]: readonly [number, number]): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi = 0, yi = 0] = polygon[i]!;
    const [xj = 0, yj = 0] = polygon[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
