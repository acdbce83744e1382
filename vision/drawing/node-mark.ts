// One node of a drawing: a disc by state, its name, and below it what else must be known at a glance.

import { haloed } from './haloed.ts';
import type { Heat } from './heat.ts';
import type { Point } from './layout.ts';
import type { Palette } from './palette.ts';
import { NOTABLE_SCORE, type SceneNode } from './scene.ts';
import { element, escapeXml } from './svg.ts';

/** Pixels of a disc's radius by step of a heatmap. */
const STEP_RADIUS = [9, 12, 15, 18, 22] as const;

export function nodeMark(
  node: SceneNode,
  { place: { x, y }, palette, heat }: { place: Point; palette: Palette; heat: Heat | undefined },
): string {
  const hot = heat?.node(node);
  const radius = hot === undefined ? (node.self ? 11 : 9.5) : STEP_RADIUS[hot.step];
  const below = y + Math.max(radius, 14) + 16;
  const lines = [node.name, ...notesOf(node, heat)];
  return element(
    'g',
    {},
    element('title', {}, escapeXml(lines.join(', '))),
    // Whom others hang on stands on a diamond.
    node.cutsOff === undefined
      ? ''
      : element('path', {
          d: `M${x} ${y - radius - 9}l${radius + 9} ${radius + 9}l${-radius - 9} ${radius + 9}l${-radius - 9} ${-radius - 9}z`,
          ...{ fill: palette.ground, stroke: palette.warn, 'stroke-width': 2 },
        }),
    // Borders have a second ring.
    node.border === true
      ? element('circle', { cx: x, cy: y, r: radius + 4.5, fill: 'none', stroke: palette.muted, 'stroke-width': 1.5 })
      : '',
    heat === undefined && node.score >= NOTABLE_SCORE
      ? element('circle', {
          ...{ cx: x, cy: y, r: radius + 8, fill: 'none', stroke: palette.warn },
          ...{ 'stroke-width': 2, 'stroke-dasharray': '5 3' },
        })
      : '',
    // Apart from links that may be nearly as wide as it is.
    element('circle', { cx: x, cy: y, r: radius + 4, fill: palette.ground }),
    disc(node, { x, y, radius, palette, fill: hot === undefined ? undefined : palette.heat[hot.step] }),
    ...lines.map((line, index) =>
      haloed(line, { x, y: below + 16 * index }, palette, {
        ...(index === 0
          ? { fill: palette.ink, 'font-size': 14, 'font-weight': node.self ? 600 : 500 }
          : { fill: node.state === 'gone' ? palette.bad : palette.muted }),
      }),
    ),
  );
}

/** Filled: over a link of this node; ring: over others; half: being lost; dashed: gone. */
function disc(
  { state, self }: SceneNode,
  { x, y, radius, palette, fill }: { x: number; y: number; radius: number; palette: Palette; fill: string | undefined },
): string {
  const colours = { connected: 'accent', reachable: 'accent', suspect: 'warn', gone: 'bad', stopped: 'muted' } as const;
  const colour = fill ?? palette[colours[state]];
  const isFilled = fill !== undefined || (state === 'connected' && !self);
  const circle = element('circle', {
    ...{ cx: x, cy: y, r: radius, fill: isFilled ? colour : palette.ground, stroke: colour, 'stroke-width': 2.5 },
    'stroke-dasharray': state === 'gone' ? '3.5 3' : undefined,
  });
  if (self)
    return circle + element('circle', { cx: x, cy: y, r: 4, fill: fill === undefined ? colour : palette.ground });
  if (state !== 'suspect' || fill !== undefined) return circle;
  return (
    circle + element('path', { d: `M${x} ${y - radius}a${radius} ${radius} 0 0 0 0 ${2 * radius}z`, fill: colour })
  );
}

/** The lines below a node's name. */
export function notesOf(node: SceneNode, heat: Heat | undefined): string[] {
  const role = node.self
    ? 'this node'
    : node.state === 'connected' || node.state === 'reachable'
      ? undefined
      : node.state;
  const first = [role, node.area, node.border === true ? 'border' : undefined].filter((word) => word !== undefined);
  const figure =
    heat?.node(node)?.text ?? (node.score >= NOTABLE_SCORE ? `anomaly ${node.score.toFixed(2)}` : undefined);
  const cut = node.cutsOff === undefined ? undefined : `cuts off ${node.cutsOff}`;
  const second = [figure, cut].filter((word) => word !== undefined);
  return [first, second].flatMap((words) => (words.length === 0 ? [] : [words.join(', ')]));
}
