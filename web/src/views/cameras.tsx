// Cameras: a wall of pictures with what is in view drawn on them and what they saw; or one of them in full.

import { CameraCard } from '../cameras/camera-card.tsx';
import { CameraPage } from '../cameras/camera-page.tsx';
import '../cameras/cameras.css';
import { Corrections } from '../cameras/corrections.tsx';
import { Search } from '../cameras/search.tsx';
import { cameras } from '../live/live.ts';
import { Copyable } from '../parts/copyable.tsx';
import { Empty } from '../parts/empty.tsx';
import { item } from '../router.ts';

export function Cameras() {
  const id = item.value;
  if (id !== '') return <CameraPage key={id} id={id} />;
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
              <CameraCard key={camera.id} camera={camera} />
            ))}
          </div>
          <Corrections />
          <Search />
        </>
      )}
    </>
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
