// The key below a drawing: only what occurs in it.

import type { Heat } from './heat.ts';
import type { Palette } from './palette.ts';
import type { Scene, Shown } from './scene.ts';
import { element, textAt } from './svg.ts';

interface KeyParts {
  show: Shown;
  heat: Heat | undefined;
  scene: Scene;
  palette: Palette;
  width: number;
  /** Of its middle. */
  y: number;
}

interface Entry {
  text: string;
  /** Drawn from 0 to 34, around the middle line. */
  mark: string;
}

const LETTER = 7.2;
const GAP = 26;

export function keyOf(parts: KeyParts): string {
  let x = 24;
  const drawn: string[] = [];
  for (const { text, mark } of entriesOf(parts)) {
    const end = x + 42 + text.length * LETTER;
    // What finds no room is left out: every sign is also a word in the drawing.
    if (end > parts.width - 12) break;
    drawn.push(
      element(
        'g',
        { transform: `translate(${x} ${parts.y})` },
        mark,
        textAt(text, { x: 42, dy: '0.35em', fill: parts.palette.muted }),
      ),
    );
    x = end + GAP;
  }
  return element('g', {}, ...drawn);
}

function entriesOf({ show, heat, scene, palette }: KeyParts): Entry[] {
  const line = (text: string, stroke: string, width: number, dashes?: string): Entry => ({
    text,
    mark: element('line', {
      x2: 34,
      stroke,
      'stroke-width': width,
      'stroke-dasharray': dashes,
      'stroke-linecap': dashes === '1.5 6' ? 'round' : undefined,
    }),
  });
  const has = (state: string): boolean => scene.links.some((link) => link.state === state);
  const bad = [
    ...(has('suspect') ? [line('suspect', palette.warn, 2, '9 5')] : []),
    ...(has('down') ? [line('down', palette.bad, 2, '1.5 6')] : []),
  ];
  if (heat !== undefined) {
    const steps = heat.legend.map(({ step, text }): Entry => {
      const fill = palette.heat[step];
      return show === 'anomaly'
        ? { text, mark: element('circle', { cx: 20, r: [6, 8, 10, 12, 14][step], fill }) }
        : line(text, fill, [2, 3.5, 5.5, 8, 11][step]!);
    });
    return [...steps, ...bad];
  }
  const diamond = element('path', {
    d: 'M17 -10l10 10l-10 10l-10 -10z',
    fill: palette.ground,
    stroke: palette.warn,
    'stroke-width': 2,
  });
  return [
    ...(scene.routes.length > 0 ? [line('route', palette.accent, 5)] : []),
    ...(scene.routes.some(({ backup }) => backup !== undefined) ? [line('backup', palette.ink, 2, '10 5')] : []),
    line('link, wider with traffic', palette.accent, 1.5),
    ...bad,
    ...(scene.nodes.some(({ cutsOff }) => cutsOff !== undefined) ? [{ text: 'others hang on it', mark: diamond }] : []),
  ];
}
