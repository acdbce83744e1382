// A camera's newest picture, with what is in view and the zones drawn over it. The next picture is decoded before it
// replaces the last, so that nothing flickers, and every frame on the wall is of one size.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraView } from '../../../daemon/view/schema.ts';
import { percent, things } from '../format.ts';
import { pictureUrl } from '../live/api.ts';

/**
 * At most one picture in this time and camera, however fast frames come, and none in a hidden tab: the page must not
 * load the board.
 */
const PICTURE_EVERY_MS = 1_000;

/** Width by height of every frame on the wall; pictures of other proportions stand inside it. */
const FRAME = 16 / 9;

/** A picture and what was in view, so that boxes stay with their picture until the next. */
interface Shown {
  address: string;
  /** Time of the frame, milliseconds since 1970. */
  at: number;
  objects: CameraView['objects'];
}

/** @param children what is laid over the picture */
export function CameraPicture({ camera, children }: { camera: CameraView; children?: ComponentChildren }) {
  const shown = usePicture(camera);
  const { width = 640, height = 360 } = camera;
  const stale = camera.state !== 'live';
  const objects = stale ? [] : (shown?.objects ?? []);
  const fill = width / height > FRAME ? { width: '100%' } : { height: '100%' };
  return (
    <div class={`picture${stale ? ' picture-stale' : ''}`}>
      {shown === undefined ? (
        <p class="picture-none">No picture yet</p>
      ) : (
        <div class="picture-fit" style={{ aspectRatio: `${width} / ${height}`, ...fill }}>
          <img src={shown.address} alt={describe(camera)} />
          <Overlay width={width} height={height} zones={camera.zones} objects={objects} />
          {children}
        </div>
      )}
    </div>
  );
}

interface OverlayProps {
  width: number;
  height: number;
  zones: CameraView['zones'];
  objects: CameraView['objects'];
}

function Overlay({ width, height, zones, objects }: OverlayProps) {
  return (
    <>
      <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true" class="overlay">
        {zones.map(({ name, points }) => (
          <polygon
            key={name}
            class="zone"
            points={points.map(([x = 0, y = 0]) => `${x * width},${y * height}`).join(' ')}
          />
        ))}
        {objects.map(({ id, box }) => (
          <rect
            key={id}
            class="box"
            x={box.x * width}
            y={box.y * height}
            width={box.width * width}
            height={box.height * height}
            rx={width / 200}
          />
        ))}
      </svg>
      {objects.map(({ id, box, label, confidence }) => (
        <span
          key={id}
          class={`box-label${box.y < 0.1 ? ' box-label-inside' : ''}`}
          aria-hidden="true"
          style={labelPlace(box)}
        >
          {label} {percent(confidence)}
        </span>
      ))}
    </>
  );
}

/** The newest decoded picture, at most a second behind the newest frame. */
function usePicture(camera: CameraView): Shown | undefined {
  const [shown, show] = useState<Shown>();
  const latest = useRef(camera);
  const busy = useRef(false);
  const alive = useRef(true);
  latest.current = camera;

  const next = async () => {
    const { id, lastFrameAt } = latest.current;
    if (busy.current || lastFrameAt === undefined || document.visibilityState === 'hidden') return;
    busy.current = true;
    const address = pictureUrl('cameras', id, lastFrameAt);
    const image = new Image();
    image.src = address;
    // A picture that fails to load leaves the last one standing; the camera's state says why.
    await image.decode().then(
      () => alive.current && show({ address, at: lastFrameAt, objects: latest.current.objects }),
      () => undefined,
    );
    setTimeout(() => {
      busy.current = false;
      if (alive.current && latest.current.lastFrameAt !== lastFrameAt) void next();
    }, PICTURE_EVERY_MS);
  };

  useEffect(() => {
    void next();
  }, [camera.lastFrameAt]);
  // A frame is shown before the detector has looked at it: its boxes come later than the picture.
  useEffect(() => {
    show((now) => (now !== undefined && now.at === camera.lastFrameAt ? { ...now, objects: camera.objects } : now));
  }, [camera.objects]);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  return shown;
}

function describe(camera: CameraView): string {
  return `Camera ${camera.id}: ${things(camera.counts) || 'nothing'} in view`;
}

/**
 * A label stands at its box's upper left corner, and at the upper right one where the box lies right of the middle:
 * so it has half the picture's width for itself. It stays inside the picture, also for boxes that begin outside it.
 */
function labelPlace({ x, y, width }: CameraView['objects'][number]['box']) {
  const top = share(Math.min(0.85, y));
  return x + width / 2 > 0.5 ? { right: share(1 - x - width), top } : { left: share(x), top };
}

/** A share of the picture as a length, within it. */
function share(value: number): string {
  return `${Math.min(1, Math.max(0, value)) * 100}%`;
}
