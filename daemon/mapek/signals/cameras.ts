// Cameras: whether pictures come, and how the view is.

import type { Clock } from '../../../core/clock.ts';
import type { CameraSnapshot } from '../../../vision/camera-handle.ts';
import type { VisionProcessor } from '../../../vision/processor.ts';
import type { Say, Source } from './hearing.ts';

export interface CameraSignalsParts {
  vision: Pick<VisionProcessor, 'cameras' | 'on' | 'off'>;
  /** The device file of a camera on this board; undefined where it is reached otherwise. */
  deviceOf: (camera: string) => string | undefined;
  /** Facts that matter to the choice of action: see `PARLMAPEKExecutor.know`. */
  know: (subject: string, facts: Readonly<Record<string, number>>) => void;
  clock: Clock;
  say: Say;
}

export class CameraSignals implements Source {
  readonly #parts: CameraSignalsParts;
  readonly #known = new Set<string>();

  constructor(parts: CameraSignalsParts) {
    this.#parts = parts;
  }

  listen(): () => void {
    const { vision } = this.#parts;
    const hear = (camera: CameraSnapshot): void => this.#tell(camera);
    vision.on('camera', hear);
    this.repeat();
    return () => vision.off('camera', hear);
  }

  repeat(subjects?: ReadonlySet<string>): void {
    for (const camera of this.#parts.vision.cameras()) {
      if (subjects === undefined || subjects.has(`camera/${camera.id}`)) this.#tell(camera);
    }
  }

  #tell({ id, state, cause, view }: CameraSnapshot): void {
    const { say, know, deviceOf, clock } = this.#parts;
    const subject = `camera/${id}`;
    if (!this.#known.has(id)) {
      this.#known.add(id);
      const isDevice = deviceOf(id) !== undefined;
      know(subject, { usb: isDevice ? 1 : 0, network: isDevice ? 0 : 1 });
    }
    const about = { subject, at: clock.wall(), kind: 'state' } as const;
    if (state === 'live' || state === 'lost' || state === 'waiting') {
      say({ ...about, state, ...(cause !== undefined && { message: `Camera ${id}: ${cause}`.slice(0, 400) }) });
    }
    // What was seen last of a camera that sends nothing says nothing of its view.
    if (state === 'live' && view !== undefined) say({ ...about, state: view.kind, message: view.message });
  }
}
