// A camera: a source kept alive. Reconnects for ever with back-off, notices silence, hands the newest picture to the
// one who looks at it, counts, and says how it is and why.

import { backoff } from '../../core/backoff.ts';
import { type Clock, delay, type Millis, type Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import { causeOf } from '../cause.ts';
import { within } from '../deadline.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { type CameraEvent, type CameraState, nextState } from './health.ts';
import { Occasional } from './occasional.ts';
import { redactUrls } from './source.ts';

export interface Frame {
  /** A picture file: JPEG in most cases. */
  bytes: Uint8Array;
  /** Wall-clock milliseconds of its arrival. */
  at: number;
  /** Of its file, where it has one. */
  name?: string | undefined;
}

/** Looks at a frame; rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE` when it is no usable picture. */
export type FrameConsumer = (frame: Frame) => Promise<void>;

export interface CameraCounts {
  /** Pictures that came and could be read. */
  frames: number;
  /** Pictures that a newer one replaced before they were looked at. */
  skipped: number;
  /** Pictures that could not be read, or were over a limit. */
  broken: number;
  /** Of the last seconds. */
  framesPerSecond: number;
}

export interface CameraOptions {
  name: string;
  source: FrameSource;
  consumer: FrameConsumer;
  clock: Clock;
  random: Random;
  journal: Journal;
  /** Told of every change. */
  onState: (state: CameraState, before: CameraState) => void;
}

const RECONNECT = { first: 500, most: 30_000 };
/** A connection that delivered for this long counts as good: the next loss is retried at once again. */
const GOOD_AFTER: Millis = 10_000;
const RATE_WINDOW: Millis = 10_000;
/** At most one journal entry about pictures that are broken in the same way in this time. */
const BROKEN_ENTRY_EVERY: Millis = 60_000;
/** Looking at one picture takes seconds at most; with a detector that still loads, two minutes. */
const LOOK_WITHIN: Millis = 180_000;
/** Milliseconds that a source has to give everything back. */
const END_WITHIN: Millis = 5_000;

/** One run of the source. */
interface Life {
  /** Aborts when the source is to end. */
  signal: AbortSignal;
  /** Runs out when nothing is heard of it, and then when it does not end. */
  timer: Timer | undefined;
  /** Ends it as lost. */
  fail(cause: string): void;
}

export class Camera {
  readonly name: string;
  readonly #options: CameraOptions;
  #state: CameraState;
  #abort: AbortController | undefined;
  #loop: Promise<void> = Promise.resolve();
  #newest: { frame: Frame; settle: () => void } | undefined;
  /** The pictures that are being looked at, one after the other; undefined while none is. */
  #looking: Promise<void> | undefined;
  #frames = 0;
  #skipped = 0;
  #broken = 0;
  #arrivals: Millis[] = [];
  #lastReadable: Millis = 0;
  #life: Life | undefined;
  /** The picture that is being looked at takes too long. */
  #stuck = false;
  readonly #brokenNews: Occasional<string>;

  constructor(options: CameraOptions) {
    this.name = options.name;
    this.#options = options;
    this.#state = { kind: 'stopped', since: options.clock.wall() };
    this.#brokenNews = new Occasional(options.clock, BROKEN_ENTRY_EVERY, (cause, others) =>
      options.journal.record({
        severity: 'warning',
        kind: 'camera.picture-broken',
        subject: `camera/${this.name}`,
        message: `Camera ${this.name} sent something that is not shown: ${cause}${others > 0 ? ` (and ${others} more like it)` : ''}`,
        data: { broken: this.#broken },
      }),
    );
  }

  get state(): CameraState {
    return this.#state;
  }

  counts(): CameraCounts {
    const now = this.#options.clock.now();
    const recent = this.#arrivals.filter((at) => now - at <= RATE_WINDOW);
    const span = now - (recent[0] ?? now);
    return {
      frames: this.#frames,
      skipped: this.#skipped,
      broken: this.#broken,
      framesPerSecond: recent.length < 2 || span === 0 ? 0 : ((recent.length - 1) * 1000) / span,
    };
  }

  /** Begins; the first connection is made in the background. Does nothing when it runs. */
  start(): void {
    if (this.#abort !== undefined) return;
    this.#abort = new AbortController();
    this.#enter({ kind: 'started' });
    this.#loop = this.#keepAlive(this.#abort.signal);
  }

  /** Resolves when the source has given everything back, or is not waited for any longer because it hangs. */
  async stop(): Promise<void> {
    this.#abort?.abort(new ParlmeshError('CAMERA_STOPPED', `Camera ${this.name} is stopped`));
    await within(this.#options.clock, END_WITHIN, `stopping ${this.name}`, this.#loop).catch(() => {});
    this.#abort = undefined;
    this.#brokenNews.flush();
    this.#enter({ kind: 'stopped' });
  }

  async #keepAlive(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const opened = clock.now();
      const cause = await this.#runOnce(signal);
      // What came before the loss is told before it.
      if (this.#looking !== undefined && !this.#stuck) {
        await within(clock, LOOK_WITHIN, 'the last picture', this.#looking).catch(() => {});
      }
      if (signal.aborted) return;
      if (this.#lastReadable - opened > GOOD_AFTER) attempt = 0;
      this.#enter({ kind: 'lost', cause });
      await delay(clock, backoff(attempt, RECONNECT, random), signal).catch(() => {});
    }
  }

  /** One life of the source; resolves with the cause of its end. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    const stalled = new AbortController();
    const life: Life = {
      signal: AbortSignal.any([signal, stalled.signal]),
      timer: undefined,
      fail: (cause) => {
        if (life.signal.aborted) return;
        stalled.abort(cause);
        life.timer?.cancel();
        // Where it does not end, there is no new life, but everyone sees why.
        life.timer = this.#options.clock.after(END_WITHIN, () => {
          if (!signal.aborted) this.#enter({ kind: 'lost', cause });
        });
      },
    };
    this.#life = life;
    this.#lastReadable = this.#options.clock.now();
    this.#onHeard(life);
    try {
      await this.#options.source.run(this.#sink(life), life.signal);
      return stalled.signal.aborted ? String(stalled.signal.reason) : 'the source ended';
    } catch (error) {
      return stalled.signal.aborted ? String(stalled.signal.reason) : redactUrls(causeOf(error));
    } finally {
      life.timer?.cancel();
      if (this.#life === life) this.#life = undefined;
    }
  }

  /** What comes after the end of a life is not heard. */
  #sink(life: Life): FrameSink {
    const heard = (act: () => void): void => {
      if (!life.signal.aborted) act();
    };
    return {
      frame: async (bytes, name) => {
        if (life.signal.aborted) return;
        this.#onHeard(life);
        await this.#offer({ bytes, at: this.#options.clock.wall(), name });
      },
      alive: () => heard(() => this.#onHeard(life)),
      waiting: (cause) => heard(() => this.#enter({ kind: 'waiting', cause })),
      broken: (error) => heard(() => this.#onBroken(error)),
    };
  }

  /** Newest wins: a frame that still waits gives its place to a newer one. */
  #offer(frame: Frame): Promise<void> {
    return new Promise((settle) => {
      if (this.#newest !== undefined) {
        this.#skipped++;
        this.#newest.settle();
      }
      this.#newest = { frame, settle };
      this.#looking ??= this.#look();
    });
  }

  async #look(): Promise<void> {
    while (this.#newest !== undefined) {
      const { frame, settle } = this.#newest;
      this.#newest = undefined;
      const overdue = this.#options.clock.every(LOOK_WITHIN, () => {
        this.#stuck = true;
        this.#life?.fail(`looking at a picture takes longer than ${LOOK_WITHIN / 1000} s`);
      });
      try {
        await this.#options.consumer(frame);
        this.#onReadable();
      } catch (error) {
        this.#onBroken(error, frame.name);
      }
      overdue.cancel();
      this.#stuck = false;
      settle();
    }
    this.#looking = undefined;
  }

  #onReadable(): void {
    if (this.#abort?.signal.aborted !== false) return;
    const now = this.#options.clock.now();
    this.#frames++;
    this.#lastReadable = now;
    this.#arrivals.push(now);
    if (this.#arrivals.length > 300 || now - this.#arrivals[0]! > 2 * RATE_WINDOW) {
      this.#arrivals = this.#arrivals.filter((at) => now - at <= RATE_WINDOW).slice(-300);
    }
    this.#enter({ kind: 'picture' });
  }

  #onBroken(error: unknown, file?: string): void {
    if (this.#abort?.signal.aborted !== false) return;
    const cause = file === undefined ? causeOf(error) : `${file}: ${causeOf(error)}`;
    this.#broken++;
    this.#enter({ kind: 'unreadable', cause });
    this.#brokenNews.offer(error instanceof ParlmeshError ? error.code : 'other', cause);
    const { stallAfter } = this.#options.source;
    if (stallAfter !== undefined && this.#options.clock.now() - this.#lastReadable > stallAfter) {
      this.#life?.fail(`no readable picture for ${Math.round(stallAfter / 1000)} s: ${cause}`);
    }
  }

  /** Starts the silence timer anew. */
  #onHeard(life: Life): void {
    const { stallAfter } = this.#options.source;
    life.timer?.cancel();
    if (stallAfter === undefined) return;
    life.timer = this.#options.clock.after(stallAfter, () => life.fail(`no picture for ${stallAfter / 1000} s`));
  }

  #enter(event: CameraEvent): void {
    const before = this.#state;
    this.#state = nextState(before, event, this.#options.clock.wall());
    if (this.#state !== before) this.#options.onState(this.#state, before);
  }
}
