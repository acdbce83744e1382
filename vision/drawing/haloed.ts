// Words that are read over lines: with an edge in the colour of the ground.

import type { Point } from './layout.ts';
import type { Palette } from './palette.ts';
import { textAt } from './svg.ts';

export function haloed(text: string, { x, y }: Point, palette: Palette, more: Record<string, string | number>): string {
  return textAt(text, {
    ...{ x, y, 'text-anchor': 'middle', 'paint-order': 'stroke', stroke: palette.ground },
    ...{ 'stroke-width': 6, 'stroke-linejoin': 'round', ...more },
  });
}
