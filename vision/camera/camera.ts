// A camera: a source kept alive. Reconnects for ever with back-off, notices silence, hands the newest picture to the
// one who looks at it, counts, and says how it is and why.

import { backoff } from '../../core/backoff.ts';
import { type Clock, delay, type Millis, type Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { type CameraEvent, type CameraState, nextState } from './health.ts';
import { Occasional } from './occasional.ts';
import { redactUrls } from './source.ts';

export interface Frame {
  /** A picture file: JPEG in most cases. */
  bytes: Uint8Array;
  /** Wall-clock milliseconds of its arrival. */
  at: number;
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
/** At most one journal entry about broken pictures in this time. */
const BROKEN_ENTRY_EVERY: Millis = 60_000;

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
  #stall: { timer: Timer; fail: (cause: string) => void } | undefined;
  readonly #brokenEntries: Occasional;

  constructor(options: CameraOptions) {
    this.name = options.name;
    this.#options = options;
    this.#state = { kind: 'stopped', since: options.clock.wall() };
    this.#brokenEntries = new Occasional(options.clock, BROKEN_ENTRY_EVERY);
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

  async stop(): Promise<void> {
    this.#abort?.abort(new ParlmeshError('CAMERA_STOPPED', `Camera ${this.name} is stopped`));
    await this.#loop;
    this.#abort = undefined;
    this.#enter({ kind: 'stopped' });
  }

  async #keepAlive(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const opened = this.#options.clock.now();
      const cause = await this.#runOnce(signal);
      // What came before the loss is told before it.
      await this.#looking;
      if (signal.aborted) return;
      if (this.#lastReadable - opened > GOOD_AFTER) attempt = 0;
      this.#enter({ kind: 'lost', cause });
      await delay(this.#options.clock, backoff(attempt, RECONNECT, this.#options.random), signal).catch(() => {});
    }
  }

  /** One life of the source; resolves with the cause of its end. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    const stalled = new AbortController();
    this.#lastReadable = this.#options.clock.now();
    this.#watchForStall((cause) => stalled.abort(cause));
    try {
      await this.#options.source.run(this.#sink(), AbortSignal.any([signal, stalled.signal]));
      return stalled.signal.aborted ? String(stalled.signal.reason) : 'the source ended';
    } catch (error) {
      return stalled.signal.aborted ? String(stalled.signal.reason) : redactUrls(messageOf(error));
    } finally {
      this.#stall?.timer.cancel();
      this.#stall = undefined;
    }
  }

  #sink(): FrameSink {
    return {
      frame: (bytes) => {
        this.#watchForStall();
        return this.#offer({ bytes, at: this.#options.clock.wall() });
      },
      alive: () => this.#watchForStall(),
      waiting: (cause) => this.#enter({ kind: 'waiting', cause }),
      broken: (cause) => this.#onBroken(cause),
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
      try {
        await this.#options.consumer(frame);
        this.#onReadable();
      } catch (error) {
        this.#onBroken(messageOf(error));
      }
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

  #onBroken(cause: string): void {
    if (this.#abort?.signal.aborted !== false) return;
    this.#broken++;
    this.#enter({ kind: 'unreadable', cause });
    this.#brokenEntries.run((missed) =>
      this.#options.journal.record({
        severity: 'warning',
        kind: 'camera.picture-broken',
        subject: `camera/${this.name}`,
        message: `Camera ${this.name} sent something that is not shown: ${cause}${missed > 0 ? ` (and ${missed} more like it)` : ''}`,
        data: { broken: this.#broken },
      }),
    );
    const { stallAfter } = this.#options.source;
    if (stallAfter !== undefined && this.#options.clock.now() - this.#lastReadable > stallAfter) {
      this.#stall?.fail(`no readable picture for ${Math.round(stallAfter / 1000)} s: ${cause}`);
    }
  }

  /** Starts the silence timer anew; with `fail`, for a new life of the source. */
  #watchForStall(fail = this.#stall?.fail): void {
    const { stallAfter } = this.#options.source;
    if (stallAfter === undefined || fail === undefined) return;
    this.#stall?.timer.cancel();
    const timer = this.#options.clock.after(stallAfter, () => fail(`no picture for ${stallAfter / 1000} s`));
    this.#stall = { timer, fail };
  }

  #enter(event: CameraEvent): void {
    const before = this.#state;
    this.#state = nextState(before, event, this.#options.clock.wall());
    if (this.#state !== before) this.#options.onState(this.#state, before);
  }
}
