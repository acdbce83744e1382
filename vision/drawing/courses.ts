// The lines over the links: one source's routes as a tree, what takes over when their first link fails, or one route with
// its whole backup. Pure.

import type { Point } from './layout.ts';
import type { SceneRoute } from './scene.ts';

export interface Stroke {
  kind: 'route' | 'backup';
  from: string;
  to: string;
}

/**
 * Every hop once, backups first so that routes lie above them. Of a single route the backup is drawn whole; of many only
 * where each would begin, as the rest would cover everything.
 */
export function strokesOf(routes: readonly SceneRoute[]): Stroke[] {
  const strokes = new Map<string, Stroke>();
  const add = (kind: Stroke['kind'], path: readonly string[], hops: number): void => {
    for (const [at, from] of path.slice(0, hops).entries()) {
      const to = path[at + 1];
      if (to !== undefined) strokes.set(`${kind} ${from} ${to}`, { kind, from, to });
    }
  };
  for (const { backup = [] } of routes) add('backup', backup, routes.length === 1 ? backup.length : 1);
  for (const { path } of routes) add('route', path, path.length);
  return [...strokes.values()].sort((a, b) => Number(a.kind === 'route') - Number(b.kind === 'route'));
}

/** Points of a line beside the links, so that two lines over the same link are both seen. */
export function beside(points: readonly Point[], distance: number): Point[] {
  return points.map((point, at) => {
    const before = points[at - 1] ?? point;
    const after = points[at + 1] ?? point;
    const [dx, dy] = [after.x - before.x, after.y - before.y];
    const length = Math.hypot(dx, dy) || 1;
    return { x: point.x - (dy / length) * distance, y: point.y + (dx / length) * distance };
  });
}

/** A small triangle that points the way, at a share of it. */
export function arrow(from: Point, to: Point, share: number, size: number): Point[] {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const tip = { x: from.x + ux * length * share + ux * size, y: from.y + uy * length * share + uy * size };
  const base = { x: tip.x - ux * size * 2, y: tip.y - uy * size * 2 };
  return [tip, { x: base.x - uy * size, y: base.y + ux * size }, { x: base.x + uy * size, y: base.y - ux * size }];
}
