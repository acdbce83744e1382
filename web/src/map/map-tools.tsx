// Above the large map: what it shows, how close, and the same as a file.

import type { TopologyView } from '../../../daemon/view/schema.ts';
import { SHOWN } from '../../../vision/drawing/scene.ts';
import { theme } from '../theme.ts';
import { type Choices, exportUrl, NAMES } from './shown.ts';
import type { MapZoom } from './use-zoom.ts';

interface ToolsProps {
  choices: Choices;
  mesh: TopologyView;
  /** The node that is chosen on the map. */
  chosen: string | undefined;
  zoom: MapZoom;
  onChange: (choices: Choices) => void;
}

export function MapTools({ choices, mesh, chosen, zoom, onChange }: ToolsProps) {
  const nodes = [...mesh.nodes].sort((a, b) => Number(b.self) - Number(a.self) || a.name.localeCompare(b.name));
  const file = (format: 'svg' | 'png') => (
    <a class="tool" href={exportUrl(format, choices, chosen, theme.value)} download={`mesh-${choices.show}.${format}`}>
      {format.toUpperCase()}
    </a>
  );
  return (
    <div class="map-tools">
      <label>
        Show
        <select
          value={choices.show}
          onChange={({ currentTarget }) => {
            const show = SHOWN.find((one) => one === currentTarget.value);
            if (show !== undefined) onChange({ ...choices, show });
          }}
        >
          {SHOWN.map((show) => (
            <option key={show} value={show}>
              {NAMES[show]}
            </option>
          ))}
        </select>
      </label>
      {choices.show === 'routes' && (
        <label>
          Routes
          <select
            value={choices.from}
            onChange={({ currentTarget }) => onChange({ ...choices, from: currentTarget.value })}
          >
            <option value="">to the chosen node</option>
            {nodes.map(({ id, name, self }) => (
              <option key={id} value={id}>
                all from {name}
                {self && ' (this node)'}
              </option>
            ))}
          </select>
        </label>
      )}
      <fieldset class="tool-buttons" aria-label="Zoom">
        <button type="button" class="tool" aria-label="Zoom in" title="Zoom in (+)" onClick={() => zoom.by(1.5)}>
          +
        </button>
        <button type="button" class="tool" aria-label="Zoom out" title="Zoom out (-)" onClick={() => zoom.by(1 / 1.5)}>
          −
        </button>
        <button type="button" class="tool" title="Show the whole map (0)" onClick={zoom.reset}>
          Whole
        </button>
      </fieldset>
      <fieldset class="tool-buttons" aria-label="Save the map as">
        {file('svg')}
        {file('png')}
      </fieldset>
    </div>
  );
}
