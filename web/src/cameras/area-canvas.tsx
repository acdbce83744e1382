// The areas over the camera's picture, to be drawn and pulled: by mouse and finger on the picture, by Tab and arrow keys on
// each corner.

import { useRef } from 'preact/hooks';
import type { Area } from './areas.ts';
import { type Corner, corner, middleAfter, moveCorner, removeCorner, splitSide } from './polygon.ts';

interface CanvasProps {
  areas: readonly Area[];
  chosen: number | undefined;
  /** Corners of the area that is being drawn. */
  drawing: readonly Corner[] | undefined;
  titles: readonly string[];
  onChoose: (index: number) => void;
  onDraw: (at: Corner) => void;
  onClose: () => void;
  onPoints: (points: Corner[]) => void;
}

const KEYS: Readonly<Record<string, Corner>> = {
  ArrowLeft: [-0.01, 0],
  ArrowRight: [0.01, 0],
  ArrowUp: [0, -0.01],
  ArrowDown: [0, 0.01],
};

const percentOf = (value: number): string => `${Math.round(value * 100)} %`;

export function AreaCanvas(props: CanvasProps) {
  const { areas, chosen, drawing, titles, onChoose, onDraw, onClose, onPoints } = props;
  const canvas = useRef<HTMLDivElement>(null);
  const pulled = useRef<number | undefined>(undefined);
  const edited = chosen === undefined ? undefined : areas[chosen];
  const place = (event: PointerEvent | MouseEvent): Corner => {
    const box = canvas.current!.getBoundingClientRect();
    return corner((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  const points = (list: readonly Corner[]): string => list.map(([x, y]) => `${x * 100},${y * 100}`).join(' ');

  const onKey = (event: KeyboardEvent, index: number): void => {
    if (edited === undefined) return;
    const step = KEYS[event.key];
    if (event.key === 'Delete' || event.key === 'Backspace') onPoints(removeCorner(edited.points, index));
    else if (step !== undefined) {
      const [x, y] = edited.points[index]!;
      const far = event.shiftKey ? 5 : 1;
      onPoints(moveCorner(edited.points, index, [x + step[0] * far, y + step[1] * far]));
    } else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: drawing is for hands; a rectangle and its corners are for keys
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <div
      ref={canvas}
      class={`area-canvas${drawing === undefined ? '' : ' area-drawing'}`}
      onClick={(event) => drawing !== undefined && onDraw(place(event))}
      onPointerMove={(event) => {
        if (pulled.current !== undefined && edited !== undefined) {
          onPoints(moveCorner(edited.points, pulled.current, place(event)));
        }
      }}
      onPointerUp={() => {
        pulled.current = undefined;
      }}
      onPointerCancel={() => {
        pulled.current = undefined;
      }}
    >
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        {areas.map((area, index) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the list below the picture chooses too
          <polygon
            key={`${index} ${titles[index]}`}
            class={`area area-${area.kind}${index === chosen ? ' area-chosen' : ''}`}
            points={points(area.points)}
            onClick={() => drawing === undefined && onChoose(index)}
          />
        ))}
        {drawing !== undefined && <polyline class="area area-zone area-chosen" points={points(drawing)} />}
      </svg>
      {drawing?.map(([x, y], index) => (
        <button
          key={`${x} ${y}`}
          type="button"
          class="corner"
          style={{ left: `${x * 100}%`, top: `${y * 100}%` }}
          aria-label={index === 0 ? 'First corner: close the area' : `Corner ${index + 1}`}
          onClick={(event) => {
            event.stopPropagation();
            if (index === 0) onClose();
          }}
        />
      ))}
      {drawing === undefined &&
        edited?.points.map(([x, y], index) => {
          const [mx, my] = middleAfter(edited.points, index);
          const title = titles[chosen!];
          return (
            <>
              <button
                key={`corner ${index}`}
                type="button"
                class="corner"
                style={{ left: `${x * 100}%`, top: `${y * 100}%` }}
                aria-label={`Corner ${index + 1} of ${title}, ${percentOf(x)} from the left, ${percentOf(y)} from the top`}
                onPointerDown={(event) => {
                  pulled.current = index;
                  canvas.current?.setPointerCapture(event.pointerId);
                }}
                onKeyDown={(event) => onKey(event, index)}
              />
              <button
                key={`side ${index}`}
                type="button"
                class="corner corner-new"
                style={{ left: `${mx * 100}%`, top: `${my * 100}%` }}
                aria-label={`Add a corner after corner ${index + 1} of ${title}`}
                onClick={() => onPoints(splitSide(edited.points, index))}
              />
            </>
          );
        })}
    </div>
  );
}
