// One node of the map: a disc by state, its name, and what else must be known at a glance.

import type { TopologyView } from '../../../daemon/view/schema.ts';
import type { Step } from '../../../vision/drawing/heat.ts';
import type { Point } from '../../../vision/drawing/layout.ts';
import { NOTABLE_SCORE } from '../../../vision/drawing/scene.ts';

export type MapNode = TopologyView['nodes'][number];

/** Pixels of a disc's radius by step of a heatmap. */
const STEP_RADIUS = [8.5, 10.5, 12.5, 14.5, 17] as const;

interface NodeProps {
  node: MapNode;
  place: Point;
  /** Below its name. */
  note: string | undefined;
  /** Its step in a heatmap, and the figure. */
  heat: { step: Step; text: string } | undefined;
  /** On the route that is shown. */
  strong: boolean;
  isChosen: boolean;
  onPoint: (on: boolean) => void;
  onFocus: () => void;
  onChoose: () => void;
}

export function Node({ node, place, note, heat, strong, isChosen, onPoint, onFocus, onChoose }: NodeProps) {
  const notable = node.score >= NOTABLE_SCORE;
  const words = [node.name, note ?? node.state];
  if (notable || heat !== undefined) words.push(`anomaly ${node.score.toFixed(2)}`);
  return (
    // biome-ignore lint/a11y/useSemanticElements: drawings know no button element
    <g
      class={`map-node node-${node.state}${node.self ? ' node-self' : ''}${strong ? ' strong' : ''}${heat === undefined ? '' : ` heat heat-${heat.step}`}`}
      style={{ transform: `translate(${place.x}px, ${place.y}px)` }}
      tabIndex={0}
      role="button"
      aria-pressed={isChosen}
      aria-describedby="map-caption"
      aria-label={words.join(', ')}
      onMouseEnter={() => onPoint(true)}
      onMouseLeave={() => onPoint(false)}
      onFocus={() => {
        onFocus();
        onPoint(true);
      }}
      onBlur={() => onPoint(false)}
      onClick={onChoose}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onChoose();
      }}
    >
      <circle class="hit" r={26} />
      {notable && heat === undefined && <circle class="halo" r={17} />}
      {isChosen && <circle class="ring" r={20} />}
      <circle class="disc" r={heat === undefined ? (node.self ? 10 : 8.5) : STEP_RADIUS[heat.step]} />
      {node.self && <circle class="core" r={4} />}
      <text class="node-name" y={30}>
        {node.name}
      </text>
      {note !== undefined && (
        <text class="node-note" y={45}>
          {note}
        </text>
      )}
      {heat !== undefined && (
        <text class="node-note" y={note === undefined ? 45 : 60}>
          {heat.text}
        </text>
      )}
    </g>
  );
}
