// How the map is zoomed and moved: what is drawn at a point stands at `point * scale + (x, y)`. Pure; `use-zoom.ts` feeds it.

import type { Point } from '../../../vision/drawing/layout.ts';

export interface Zoom extends Point {
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };
const MOST = 8;

/** Closer or farther, so that what is under `at` stays there. */
export function zoomAt(zoom: Zoom, factor: number, at: Point, size: Size): Zoom {
  const scale = Math.min(MOST, Math.max(1, zoom.scale * factor));
  const grown = scale / zoom.scale;
  return within({ scale, x: at.x - (at.x - zoom.x) * grown, y: at.y - (at.y - zoom.y) * grown }, size);
}

export function moved(zoom: Zoom, by: Point, size: Size): Zoom {
  return within({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y }, size);
}

export const zoomed = ({ scale, x, y }: Zoom, point: Point): Point => ({
  x: point.x * scale + x,
  y: point.y * scale + y,
});

/** Moved just so far that a point of the map is seen, not at the very edge. */
export function showing(zoom: Zoom, point: Point, size: Size): Zoom {
  const place = zoomed(zoom, point);
  const edge = (value: number, most: number): number => Math.min(most - 40, Math.max(40, value));
  return moved(zoom, { x: edge(place.x, size.width) - place.x, y: edge(place.y, size.height) - place.y }, size);
}

/** There is no looking beyond the map's edge. */
function within({ scale, x, y }: Zoom, { width, height }: Size): Zoom {
  const inside = (value: number, extent: number): number => Math.min(0, Math.max(extent * (1 - scale), value));
  return { scale, x: inside(x, width), y: inside(y, height) };
}
