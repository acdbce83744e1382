// The camera agent: drives one camera and tells a hung camera from one that has nothing to show.

import type { Clock, Millis } from '../../core/clock.ts';
import { Agent } from '../agent.ts';
import { onThisNode } from '../capabilities.ts';

/** What a camera says of itself. `waiting` and `lost` explain why no frames come; it goes on trying by itself. */
export type CameraStatus = { state: 'starting' } | { state: 'live' } | { state: 'waiting' | 'lost'; cause: string };

/** The camera as its agent sees it. `on…` return how to stop listening. */
export interface SupervisedCamera {
  /** Resolves when capture runs or the camera has said why it waits; rejects for what trying again cannot mend. */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  onFrame(listener: () => void): () => void;
  onStatus(listener: (status: CameraStatus) => void): () => void;
}

export interface CameraAgentOptions {
  id: string;
  camera: SupervisedCamera;
  /** The longest gap between two frames while the camera calls itself live. Infinity: a still source, never late. */
  frameGap: Millis;
  /** How long its start may take before it counts as hung. */
  startWithin: Millis;
  clock: Clock;
}

export class CameraAgent extends Agent {
  readonly #options: CameraAgentOptions;
  #explained = false;

  constructor(options: CameraAgentOptions) {
    const capabilities = [onThisNode('camera.capture'), onThisNode('camera.restart')];
    super({ id: options.id, kind: 'camera', version: '1', capabilities }, options.clock);
    this.#options = options;
  }

  /** Returns at once: a slow camera must not hold up the others. */
  protected async onStart(): Promise<void> {
    const { camera, startWithin } = this.#options;
    this.heartbeat(startWithin);
    this.scope.onClose(camera.onFrame(this.scope.guard(() => this.#onFrame())));
    this.scope.onClose(camera.onStatus(this.scope.guard((status: CameraStatus) => this.#onStatus(status))));
    this.scope.run(async (signal) => {
      await camera.start(signal);
      if (!this.#explained) this.heartbeat(this.#options.frameGap);
    });
  }

  protected override async onStop(): Promise<void> {
    await this.#options.camera.stop();
  }

  #onFrame(): void {
    this.#explained = false;
    this.heartbeat(this.#options.frameGap);
  }

  /** A camera that has explained itself owes no heartbeat until it is live again. */
  #onStatus(status: CameraStatus): void {
    this.#explained = status.state === 'waiting' || status.state === 'lost';
    this.heartbeat(this.#explained ? Number.POSITIVE_INFINITY : this.#options.frameGap);
  }
}
