// The newest observation's picture of each camera: fetched when something appears, at most one in a while for each
// camera, the newest wins.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { View } from '../view/view.ts';

/** At most one picture a camera in this time. */
const PAUSE: Millis = 5_000;
/** Larger pictures are not sent: brokers and Home Assistant keep them in memory. */
const MAX_BYTES = 512_000;

export interface PicturesOptions {
  view: View;
  clock: Clock;
  logger: Logger;
  /** A camera's newest picture, or undefined when it has none. */
  onPicture: (camera: string, picture: Uint8Array | undefined) => void;
}

interface Waiting {
  observation: string | undefined;
  timer: Timer | undefined;
}

export class Pictures {
  readonly #options: PicturesOptions;
  readonly #cameras = new Map<string, Waiting>();
  #stopped = false;

  constructor(options: PicturesOptions) {
    this.#options = options;
  }

  /** Fetches the picture of the last observation in the store. Resolves when it was handed on; never rejects. */
  async restore(camera: string): Promise<void> {
    await this.#fetch(camera, undefined);
  }

  /** Something was seen; its picture follows at once or after the pause. */
  observed(camera: string, observation: string): void {
    const waiting = this.#cameras.get(camera);
    if (waiting !== undefined) {
      waiting.observation = observation;
      return;
    }
    const entry: Waiting = { observation: undefined, timer: undefined };
    this.#cameras.set(camera, entry);
    entry.timer = this.#options.clock.after(PAUSE, () => {
      this.#cameras.delete(camera);
      if (entry.observation !== undefined) this.observed(camera, entry.observation);
    });
    void this.#fetch(camera, observation);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#cameras.values()) timer?.cancel();
    this.#cameras.clear();
  }

  /** @param observation the one to show, or undefined for the last in the store */
  async #fetch(camera: string, observation: string | undefined): Promise<void> {
    const { view, logger, onPicture } = this.#options;
    const restoring = observation === undefined;
    let picture: Uint8Array | undefined;
    try {
      const id = observation ?? view.observations({ camera, limit: 1 })[0]?.id;
      const stored = id === undefined ? undefined : await view.observationPicture(id);
      // What began just now may not have its picture stored yet; the camera's newest frame shows the same.
      const snapshot = stored ?? (restoring ? undefined : await view.cameraPicture(camera));
      if (snapshot !== undefined && snapshot.picture.length <= MAX_BYTES) picture = snapshot.picture;
    } catch (thrown) {
      logger.debug({ camera, observation, cause: messageOf(thrown) }, 'no picture for MQTT');
    }
    // A restored picture is older than one that was observed meanwhile.
    if (this.#stopped || (restoring && this.#cameras.has(camera))) return;
    if (picture !== undefined || restoring) onPicture(camera, picture);
  }
}
