// A camera that gives one picture for each HTTP request. Asks only for what changed.

import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { MOST_BYTES } from '../picture/decode.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { openUrl, readBody } from './http-get.ts';
import { HttpLogin } from './http-login.ts';

export class StillSource implements FrameSource {
  readonly kind = 'still';
  readonly pace = 'stills';
  readonly stallAfter: Millis;
  readonly #url: URL;
  readonly #login = new HttpLogin();
  readonly #clock: Clock;
  readonly #period: Millis;

  constructor(options: { url: URL; framesPerSecond: number; clock: Clock }) {
    this.#url = options.url;
    this.#clock = options.clock;
    this.#period = 1000 / options.framesPerSecond;
    this.stallAfter = this.#period + 20_000;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    let known: Record<string, string> = {};
    for (;;) {
      const started = this.#clock.now();
      const response = await openUrl(this.#url, { accept: 'image/*', ...known }, signal, this.#login);
      const picture = await readBody(response, MOST_BYTES);
      if (response.statusCode === 200) {
        known = validators(response.headers);
        await sink.frame(picture);
      }
      sink.alive();
      await delay(this.#clock, Math.max(0, started + this.#period - this.#clock.now()), signal);
    }
  }
}

/** What makes the next request conditional. */
function validators(headers: { etag?: string; 'last-modified'?: string }): Record<string, string> {
  const { etag, 'last-modified': modified } = headers;
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(modified === undefined ? {} : { 'if-modified-since': modified }),
  };
}
