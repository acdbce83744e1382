// A Raspberry Pi's own camera, through the program that comes with its system: `rpicam-vid`, or `libcamera-vid` as it
// was called before. It hands over JPEG pictures, which the board's own hardware encodes where it has some.

import type { Clock, Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { capture } from './capture-process.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { JpegSplitter } from './jpeg-splitter.ts';
import type { RpicamInput } from './source.ts';

/** Newest name first. */
const PROGRAMS = ['rpicam-vid', 'libcamera-vid'];

export class RpicamSource implements FrameSource {
  readonly kind = 'libcamera';
  readonly pace = 'video';
  readonly stallAfter: Millis;
  readonly #input: RpicamInput;
  readonly #framesPerSecond: number;
  readonly #clock: Clock;
  readonly #programs: readonly string[];

  constructor(options: { input: RpicamInput; framesPerSecond: number; clock: Clock; programs?: readonly string[] }) {
    this.#input = options.input;
    this.#framesPerSecond = options.framesPerSecond;
    this.#clock = options.clock;
    this.#programs = options.programs ?? PROGRAMS;
    // A sensor takes some seconds to start.
    this.stallAfter = 15_000 + 2_000 / options.framesPerSecond;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    let missing: unknown;
    for (const program of this.#programs) {
      try {
        return await this.#capture(program, sink, signal);
      } catch (error) {
        if (!(error instanceof ParlmeshError) || error.code !== 'RPICAM_MISSING') throw error;
        missing ??= error;
      }
    }
    throw missing;
  }

  #capture(program: string, sink: FrameSink, signal: AbortSignal): Promise<void> {
    const splitter = new JpegSplitter();
    const take = (chunk: Buffer): void => {
      const picture = splitter.push(chunk).at(-1);
      if (picture !== undefined) void sink.frame(picture);
    };
    return capture(
      {
        program,
        arguments: rpicamArguments(this.#input, this.#framesPerSecond),
        ended: 'RPICAM_ENDED',
        missing: 'RPICAM_MISSING',
        hint: 'Install rpicam-apps (apt install rpicam-apps); it comes with Raspberry Pi OS',
      },
      take,
      this.#clock,
      signal,
    );
  }
}

/** For ever, without a window, a picture at once when it is there. */
export function rpicamArguments({ camera, width, height }: RpicamInput, framesPerSecond: number): string[] {
  return [
    ...['--nopreview', '--timeout', '0', '--verbose', '0', '--flush'],
    ...['--camera', String(camera), '--width', String(width), '--height', String(height)],
    // Sensors do not run slower than this; what is more than asked for is left out by the pipeline.
    ...['--framerate', String(Math.max(1, framesPerSecond))],
    ...['--codec', 'mjpeg', '--quality', '85', '--output', '-'],
  ];
}
