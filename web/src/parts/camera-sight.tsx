// What disturbs a camera's view, or is unusual in it; nothing where all is as ever.

import type { CameraView } from '../../../daemon/view/schema.ts';
import { Time } from './time.tsx';

export function CameraSight({ camera: { view, scene, readings = [] } }: { camera: CameraView }) {
  return (
    <>
      {view !== undefined && view.kind !== 'clear' && (
        <p class="cause">
          {view.message}, since <Time at={view.since} />
        </p>
      )}
      {readings.map(({ zone, number, text, unit, why }) => (
        <p key={zone}>
          {zone}: <strong>{number ?? text ?? why}</strong> {unit}
        </p>
      ))}
      {scene?.unusual === true && <p>Something unusual is in the picture.</p>}
    </>
  );
}
