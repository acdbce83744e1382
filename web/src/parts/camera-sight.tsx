// What disturbs a camera's view, or is unusual in it; nothing where all is as ever.

import type { CameraView } from '../../../daemon/view/schema.ts';
import { Time } from './time.tsx';

export function CameraSight({ camera: { view, scene } }: { camera: CameraView }) {
  return (
    <>
      {view !== undefined && view.kind !== 'clear' && (
        <p class="cause">
          {view.message}, since <Time at={view.since} />
        </p>
      )}
      {scene?.unusual === true && <p>Something unusual is in the picture.</p>}
    </>
  );
}
