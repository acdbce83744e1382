// The test camera: a drawn scene that moves, with things that detectors recognise and text to read. For trying out
// and for tests; needs no hardware.

import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { loadSharp } from '../picture/decode.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { sceneSvg } from './rendered-scenes.ts';
import type { SceneName } from './source.ts';

export interface RenderedSourceOptions {
  scene: SceneName;
  seed: number;
  /** Shown in the picture. */
  name: string;
  framesPerSecond: number;
  clock: Clock;
}

export class RenderedSource implements FrameSource {
  readonly kind = 'rendered';
  readonly pace = 'video';
  readonly stallAfter: Millis = 30_000;
  readonly #options: RenderedSourceOptions;

  constructor(options: RenderedSourceOptions) {
    this.#options = options;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const { clock, framesPerSecond, scene, seed, name } = this.#options;
    const sharp = await loadSharp();
    const began = clock.now();
    while (!signal.aborted) {
      const started = clock.now();
      const moment = { elapsed: (started - began) / 1000, wall: clock.wall() };
      const svg = Buffer.from(sceneSvg(scene, seed, name, moment));
      void sink.frame(await sharp(svg).jpeg({ quality: 85 }).toBuffer());
      await delay(clock, Math.max(0, started + 1000 / framesPerSecond - clock.now()), signal);
    }
  }
}
