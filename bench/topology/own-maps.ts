// Maps that parlmesh draws of its mesh, with the graph that they show.

import type { Random } from '../../core/random.ts';
import { RouteVisualizer } from '../../vision/drawing/route-visualizer.ts';
import type { Scene, SceneLink, SceneNode, Shown } from '../../vision/drawing/scene.ts';
import { loadSharp } from '../../vision/picture/decode.ts';
import type { Truth } from './drawing.ts';

export interface MapStyle {
  name: string;
  map: Shown;
  theme: 'light' | 'dark';
  names: readonly string[];
}

const PLACES = [
  'north',
  'south',
  'east',
  'west',
  'barn',
  'gate',
  'pump-1',
  'pump-2',
  'mast',
  'kitchen',
  'pi-5',
  'silo',
];
const BOATS = ['bridge', 'bow', 'stern', 'galley', 'engine', 'hold-1', 'hold-2', 'cabin-3', 'radar', 'deck', 'anchor'];

export const TUNING_MAPS: readonly MapStyle[] = [
  { name: 'map-routes', map: 'routes', theme: 'light', names: PLACES },
  { name: 'map-cost', map: 'cost', theme: 'light', names: PLACES },
  { name: 'map-traffic', map: 'traffic', theme: 'dark', names: PLACES },
];

export const SCORING_MAPS: readonly MapStyle[] = [
  { name: 'map-routes', map: 'routes', theme: 'dark', names: BOATS },
  { name: 'map-cost', map: 'cost', theme: 'dark', names: BOATS },
  { name: 'map-traffic', map: 'traffic', theme: 'light', names: BOATS },
  { name: 'map-anomaly', map: 'anomaly', theme: 'light', names: BOATS },
];

const RADIUS = 12;

/** @returns a PNG, and what it shows */
export async function drawMap({ map, theme, names }: MapStyle, most: number, random: Random) {
  const count = Math.min(most, names.length);
  const scene = sceneOf(names.slice(0, count), map, random);
  const svg = new RouteVisualizer().draw(scene, { show: map, theme, title: 'The mesh' });
  const sharp = await loadSharp();
  return { png: await sharp(Buffer.from(svg)).png().toBuffer(), truth: truthOf(svg, scene) };
}

function sceneOf(names: readonly string[], map: Shown, random: Random): Scene {
  const nodes = names.map(
    (name, i): SceneNode => ({
      ...{ id: name, name, self: i === 0, score: random.next() < 0.1 ? 0.7 : 0.1 },
      state: random.next() < 0.7 ? 'connected' : 'reachable',
    }),
  );
  const links = new Map<string, SceneLink>();
  const link = (i: number, j: number): void => {
    if (i === j) return;
    const [a, b] = [names[Math.min(i, j)]!, names[Math.max(i, j)]!];
    const cost = 5 + random.below(40);
    links.set(`${a} ${b}`, { a, b, cost, state: 'up', bytesPerSecond: random.below(200_000) });
  };
  for (let i = 1; i < names.length; i++) link(i, random.below(i));
  for (let i = 0; i < names.length / 2; i++) link(random.below(names.length), random.below(names.length));
  const all = [...links.values()];
  return { nodes, links: all, routes: map === 'routes' ? routesFrom(names[0]!, all) : [] };
}

function routesFrom(source: string, links: readonly SceneLink[]): Scene['routes'] {
  const paths = new Map<string, string[]>([[source, [source]]]);
  for (const [at, path] of paths) {
    for (const { a, b } of links) {
      const next = a === at ? b : b === at ? a : undefined;
      if (next !== undefined && !paths.has(next)) paths.set(next, [...path, next]);
    }
  }
  return [...paths.values()].filter(({ length }) => length > 1).map((path) => ({ path }));
}

/** Each node is a group that begins with its title, and around its middle there is a circle. */
export function truthOf(svg: string, { nodes, links }: Pick<Scene, 'nodes' | 'links'>): Truth {
  const places = new Map<string, { x: number; y: number }>();
  for (const [, title = '', marks = ''] of svg.matchAll(/<g><title>([^,<]+)[^<]*<\/title>(.*?)<\/g>/gs)) {
    const circle = /<circle cx="([\d.]+)" cy="([\d.]+)"/.exec(marks);
    if (circle !== null && !places.has(title)) places.set(title, { x: Number(circle[1]), y: Number(circle[2]) });
  }
  return {
    nodes: nodes.map(({ id, name }) => {
      const place = places.get(name);
      if (place === undefined) throw new Error(`the map shows no ${name}`);
      return { id, label: name, ...place, width: 2 * RADIUS, height: 2 * RADIUS };
    }),
    edges: links.map(({ a, b }) => ({ source: a, target: b })),
  };
}
