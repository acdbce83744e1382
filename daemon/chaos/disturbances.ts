// What chaos changes of what the node sees and does: its wall clock, readings of sensors, pictures of cameras.
// While there is no disturbance all of it passes untouched; nothing here outlives the process.

import type { Clock, Millis } from '../../core/clock.ts';
import type { FrameSource } from '../../vision/camera/frame-source.ts';
import type { HardwareView } from '../view/schema.ts';
import { DisturbedSource, type PictureFault } from './disturbed-source.ts';

/** Changes a reading: what a sensor would say that this board lacks, or that cannot be heated on purpose. */
export type Overlay = (reading: HardwareView) => HardwareView;

export class Disturbances {
  /** The system's, whose wall clock can be set. */
  readonly clock: Clock;
  readonly overlays = new Set<Overlay>();
  readonly #pictures = new Map<string, PictureFault>();
  readonly #onPicture = new Set<() => void>();
  #wallOffset: Millis = 0;

  constructor(clock: Clock) {
    this.clock = {
      now: () => clock.now(),
      wall: () => clock.wall() + this.#wallOffset,
      after: (wait, run) => clock.after(wait, run),
      every: (period, run) => clock.every(period, run),
    };
  }

  /** Moves the wall clock as setting it would. */
  setClock(by: Millis): void {
    this.#wallOffset += by;
  }

  overlaid(reading: HardwareView): HardwareView {
    let seen = reading;
    for (const overlay of this.overlays) seen = overlay(seen);
    return seen;
  }

  /** @param fault undefined: its pictures come as they are again */
  disturbCamera(camera: string, fault: PictureFault | undefined): void {
    if (fault === undefined) this.#pictures.delete(camera);
    else this.#pictures.set(camera, fault);
    for (const listener of this.#onPicture) listener();
  }

  pictureFault(camera: string): PictureFault | undefined {
    return this.#pictures.get(camera);
  }

  source(camera: string, source: FrameSource): FrameSource {
    return new DisturbedSource(source, {
      fault: () => this.pictureFault(camera),
      onFault: (listener) => {
        this.#onPicture.add(listener);
        return () => void this.#onPicture.delete(listener);
      },
      // A camera that hangs works again once it was opened anew.
      reopened: () => {
        if (this.pictureFault(camera)?.kind === 'frozen') this.disturbCamera(camera, undefined);
      },
    });
  }
}
