// Everything that ffmpeg reads: RTSP cameras, V4L2 devices, video files. One long-lived process, which hands over
// JPEG pictures in the same multipart form as an MJPEG camera.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { MultipartParser } from './multipart.ts';
import { type FfmpegInput, redactUrls } from './source.ts';

const BOUNDARY = 'parlmesh';
/** Bytes of ffmpeg's last words that are kept for the cause. */
const TAIL_BYTES = 2_000;
/** Milliseconds that ffmpeg has to end by itself before it is killed. */
const KILL_AFTER = 2_000;

type Ffmpeg = ChildProcessByStdio<null, Readable, Readable>;

export class FfmpegSource implements FrameSource {
  readonly kind = 'ffmpeg';
  readonly pace = 'video';
  readonly stallAfter: Millis;
  readonly #input: FfmpegInput;
  readonly #framesPerSecond: number;
  readonly #clock: Clock;
  readonly #program: string;

  constructor(options: { input: FfmpegInput; framesPerSecond: number; clock: Clock; program?: string }) {
    this.#input = options.input;
    this.#framesPerSecond = options.framesPerSecond;
    this.#clock = options.clock;
    this.#program = options.program ?? 'ffmpeg';
    this.stallAfter = 15_000 + 2_000 / options.framesPerSecond;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const process = spawn(this.#program, ffmpegArguments(this.#input, this.#framesPerSecond), {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group, so that helpers it may start end with it.
      detached: true,
    });
    const ended = endOf(process, this.#program);
    const stop = (): void => this.#end(process);
    signal.addEventListener('abort', stop, { once: true });
    let tail = '';
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL_BYTES);
    });
    try {
      const parser = new MultipartParser(BOUNDARY);
      for await (const chunk of process.stdout) {
        const picture = parser.push(chunk).at(-1);
        if (picture !== undefined) void sink.frame(picture);
      }
      const how = await ended;
      if (signal.aborted) return;
      throw new ParlmeshError('FFMPEG_ENDED', `ffmpeg ended ${how}${lastWords(tail)}`);
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
      await ended.catch(() => {});
    }
  }

  #end(process: Ffmpeg): void {
    const { pid } = process;
    if (pid === undefined || process.exitCode !== null || process.signalCode !== null) return;
    killGroup(pid, 'SIGTERM');
    const timer = this.#clock.after(KILL_AFTER, () => killGroup(pid, 'SIGKILL'));
    process.once('exit', () => timer.cancel());
  }
}

/** What ffmpeg is asked to do: read the input for ever, thin it out, write JPEG pictures to its standard output. */
export function ffmpegArguments(input: FfmpegInput, framesPerSecond: number): string[] {
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error'],
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

/** Resolves with how the process ended; rejects when it could not be started. */
function endOf(process: Ffmpeg, program: string): Promise<string> {
  const ended = new Promise<string>((resolve, reject) => {
    process.once('error', (error) =>
      reject(
        new ParlmeshError('FFMPEG_MISSING', `${program} cannot be started: ${messageOf(error)}`, {
          cause: error,
          hint: 'Install ffmpeg (apt install ffmpeg)',
        }),
      ),
    );
    process.once('close', (code, signal) => resolve(signal === null ? `with code ${code}` : `by ${signal}`));
  });
  // Awaited later; meanwhile a failure to start is not an unhandled one.
  ended.catch(() => {});
  return ended;
}

/**
 * ffmpeg's own reason, in the same words for the same reason: without the addresses in memory that it puts before them,
 * and without what it says after every failure.
 */
export function lastWords(tail: string): string {
  const reason = redactUrls(tail)
    .split('\n')
    .map((line) => line.replace(/^(\[[^\]]* @ 0x[0-9a-f]+\] *)+/i, '').replace(/^Error opening input( files?)?: /, ''))
    .map((line) => line.replace(/ ?@? ?\b0x[0-9a-f]+/gi, '').trim())
    .findLast((line) => line !== '' && !/^(Error opening input file .*|Conversion failed!|Exiting .*)$/.test(line));
  return reason === undefined ? '' : ` (${reason.slice(-300)})`;
}

function killGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}
