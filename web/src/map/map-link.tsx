// One link of the map: a wire by state, and its words, which lie above all wires.

import type { Step } from '../../../vision/drawing/heat.ts';
import type { PlacedLabel } from '../../../vision/drawing/labels.ts';
import type { Point } from '../../../vision/drawing/layout.ts';
import type { KnownLink } from './links.ts';

interface LinkProps {
  known: KnownLink;
  /** Its step in a heatmap. */
  heat: Step | 'none' | undefined;
  from: Point;
  to: Point;
  onPoint: (on: boolean) => void;
  onChoose: () => void;
}

export function Link({ known: { link, own }, heat, from, to, onPoint, onChoose }: LinkProps) {
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing is a short cut; the same figures are in the tables
    <g
      class={`map-link ${stateOf({ link, own })}${heat === undefined ? '' : ` heat heat-${heat}`}`}
      onMouseEnter={() => onPoint(true)}
      onMouseLeave={() => onPoint(false)}
      onClick={onChoose}
    >
      <line class="hit" {...ends} />
      <line class="wire" {...ends} />
    </g>
  );
}

export function LinkLabel({ known, label: { x, y, text } }: { known: KnownLink; label: PlacedLabel }) {
  return (
    <text class={`link-label ${stateOf(known)}`} x={x} y={y} dy="0.35em">
      {text}
    </text>
  );
}

const stateOf = ({ link, own }: KnownLink): string => `link-${link.state}${own?.damped ? ' link-damped' : ''}`;
