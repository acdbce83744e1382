// One camera in full: its picture, what may be drawn on it, and what it saw.

import type { CameraView } from '../../../daemon/view/schema.ts';
import { cameras } from '../live/live.ts';
import { Empty } from '../parts/empty.tsx';
import { AreaEditor } from './area-editor.tsx';
import { CameraCard } from './camera-card.tsx';
import { Search } from './search.tsx';

export function CameraPage({ id }: { id: string }) {
  const camera: CameraView | undefined = cameras.value?.find((one) => one.id === id);
  return (
    <>
      <p class="back">
        <a href="#/cameras">All cameras</a>
      </p>
      <h1>{id}</h1>
      {camera === undefined ? (
        <Empty title={cameras.value === undefined ? 'Loading…' : 'There is no camera of that name.'} />
      ) : (
        <>
          <section class="camera-large">
            <CameraCard camera={camera} alone />
          </section>
          <section>
            <h2>Zones, masks and private areas</h2>
            <AreaEditor camera={camera} />
          </section>
          <Search camera={id} />
        </>
      )}
    </>
  );
}
