// A camera's newest picture, with what is in view and the zones drawn over it. The next picture is decoded before it
// replaces the last, so that nothing flickers, and the place is reserved by the camera's own proportions.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { CameraView } from '../../../daemon/view/schema.ts';
import { percent } from '../format.ts';
import { pictureUrl } from '../live/api.ts';

/**
 * At most one picture in this time and camera, however fast frames come, and none in a hidden tab: the page must not
 * load the board.
 */
const PICTURE_EVERY_MS = 1_000;

/** A picture and what was in view when it was asked for, so that boxes and picture belong together. */
interface Shown {
  address: string;
  objects: CameraView['objects'];
}

export function CameraPicture({ camera }: { camera: CameraView }) {
  const shown = usePicture(camera);
  const { width = 640, height = 360 } = camera;
  const stale = camera.state !== 'live';
  const objects = stale ? [] : (shown?.objects ?? []);
  return (
    <div class={`picture${stale ? ' picture-stale' : ''}`} style={{ aspectRatio: `${width} / ${height}` }}>
      {shown === undefined ? (
        <p class="picture-none">No picture yet</p>
      ) : (
        <>
          <img src={shown.address} alt={describe(camera)} width={width} height={height} />
          <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true" class="overlay">
            {camera.zones.map(({ name, points }) => (
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
        </>
      )}
      {objects.map(({ id, box, label, confidence }) => (
        <span
          key={id}
          class={`box-label${box.y < 0.1 ? ' box-label-inside' : ''}`}
          aria-hidden="true"
          style={{ left: `${inside(box.x) * 100}%`, top: `${inside(box.y) * 100}%` }}
        >
          {label} {percent(confidence)}
        </span>
      ))}
    </div>
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
    const { id, lastFrameAt, objects } = latest.current;
    if (busy.current || lastFrameAt === undefined || document.visibilityState === 'hidden') return;
    busy.current = true;
    const address = pictureUrl('cameras', id, lastFrameAt);
    const image = new Image();
    image.src = address;
    // A picture that fails to load leaves the last one standing; the camera's state says why.
    await image.decode().then(
      () => alive.current && show({ address, objects }),
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
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  return shown;
}

function describe(camera: CameraView): string {
  const seen = Object.entries(camera.counts).filter(([, number]) => number > 0);
  if (seen.length === 0) return `Camera ${camera.id}: nothing in view`;
  return `Camera ${camera.id}: ${seen.map(([label, number]) => `${number} ${label}`).join(', ')} in view`;
}

/** Labels stay inside the picture, also for boxes that begin outside it. */
function inside(share: number): number {
  return Math.min(0.85, Math.max(0, share));
}
