// The mesh as a picture: nodes at their lasting places, links by state and traffic, routes with what takes over, or a
// heatmap. A scene in, SVG text out; nothing else is known or kept but where nodes stood. Runs in the browser too.

import { arrow, beside, strokesOf } from './courses.ts';
import { type Heat, heatOf, plainNumber, rate } from './heat.ts';
import { keyOf } from './key.ts';
import { type Box, placeLabels } from './labels.ts';
import { layout, type Point, WIDTH } from './layout.ts';
import { nodeMark, notesOf } from './node-mark.ts';
import { PALETTES, type Palette, type Theme } from './palette.ts';
import type { Scene, SceneLink, SceneNode, Shown } from './scene.ts';
import { element, escapeXml, textAt } from './svg.ts';

export interface DrawingOptions {
  show: Shown;
  theme: Theme;
  /** What the picture is of: `Routes from alpha`. */
  title: string;
}

export const FONT = "system-ui, 'DejaVu Sans', 'Liberation Sans', 'Noto Sans', sans-serif";
/** Height of the band above the drawing, and of the one below it. */
const TITLE = 64;
const KEY = 56;
/** Kept free at the sides for names. */
const SIDE = 56;
const LETTER = 7.2;
/** Pixels of a link's width by step of a heatmap. */
const STEP_WIDTH = [2, 3.5, 5.5, 8, 11] as const;
/** A busy link in a drawing of routes is at most so much wider than an idle one. */
const MOST_TRAFFIC_WIDTH = 6;
/** Places of nodes that have gone are remembered, in case they come back; so many at most. */
const MOST_PLACES = 4000;

export class RouteVisualizer {
  #places: ReadonlyMap<string, Point>;

  /** @param places where nodes stand already, in the box that `layout` fills */
  constructor(places: ReadonlyMap<string, Point> = new Map()) {
    this.#places = places;
  }

  /** The picture. Whoever stood somewhere in an earlier one stands there again, or near it. */
  draw(scene: Scene, { show, theme, title }: DrawingOptions): string {
    const { nodes, links } = scene;
    const laidOut = layout(
      nodes.map(({ id }) => id),
      links,
      this.#places,
    );
    const remembered = [...this.#places].filter(([id]) => !laidOut.has(id));
    this.#places = new Map([...remembered.slice(-Math.max(0, MOST_PLACES - laidOut.size)), ...laidOut]);
    const width = Math.round(Math.min(3600, Math.max(960, 230 * Math.sqrt(nodes.length))));
    const height = width / WIDTH;
    const at = (id: string): Point => {
      const { x, y } = laidOut.get(id) ?? { x: WIDTH / 2, y: 0.5 };
      return { x: SIDE + (x / WIDTH) * (width - 2 * SIDE), y: TITLE + y * height };
    };
    return this.#page(scene, { title, theme, width, height: height + TITLE + KEY }, (palette) => {
      const heat = show === 'routes' ? undefined : heatOf(show, scene);
      const known = new Set(nodes.map(({ id }) => id));
      const drawn = { palette, at, heat, links: links.filter(({ a, b }) => known.has(a) && known.has(b)), nodes };
      return [
        ...drawn.links.map((link) => wire(link, drawn)),
        ...(heat === undefined ? courses(scene, drawn, known) : []),
        ...words(drawn, { width, height: height + TITLE }),
        ...nodes.map((node) => nodeMark(node, { place: at(node.id), palette, heat })),
        keyOf({ show, heat, scene, palette, width, y: height + TITLE + KEY / 2 }),
      ];
    });
  }

  #page(
    scene: Scene,
    { title, theme, width, height }: { title: string; theme: Theme; width: number; height: number },
    content: (palette: Palette) => string[],
  ): string {
    const palette = PALETTES[theme];
    const told = summary(scene);
    return element(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        role: 'img',
        'aria-labelledby': 't d',
        'font-family': FONT,
        'font-size': 13,
      },
      element('title', { id: 't' }, escapeXml(title)),
      element('desc', { id: 'd' }, escapeXml(told)),
      element('rect', { width, height, fill: palette.ground }),
      textAt(title, { x: 24, y: 32, fill: palette.ink, 'font-size': 20, 'font-weight': 600 }),
      textAt(told, { x: 24, y: 54, fill: palette.muted }),
      ...content(palette),
    );
  }
}

interface Drawn {
  palette: Palette;
  at: (id: string) => Point;
  heat: Heat | undefined;
  links: readonly SceneLink[];
  nodes: readonly SceneNode[];
}

const LOOK = {
  up: { colour: 'accent', dashes: undefined },
  suspect: { colour: 'warn', dashes: '9 5' },
  down: { colour: 'bad', dashes: '1.5 6' },
} as const;

function wire(link: SceneLink, { palette, at, heat, links }: Drawn): string {
  const [from, to] = [at(link.a), at(link.b)];
  const { colour, dashes } = LOOK[link.state];
  const hot = heat?.link(link);
  const most = Math.max(1, ...links.map(({ bytesPerSecond = 0 }) => bytesPerSecond));
  const busy = Math.sqrt((link.bytesPerSecond ?? 0) / most) * (MOST_TRAFFIC_WIDTH - 1.5);
  const isPlain = heat !== undefined && link.state === 'up';
  const stroke = hot === undefined ? (isPlain ? palette.plain : palette[colour]) : palette.heat[hot.step];
  return element(
    'line',
    {
      ...{ x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke },
      'stroke-width': hot === undefined ? (heat === undefined ? 1.5 + busy : 1.5) : STEP_WIDTH[hot.step],
      'stroke-dasharray': dashes,
      'stroke-linecap': link.state === 'down' ? 'round' : undefined,
    },
    element('title', {}, escapeXml(linkInWords(link))),
  );
}

function courses({ routes }: Scene, { palette, at }: Drawn, known: ReadonlySet<string>): string[] {
  return strokesOf(routes)
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .map(({ kind, from, to }) => {
      const isRoute = kind === 'route';
      const line = isRoute ? [at(from), at(to)] : beside([at(from), at(to)], 7);
      const points = (list: readonly Point[]): string =>
        list.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
      const colour = isRoute ? palette.accent : palette.ink;
      return (
        element('polyline', {
          points: points(line),
          fill: 'none',
          stroke: colour,
          'stroke-width': isRoute ? 5 : 2,
          'stroke-linecap': 'round',
          'stroke-dasharray': isRoute ? undefined : '10 5',
        }) + element('polygon', { points: points(arrow(line[0]!, line[1]!, 0.72, isRoute ? 8 : 6)), fill: colour })
      );
    });
}

/** What stands on the links. */
function words({ palette, at, heat, links, nodes }: Drawn, size: { width: number; height: number }): string[] {
  const keyed = links.map((link, index) => ({ link, key: String(index), texts: textsOf(link, heat) }));
  const wishes = keyed
    .filter(({ texts }) => texts.length > 0)
    .map(({ link, key, texts }) => ({
      ...{ key, texts, from: at(link.a), to: at(link.b) },
      must: link.state !== 'up' || link.cutsOff !== undefined,
    }));
  const taken = nodes.flatMap((node): Box[] => {
    const { x, y } = at(node.id);
    const lines = [node.name, ...notesOf(node, heat)];
    const width = Math.max(...lines.map((line) => line.length)) * 7.8;
    return [
      { x, y, width: 36, height: 36 },
      { x, y: y + 20 + 8 * lines.length, width, height: 16 * lines.length },
    ];
  });
  const placed = placeLabels(wishes, taken, { ...size, letter: LETTER });
  return keyed.flatMap(({ link, key }) => {
    const label = placed.get(key);
    if (label === undefined) return [];
    const fill = link.state === 'up' ? palette.muted : palette[LOOK[link.state].colour];
    // A ground of its own: over a wide line an edge around the letters would not do.
    const width = label.text.length * LETTER + 4;
    const ground = { x: label.x - width / 2, y: label.y - 9, width, height: 18, rx: 4, fill: palette.ground };
    return [
      element('rect', ground),
      textAt(label.text, { x: label.x, y: label.y, dy: '0.35em', 'text-anchor': 'middle', fill }),
    ];
  });
}

function textsOf(link: SceneLink, heat: Heat | undefined): string[] {
  const cut = link.cutsOff === undefined ? undefined : 'only link';
  if (heat !== undefined) {
    const text = heat.link(link)?.text ?? (link.state === 'up' ? undefined : link.state);
    return text === undefined ? [] : [text];
  }
  const main = link.state === 'up' ? `cost ${plainNumber(link.cost)}` : link.state;
  const traffic = (link.bytesPerSecond ?? 0) >= 1 ? rate(link.bytesPerSecond ?? 0) : undefined;
  const join = (...parts: (string | undefined)[]): string => parts.filter((part) => part !== undefined).join(', ');
  return [...new Set([join(main, cut, traffic), join(main, cut), cut ?? main])];
}

function linkInWords({ state, cost, bytesPerSecond, cutsOff }: SceneLink): string {
  return [
    state,
    `cost ${plainNumber(cost)}`,
    ...(bytesPerSecond === undefined ? [] : [rate(bytesPerSecond)]),
    ...(cutsOff === undefined ? [] : [`the only link to ${count(cutsOff, 'node')}`]),
  ].join(', ');
}

const count = (number: number, one: string): string => `${number} ${number === 1 ? one : `${one}s`}`;

function summary({ nodes, links }: Scene): string {
  const bad = links.filter(({ state }) => state !== 'up').length;
  const gone = nodes.filter(({ state }) => state === 'gone').length;
  const cuts = nodes.filter(({ cutsOff }) => cutsOff !== undefined).length;
  return [
    `${count(nodes.length, 'node')}, ${count(links.length, 'link')}`,
    ...(bad > 0 ? [`${bad} of them not up`] : []),
    ...(gone > 0 ? [`${count(gone, 'node')} gone`] : []),
    ...(cuts > 0 ? [`${count(cuts, 'node')} that others hang on`] : []),
  ].join(', ');
}
