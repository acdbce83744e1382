// Everything that ffmpeg reads: RTSP cameras, V4L2 devices, video files. One long-lived process, which hands over
// JPEG pictures in the same multipart form as an MJPEG camera.

import type { Clock, Millis } from '../../core/clock.ts';
import { type CaptureProgram, capture } from './capture-process.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { decodingOf, type HardwareDecoding, offersOf } from './hardware-decode.ts';
import { MultipartParser } from './multipart.ts';
import type { FfmpegInput } from './source.ts';

const BOUNDARY = 'parlmesh';

/** Whether hardware decodes this stream; once it failed, it is not tried again. */
type Decoding = { kind: 'unknown' } | { kind: 'hardware'; how: HardwareDecoding } | { kind: 'processor' };

export class FfmpegSource implements FrameSource {
  readonly kind = 'ffmpeg';
  readonly pace = 'video';
  readonly stallAfter: Millis;
  readonly #input: FfmpegInput;
  readonly #framesPerSecond: number;
  readonly #clock: Clock;
  readonly #program: string;
  #decoding: Decoding;

  constructor(options: { input: FfmpegInput; framesPerSecond: number; clock: Clock; program?: string }) {
    this.#input = options.input;
    this.#framesPerSecond = options.framesPerSecond;
    this.#clock = options.clock;
    this.#program = options.program ?? 'ffmpeg';
    this.#decoding = options.input.kind === 'device' ? { kind: 'processor' } : { kind: 'unknown' };
    this.stallAfter = 15_000 + 2_000 / options.framesPerSecond;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#decoding.kind === 'unknown') {
      const how = decodingOf(await offersOf(this.#program));
      this.#decoding = how === undefined ? { kind: 'processor' } : { kind: 'hardware', how };
    }
    if (this.#decoding.kind === 'hardware') {
      const { how } = this.#decoding;
      let delivered = false;
      try {
        await this.#capture(sink, signal, how, () => (delivered = true));
        return;
      } catch (error) {
        if (delivered || signal.aborted) throw error;
        // Another codec than the hardware's, or an address where nobody answers: the processor finds out which.
        this.#decoding = { kind: 'processor' };
      }
    }
    await this.#capture(sink, signal, undefined, () => {});
  }

  async #capture(
    sink: FrameSink,
    signal: AbortSignal,
    how: HardwareDecoding | undefined,
    onPicture: () => void,
  ): Promise<void> {
    const parser = new MultipartParser(BOUNDARY);
    const program: CaptureProgram = {
      program: this.#program,
      arguments: ffmpegArguments(this.#input, this.#framesPerSecond, how),
      ended: 'FFMPEG_ENDED',
      missing: 'FFMPEG_MISSING',
      hint: 'Install ffmpeg (apt install ffmpeg)',
    };
    const take = (chunk: Buffer): void => {
      const picture = parser.push(chunk).at(-1);
      if (picture === undefined) return;
      onPicture();
      void sink.frame(picture);
    };
    await capture(program, take, this.#clock, signal);
  }
}

/** What ffmpeg is asked to do: read the input for ever, thin it out, write JPEG pictures to its standard output. */
export function ffmpegArguments(input: FfmpegInput, framesPerSecond: number, decoding?: HardwareDecoding): string[] {
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error'],
    ...(decoding?.arguments ?? []),
    ...inputArguments(input),
    ...['-an', '-sn', '-dn', '-vf', `fps=${framesPerSecond}`],
    ...['-c:v', 'mjpeg', '-q:v', '4', '-pix_fmt', 'yuvj420p', '-threads', '1'],
    ...['-f', 'mpjpeg', '-boundary_tag', BOUNDARY, '-flush_packets', '1', 'pipe:1'],
  ];
}

function inputArguments(input: FfmpegInput): string[] {
  switch (input.kind) {
    case 'rtsp':
      return ['-rtsp_transport', 'tcp', '-timeout', '10000000', '-i', input.url.href];
    case 'device':
      return ['-f', 'v4l2', '-i', input.path];
    case 'file':
      return ['-re', '-stream_loop', '-1', '-i', `file:${input.path}`];
  }
}
