// Feeds the zoom of the map with wheel, fingers, mouse and keys.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Point } from '../../../vision/drawing/layout.ts';
import { moved, type Size, showing, WHOLE, type Zoom, zoomAt } from './zoom.ts';

/** Pixels that a finger or the mouse moves before it is no click any more. */
const CLICK = 5;
const KEY_STEP = 60;

export interface MapZoom {
  zoom: Zoom;
  by: (factor: number) => void;
  reset: () => void;
  /** Brings a point of the map into view. */
  show: (point: Point) => void;
  /** True when the key meant the map. */
  onKey: (key: string) => boolean;
  /** False when what looked like a click was the end of a move. */
  wasClick: () => boolean;
  handlers: {
    onPointerDown: (event: PointerEvent) => void;
    onPointerMove: (event: PointerEvent) => void;
    onPointerUp: (event: PointerEvent) => void;
    onPointerCancel: (event: PointerEvent) => void;
  };
}

/** The wheel zooms with Ctrl, or while the focus is in the map: else it scrolls the page, as everywhere. */
export function useZoom(element: { current: HTMLElement | null }, size: Size): MapZoom {
  const [zoom, set] = useState(WHOLE);
  const latest = useRef(size);
  latest.current = size;
  const pointers = useRef(new Map<number, Point>());
  const travelled = useRef(0);
  const middle = (): Point => ({ x: latest.current.width / 2, y: latest.current.height / 2 });
  const place = (event: PointerEvent | WheelEvent): Point => {
    const box = element.current!.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  useEffect(() => {
    const target = element.current!;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && !target.contains(document.activeElement)) return;
      event.preventDefault();
      const at = place(event);
      set((now) => zoomAt(now, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), at, latest.current));
    };
    target.addEventListener('wheel', onWheel, { passive: false });
    return () => target.removeEventListener('wheel', onWheel);
  }, []);

  const by = (factor: number): void => set((now) => zoomAt(now, factor, middle(), latest.current));
  const leave = (event: PointerEvent): void => void pointers.current.delete(event.pointerId);
  return {
    ...{ zoom, by },
    reset: () => set(WHOLE),
    show: (point) => set((now) => (now.scale === 1 ? now : showing(now, point, latest.current))),
    wasClick: () => travelled.current < CLICK,
    onKey: (key) => {
      const steps: Record<string, Point> = {
        ArrowLeft: { x: KEY_STEP, y: 0 },
        ArrowRight: { x: -KEY_STEP, y: 0 },
        ArrowUp: { x: 0, y: KEY_STEP },
        ArrowDown: { x: 0, y: -KEY_STEP },
      };
      const step = steps[key];
      if (key === '+' || key === '=') by(1.5);
      else if (key === '-') by(1 / 1.5);
      else if (key === '0') set(WHOLE);
      else if (step !== undefined && zoom.scale > 1) set((now) => moved(now, step, latest.current));
      else return false;
      return true;
    },
    handlers: {
      onPointerDown: (event) => {
        if (pointers.current.size === 0) travelled.current = 0;
        pointers.current.set(event.pointerId, place(event));
      },
      onPointerMove: (event) => {
        const before = pointers.current.get(event.pointerId);
        if (before === undefined) return;
        const now = place(event);
        const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
        pointers.current.set(event.pointerId, now);
        travelled.current += Math.hypot(now.x - before.x, now.y - before.y);
        if (travelled.current < CLICK) return;
        if (other === undefined) {
          set((shown) => moved(shown, { x: now.x - before.x, y: now.y - before.y }, latest.current));
          return;
        }
        const spread = (point: Point): number => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
        const between = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
        set((shown) => zoomAt(shown, spread(now) / spread(before), between, latest.current));
      },
      onPointerUp: leave,
      onPointerCancel: leave,
    },
  };
}
