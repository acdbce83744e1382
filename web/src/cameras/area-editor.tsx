// Zones, masks and private areas of a camera, drawn on its picture. What is saved counts more than the configuration's.

import { useState } from 'preact/hooks';
import type { CameraAreasView } from '../../../daemon/view/camera-schema.ts';
import type { CameraView } from '../../../daemon/view/schema.ts';
import { may } from '../live/access.ts';
import { ApiError, put, remove } from '../live/api.ts';
import { useResource } from '../live/resource.ts';
import { CameraPicture } from '../parts/camera-picture.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { AreaCanvas } from './area-canvas.tsx';
import { type Area, type AreaKind, areasOf, NO_SETTINGS, problemOf, titleOf, viewOf } from './areas.ts';
import { type Corner, freeName, LEAST_CORNERS, MOST_CORNERS, RECTANGLE } from './polygon.ts';

const MOST_AREAS = 16;
const WORDS: Readonly<Record<AreaKind, [name: string, meaning: string]>> = {
  zone: ['Zone', 'what stands in it is told'],
  mask: ['Mask', 'nothing is looked for in it'],
  privacy: ['Private area', 'nobody can recognise anything in it'],
};

export function AreaEditor({ camera }: { camera: CameraView }) {
  // Kept here: what was saved makes the editor anew.
  const [told, tell] = useState('');
  const [resource, again] = useResource<CameraAreasView>(`/vision/cameras/${encodeURIComponent(camera.id)}/zones`);
  return (
    <Loaded resource={resource}>
      {(view) => <Editor key={JSON.stringify(view)} {...{ camera, view, told, tell }} onSaved={again} />}
    </Loaded>
  );
}

interface EditorProps {
  camera: CameraView;
  view: CameraAreasView;
  told: string;
  tell: (words: string) => void;
  onSaved: () => void;
}

function Editor({ camera, view, told, tell, onSaved }: EditorProps) {
  const [areas, setAreas] = useState(() => areasOf(view));
  const [chosen, choose] = useState<number>();
  const [drawing, setDrawing] = useState<{ kind: AreaKind; points: Corner[] }>();
  const mayDraw = may('act');
  const titles = areas.map((area) => titleOf(area, areas));
  const edited = chosen === undefined ? undefined : areas[chosen];
  const change = (part: Partial<Area>): void => {
    setAreas(areas.map((area, index) => (index === chosen ? { ...area, ...part } : area)));
    tell('');
  };
  const add = (kind: AreaKind, points: readonly Corner[]): void => {
    const name = kind === 'zone' ? freeName(areas.map((area) => area.name)) : '';
    setAreas([...areas, { kind, name, points: [...points], settings: NO_SETTINGS }]);
    choose(areas.length);
    setDrawing(undefined);
    tell('');
  };
  const close = (): void => {
    if (drawing !== undefined && drawing.points.length >= LEAST_CORNERS) add(drawing.kind, drawing.points);
  };
  const save = async (areasToSave: ReturnType<typeof viewOf> | undefined): Promise<void> => {
    const path = `/vision/cameras/${encodeURIComponent(camera.id)}/zones`;
    try {
      await (areasToSave === undefined ? remove(path) : put(path, areasToSave));
      tell('Saved. The camera goes by it now.');
      onSaved();
    } catch (error) {
      tell(error instanceof ApiError ? error.message : String(error));
    }
  };
  const problem = problemOf(areas);

  return (
    <div class="area-editor">
      <CameraPicture camera={{ ...camera, zones: [], objects: [] }}>
        <AreaCanvas
          areas={areas}
          chosen={mayDraw ? chosen : undefined}
          drawing={drawing?.points}
          titles={titles}
          onChoose={choose}
          onDraw={(at) => {
            if (drawing !== undefined && drawing.points.length < MOST_CORNERS) {
              setDrawing({ ...drawing, points: [...drawing.points, at] });
            }
          }}
          onClose={close}
          onPoints={(points) => change({ points })}
        />
      </CameraPicture>
      <div class="area-side">
        {areas.length === 0 && <p class="muted">Nothing is drawn on this picture.</p>}
        <ul class="area-list">
          {areas.map((area, index) => (
            <li key={`${index}`}>
              <button
                type="button"
                class={`area-choice area-choice-${area.kind}`}
                aria-pressed={index === chosen}
                onClick={() => choose(index === chosen ? undefined : index)}
              >
                {titles[index]}
              </button>
            </li>
          ))}
        </ul>
        {mayDraw && edited !== undefined && (
          <div class="area-settings">
            {edited.kind === 'zone' && (
              <label>
                Name
                <input
                  value={edited.name}
                  maxLength={32}
                  spellcheck={false}
                  onInput={({ currentTarget }) => change({ name: currentTarget.value })}
                />
              </label>
            )}
            <p class="muted">
              Pull a corner, or reach it by Tab and move it by arrow keys (with Shift farther); Delete removes it, the
              small ones add one.
            </p>
            <button
              type="button"
              class="quiet small"
              onClick={() => {
                setAreas(areas.filter((_, index) => index !== chosen));
                choose(undefined);
              }}
            >
              Remove {titles[chosen!]}
            </button>
          </div>
        )}
        {mayDraw && drawing === undefined && areas.length < MOST_AREAS && (
          <div class="action-line">
            {(['zone', 'mask', 'privacy'] as const).map((kind) => (
              <button
                key={kind}
                type="button"
                class="quiet small"
                title={WORDS[kind][1]}
                onClick={() => {
                  choose(undefined);
                  setDrawing({ kind, points: [] });
                }}
              >
                New {WORDS[kind][0].toLowerCase()}
              </button>
            ))}
          </div>
        )}
        {drawing !== undefined && (
          <div class="area-settings">
            <p>
              {WORDS[drawing.kind][0]}: {WORDS[drawing.kind][1]}. Tap its corners on the picture, the first one again to
              close it.
            </p>
            <div class="action-line">
              <button
                type="button"
                class="quiet small"
                aria-disabled={drawing.points.length < LEAST_CORNERS}
                onClick={close}
              >
                Close it
              </button>
              <button type="button" class="quiet small" onClick={() => add(drawing.kind, RECTANGLE)}>
                Use a rectangle
              </button>
              <button type="button" class="quiet small" onClick={() => setDrawing(undefined)}>
                Cancel
              </button>
            </div>
          </div>
        )}
        <p class="told" role="status">
          {problem ?? told}
        </p>
        {mayDraw ? (
          <div class="action-line">
            <button
              type="button"
              class="primary"
              aria-disabled={problem !== undefined}
              onClick={() => problem === undefined && void save(viewOf(areas))}
            >
              Save
            </button>
            {view.drawn && (
              <button type="button" class="quiet" onClick={() => void save(undefined)}>
                Back to the configuration’s
              </button>
            )}
          </div>
        ) : (
          <p class="muted">A token with the scope “act” may draw here.</p>
        )}
      </div>
    </div>
  );
}
