// Cameras: a wall of pictures with what is in view drawn on them, and the latest observations.

import type { CameraView, ObservationView } from '../../../daemon/view/schema.ts';
import { duration, latency, percent, things } from '../format.ts';
import { pictureUrl } from '../live/api.ts';
import { cameras, observations } from '../live/live.ts';
import { CameraPicture } from '../parts/camera-picture.tsx';
import { Copyable } from '../parts/copyable.tsx';
import { Empty } from '../parts/empty.tsx';
import { State } from '../parts/mark.tsx';
import { Time } from '../parts/time.tsx';

export function Cameras() {
  const list = cameras.value ?? [];
  return (
    <>
      <h1>Cameras</h1>
      {list.length === 0 ? (
        <NoCameras />
      ) : (
        <>
          <div class="wall">
            {list.map((camera) => (
              <Camera key={camera.id} camera={camera} />
            ))}
          </div>
          <Observations list={observations.value ?? []} />
        </>
      )}
    </>
  );
}

function Camera({ camera }: { camera: CameraView }) {
  return (
    <article class="camera" aria-label={`Camera ${camera.id}`}>
      <CameraPicture camera={camera} />
      <div class="camera-head">
        <h2>{camera.id}</h2>
        <State of={camera.state} />
      </div>
      {camera.state === 'live' ? (
        <p>{things(camera.counts) || 'Nothing in view'}</p>
      ) : (
        <p class={camera.state === 'lost' ? 'cause' : undefined}>
          {camera.cause ?? camera.state}, since <Time at={camera.since} />
        </p>
      )}
      <p class="muted">
        {camera.source}
        {camera.width !== undefined && `, ${camera.width} × ${camera.height}`}
        {camera.framesPerSecond >= 0.05 && `, ${camera.framesPerSecond.toFixed(1)} frames/s`}
        {camera.state === 'live' &&
          camera.inferenceSeconds !== undefined &&
          `, ${camera.detector ?? 'detector'} ${latency(camera.inferenceSeconds)}`}
        {camera.framesBroken > 0 && `, ${camera.framesBroken} broken`}
        {camera.zones.length > 0 && `, zones ${camera.zones.map(({ name }) => name).join(', ')}`}
        {camera.state !== 'live' && camera.lastFrameAt !== undefined && (
          <>
            , last picture <Time at={camera.lastFrameAt} seconds />
          </>
        )}
      </p>
    </article>
  );
}

function Observations({ list }: { list: readonly ObservationView[] }) {
  return (
    <section>
      <h2>Latest observations</h2>
      {list.length === 0 ? (
        <Empty title="Nothing was seen yet.">
          <p>What the detector sees in the pictures above is listed here, with a snapshot.</p>
        </Empty>
      ) : (
        <ul class="observations">
          {list.slice(0, 24).map((observation) => (
            <Observation key={observation.id} observation={observation} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Observation({ observation }: { observation: ObservationView }) {
  const { id, camera, label, confidence, zones, startedAt, endedAt, snapshot } = observation;
  return (
    <li>
      <div class="snapshot">
        {snapshot !== undefined && (
          <img src={pictureUrl('observations', id, startedAt)} alt={`${label} on ${camera}`} loading="lazy" />
        )}
      </div>
      <p>
        <strong>{label}</strong> {percent(confidence)}
      </p>
      <p class="muted">
        {camera}
        {zones.length > 0 && `, ${zones.join(', ')}`}
      </p>
      <p class="muted">
        <Time at={startedAt} seconds />, {endedAt === undefined ? 'in view' : duration((endedAt - startedAt) / 1_000)}
      </p>
    </li>
  );
}

const EXAMPLE = `cameras:
  - name: door
    source: folder:/srv/pictures
  - name: yard
    source: rtsp://192.168.1.20/stream2`;

function NoCameras() {
  return (
    <Empty title="No camera is configured.">
      <p>
        Add one to the configuration, e.g. <code>/etc/parlmesh/config.yaml</code>, and start the node again. A folder of
        pictures, a picture or MJPEG address, RTSP, a USB camera and <code>rendered:</code> (a test scene) all do.
      </p>
      <Copyable text={EXAMPLE} label="Configuration of two cameras" />
    </Empty>
  );
}
