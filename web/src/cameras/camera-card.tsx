// One camera on the wall: its picture, its state, what is in view.

import { useState } from 'preact/hooks';
import type { CameraView } from '../../../daemon/view/schema.ts';
import { latency, things } from '../format.ts';
import { CameraPicture } from '../parts/camera-picture.tsx';
import { CameraSight } from '../parts/camera-sight.tsx';
import { State } from '../parts/mark.tsx';
import { Time } from '../parts/time.tsx';
import { ActivityOverlay, ActivityWords } from './activity.tsx';

/** @param alone on a page of its own, which has no way to itself */
export function CameraCard({ camera, alone = false }: { camera: CameraView; alone?: boolean }) {
  const [showsActivity, showActivity] = useState(false);
  return (
    <article class="camera" aria-label={`Camera ${camera.id}`}>
      <CameraPicture camera={camera}>{showsActivity && <ActivityOverlay camera={camera.id} />}</CameraPicture>
      <div class="camera-head">
        {!alone && (
          <h2>
            <a href={`#/cameras/${encodeURIComponent(camera.id)}`}>{camera.id}</a>
          </h2>
        )}
        <State of={camera.state} />
        <button
          type="button"
          class="quiet small"
          aria-pressed={showsActivity}
          onClick={() => showActivity(!showsActivity)}
        >
          Activity
        </button>
      </div>
      {showsActivity && <ActivityWords camera={camera.id} />}
      {camera.state === 'live' ? (
        <p>{things(camera.counts) || 'Nothing in view'}</p>
      ) : (
        <p class={camera.state === 'lost' ? 'cause' : undefined}>
          {camera.cause ?? camera.state}, since <Time at={camera.since} />
        </p>
      )}
      <CameraSight camera={camera} />
      <p class="muted">
        {camera.source}
        {camera.width !== undefined && `, ${camera.width} × ${camera.height}`}
        {camera.framesPerSecond >= 0.05 && `, ${camera.framesPerSecond.toFixed(1)} frames/s`}
        {camera.state === 'live' &&
          camera.inferenceSeconds !== undefined &&
          `, ${camera.detector ?? 'detector'} ${latency(camera.inferenceSeconds)}`}
        {camera.framesBroken > 0 && `, ${camera.framesBroken} broken`}
        {camera.zones.length > 0 && `, zones ${camera.zones.map(zoneInWords).join(', ')}`}
        {camera.state !== 'live' && camera.lastFrameAt !== undefined && (
          <>
            , last picture <Time at={camera.lastFrameAt} seconds />
          </>
        )}
      </p>
    </article>
  );
}

/** `path (2 in it)`. */
function zoneInWords({ name, present = 0 }: CameraView['zones'][number]): string {
  return present === 0 ? name : `${name} (${present} in it)`;
}
