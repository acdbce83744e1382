// The detector for whoever asks with a single picture: a task, another node. It is opened when somebody asks, also where
// no camera needs it, and let go again after a while.

import type { Clock, Millis, Timer } from '../core/clock.ts';
import { ParlmeshError } from '../core/errors.ts';
import type { Detection } from './detection/detector.ts';
import type { SharedDetector } from './detection/shared-detector.ts';
import { preparePicture, toPicture } from './picture/prepare.ts';
import type { Turns } from './turns.ts';

export interface AskedDetectionOptions {
  shared: SharedDetector;
  turns: Turns;
  clock: Clock;
  /** Whether cameras keep the detector open. */
  neededByCameras: () => boolean;
}

/** Loading takes a second or more: it stays for the next question. */
const KEPT: Millis = 60_000;
/** Beside cameras of the usual priority. */
const WEIGHT = 3;

export class AskedDetection {
  readonly #options: AskedDetectionOptions;
  #asking = 0;
  #kept: Timer | undefined;

  constructor(options: AskedDetectionOptions) {
    this.#options = options;
  }

  /** Somebody asks, or asked a moment ago. */
  get inUse(): boolean {
    return this.#asking > 0 || this.#kept !== undefined;
  }

  /** Rejects with `DETECTOR_UNAVAILABLE`, `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
  async detect(bytes: Uint8Array, minConfidence: number): Promise<{ model: string; detections: Detection[] }> {
    const { shared, turns } = this.#options;
    this.#asking++;
    this.#kept?.cancel();
    this.#kept = undefined;
    try {
      await shared.open();
      const { current } = shared;
      if (current === undefined) {
        const cause = shared.state.kind === 'failed' ? shared.state.cause : 'no model is known';
        throw new ParlmeshError('DETECTOR_UNAVAILABLE', `No detector can run: ${cause}`);
      }
      const { detector, fit } = current;
      const { input, used } = await preparePicture(bytes, detector.inputSize, fit);
      const { detections } = await turns.take('asked', WEIGHT, () => detector.detect(input, minConfidence));
      return { model: detector.model, detections: toPicture(detections, used) };
    } finally {
      this.#asking--;
      if (this.#asking === 0) this.#keep();
    }
  }

  /** Nobody is kept waiting for; the detector itself is the owner's to close. */
  close(): void {
    this.#kept?.cancel();
    this.#kept = undefined;
  }

  #keep(): void {
    this.#kept = this.#options.clock.after(KEPT, () => {
      this.#kept = undefined;
      if (!this.#options.neededByCameras()) void this.#options.shared.close();
    });
  }
}
