// A job as a graph: what needs what, how far it is, and the longest chain in heavy lines. Drag to move, the buttons or
// Ctrl and the wheel to zoom; by keyboard, the arrows go along the lines.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TaskView } from '../../../agents/swarm/job-view.ts';
import { count } from '../format.ts';
import { Mark, MarkShape } from '../parts/mark.tsx';
import { useSize } from '../parts/size.ts';
import { BOX, type Box, type Drawing, drawJob, type Line, statesOf } from './dag-layout.ts';
import { TASK_STATES, TONE_OF } from './states.tsx';

/** Letters of a title that fit a box. */
const MOST_LETTERS = 17;
const PAD = 16;
const ZOOM_STEP = 1.3;
/** Pixels of the drawing's place. */
const HEIGHT = { least: 130, most: 400 };
const LARGEST = 1.15;

interface Place {
  x: number;
  y: number;
  zoom: number;
}

interface DagProps {
  tasks: readonly TaskView[];
  chosen: string | undefined;
  onChoose: (box: Box) => void;
}

export function Dag({ tasks, chosen, onChoose }: DagProps) {
  const host = useRef<HTMLDivElement>(null);
  const size = useSize(host);
  // The shape of a job never changes: boxes keep their places while their tasks' states move on.
  const shape = useMemo(() => drawJob(tasks), [tasks.length, tasks[0]?.id]);
  const latest = useMemo(() => new Map(tasks.map((task) => [task.id, task])), [tasks]);
  const [place, move] = useState<Place>();
  const at = place ?? fitting(shape, size);
  const drag = useRef<{ x: number; y: number } | undefined>(undefined);

  const zoomBy = (factor: number, x = size.width / 2, y = size.height / 2) => {
    const zoom = Math.min(3, Math.max(0.05, at.zoom * factor));
    const ratio = zoom / at.zoom;
    move({ zoom, x: x - (x - at.x) * ratio, y: y - (y - at.y) * ratio });
  };
  useWheel(host, (event) => {
    const box = host.current!.getBoundingClientRect();
    zoomBy(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientX - box.left, event.clientY - box.top);
  });

  return (
    <figure class="dag">
      <div class="dag-tools">
        <button type="button" class="quiet small" onClick={() => zoomBy(1 / ZOOM_STEP)} aria-label="Zoom out">
          −
        </button>
        <button type="button" class="quiet small" onClick={() => zoomBy(ZOOM_STEP)} aria-label="Zoom in">
          +
        </button>
        <button type="button" class="quiet small" onClick={() => move(undefined)}>
          Whole
        </button>
      </div>
      <div
        class="dag-canvas"
        ref={host}
        style={{ height: `${heightOf(shape, size.width)}px` }}
        onPointerDown={(event) => {
          if (event.button === 0) drag.current = { x: event.clientX - at.x, y: event.clientY - at.y };
        }}
        onPointerMove={(event) => {
          if (drag.current === undefined || event.buttons === 0) return;
          move({ ...at, x: event.clientX - drag.current.x, y: event.clientY - drag.current.y });
        }}
        onPointerUp={() => {
          drag.current = undefined;
        }}
      >
        {size.width > 0 && (
          // biome-ignore lint/a11y/useSemanticElements: a drawing, not a fieldset
          <svg width={size.width} height={size.height} role="group" aria-label={summary(shape, tasks)}>
            <g transform={`translate(${at.x} ${at.y}) scale(${at.zoom})`}>
              {shape.lines.map((line) => (
                <path
                  key={`${line.from.key} ${line.to.key}`}
                  class={`dag-line${line.critical ? ' critical' : ''}`}
                  d={curve(line)}
                />
              ))}
              {shape.boxes.map((box, index) => (
                <TaskBox
                  key={box.key}
                  box={{ ...box, tasks: box.tasks.map(({ id }) => latest.get(id)!) }}
                  chosen={box.tasks.some(({ id }) => id === chosen)}
                  first={chosen === undefined && index === 0}
                  onChoose={onChoose}
                  onGo={(key) => goTo(shape, box, key, onChoose)}
                />
              ))}
            </g>
          </svg>
        )}
      </div>
      <figcaption class="legend">
        {TASK_STATES.filter((state) => tasks.some((task) => task.state === state)).map((state) => (
          <span key={state} class={`inline task-${state}`}>
            <Mark tone={TONE_OF[state]} />
            {state}
          </span>
        ))}
        <span class="inline">
          <svg width="28" height="10" aria-hidden="true">
            <path class="dag-line critical" d="M0 5h28" />
          </svg>
          longest chain
        </span>
        {shape.grouped && <span>{count(tasks.length, 'task')}, grouped by step and kind</span>}
      </figcaption>
    </figure>
  );
}

interface TaskBoxProps {
  box: Box;
  chosen: boolean;
  /** Whether it is the one that Tab comes to. */
  first: boolean;
  onChoose: (box: Box) => void;
  onGo: (key: string) => boolean;
}

function TaskBox({ box, chosen, first, onChoose, onGo }: TaskBoxProps) {
  const element = useRef<SVGGElement>(null);
  const states = statesOf(box);
  const [only] = box.tasks.length === 1 ? box.tasks : [];
  useEffect(() => {
    // Steps by keyboard take the focus along; a click has it already.
    if (chosen && element.current?.parentElement?.contains(document.activeElement)) element.current.focus();
  }, [chosen]);
  const words = [...states].map(([state, number]) => (only ? state : `${number} ${state}`)).join(', ');
  return (
    // biome-ignore lint/a11y/useSemanticElements: HTML buttons do not go into a drawing
    <g
      ref={element}
      transform={`translate(${box.x} ${box.y})`}
      class={`dag-box${box.critical ? ' critical' : ''}${chosen ? ' chosen' : ''}${only ? ` task-${only.state}` : ''}`}
      role="button"
      tabindex={chosen || first ? 0 : -1}
      aria-pressed={chosen}
      aria-label={`${box.title}: ${words}${box.critical ? ', on the longest chain' : ''}`}
      onClick={() => onChoose(box)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === ' ') onChoose(box);
        else if (!onGo(event.key)) return;
        event.preventDefault();
      }}
    >
      <title>{`${box.title}: ${words}`}</title>
      <rect width={BOX.width} height={BOX.height} rx="6" />
      {only ? (
        <g transform="translate(8 9)">
          <MarkShape tone={TONE_OF[only.state]} />
        </g>
      ) : (
        <Shares states={states} all={box.tasks.length} />
      )}
      <text x={only ? 30 : 10} y={only ? 22 : 17}>
        {shortened(box.title)}
      </text>
      {only?.state === 'running' && only.progress !== undefined && (
        <rect class="dag-progress" x="1" y={BOX.height - 4} height="3" width={(BOX.width - 2) * only.progress} rx="1" />
      )}
    </g>
  );
}

/** A bar along the foot of a group: how many of its tasks are in which state. */
function Shares({ states, all }: { states: ReadonlyMap<string, number>; all: number }) {
  let x = 8;
  return (
    <>
      {TASK_STATES.flatMap((state) => {
        const width = ((states.get(state) ?? 0) / all) * (BOX.width - 16);
        if (width === 0) return [];
        const bar = <rect key={state} class={`share share-${state}`} x={x} y="24" height="5" width={width} />;
        x += width;
        return [bar];
      })}
    </>
  );
}

/** Along the lines and up and down a column; false where the key is none of these. */
function goTo({ boxes, lines }: Drawing, box: Box, key: string, onChoose: (box: Box) => void): boolean {
  const from = boxes.find((one) => one.key === box.key)!;
  const column = boxes.filter(({ x }) => x === from.x).sort((a, b) => a.y - b.y);
  const steps: Record<string, () => Box | undefined> = {
    ArrowRight: () => lines.find((line) => line.from === from)?.to,
    ArrowLeft: () => lines.find((line) => line.to === from)?.from,
    ArrowDown: () => column[column.indexOf(from) + 1],
    ArrowUp: () => column[column.indexOf(from) - 1],
  };
  const step = steps[key];
  if (step === undefined) return false;
  const next = step();
  if (next !== undefined) onChoose(next);
  return true;
}

/** Needs a listener that may prevent the page's own scrolling, which JSX cannot say. */
function useWheel(host: { current: HTMLElement | null }, onWheel: (event: WheelEvent) => void): void {
  const latest = useRef(onWheel);
  latest.current = onWheel;
  useEffect(() => {
    const element = host.current!;
    const listener = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      latest.current(event);
    };
    element.addEventListener('wheel', listener, { passive: false });
    return () => element.removeEventListener('wheel', listener);
  }, []);
}

function fitting(shape: Drawing, size: { width: number; height: number }): Place {
  const zoom = Math.min(LARGEST, (size.width - 2 * PAD) / shape.width, (size.height - 2 * PAD) / shape.height);
  return { zoom, x: (size.width - shape.width * zoom) / 2, y: (size.height - shape.height * zoom) / 2 };
}

/** A flat graph takes no more room than it needs. */
function heightOf(shape: Drawing, width: number): number {
  const zoom = Math.min(LARGEST, (width - 2 * PAD) / shape.width);
  return Math.max(HEIGHT.least, Math.min(HEIGHT.most, shape.height * zoom + 2 * PAD));
}

function curve({ from, to }: Line): string {
  const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [x2, y2] = [to.x, to.y + BOX.height / 2];
  const half = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + half} ${y1} ${x2 - half} ${y2} ${x2} ${y2}`;
}

function shortened(title: string): string {
  if (title.length <= MOST_LETTERS) return title;
  // Recorded tasks differ at their end.
  return `${title.slice(0, 6)}…${title.slice(-(MOST_LETTERS - 7))}`;
}

function summary({ grouped }: Drawing, tasks: readonly TaskView[]): string {
  const done = tasks.filter(({ state }) => state === 'succeeded').length;
  return `Graph of ${tasks.length} tasks${grouped ? ', in groups' : ''}, ${done} of them succeeded`;
}
