// A camera that streams JPEG pictures over HTTP.

import type { Clock, Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { openUrl, shown } from './http-get.ts';
import { HttpLogin } from './http-login.ts';
import { boundaryOf, MultipartParser } from './multipart.ts';

export class MjpegSource implements FrameSource {
  readonly kind = 'mjpeg';
  readonly pace = 'video';
  readonly stallAfter: Millis;
  readonly #url: URL;
  readonly #login = new HttpLogin();
  readonly #clock: Clock;
  /** Milliseconds between two pictures that are looked at; the camera may send more. */
  readonly #period: Millis;

  constructor(options: { url: URL; framesPerSecond: number; clock: Clock; stallAfter?: Millis }) {
    this.#url = options.url;
    this.#clock = options.clock;
    this.#period = 1000 / options.framesPerSecond;
    this.stallAfter = options.stallAfter ?? 10_000;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const response = await openUrl(this.#url, { accept: 'multipart/x-mixed-replace' }, signal, this.#login);
    const type = response.headers['content-type'] ?? 'nothing';
    const boundary = boundaryOf(type);
    if (boundary === undefined) {
      response.destroy();
      throw new ParlmeshError('STREAM_INVALID', `${shown(this.#url)} sends ${type.slice(0, 80)}, not an MJPEG stream`, {
        hint: 'For a single picture, write the source without mjpeg+',
      });
    }
    const parser = new MultipartParser(boundary);
    let due = this.#clock.now();
    for await (const chunk of response) {
      // Only the newest picture of a chunk counts.
      const picture = parser.push(chunk).at(-1);
      if (picture === undefined) continue;
      sink.alive();
      const now = this.#clock.now();
      // A tenth of the period is let through early: cameras are not exact.
      if (now < due - this.#period / 10) continue;
      due = Math.max(now, due + this.#period);
      void sink.frame(picture);
    }
    throw new ParlmeshError('STREAM_ENDED', `${shown(this.#url)} ended the stream`);
  }
}
