// A source that is open only in its hours: outside of them its process and its connections are closed, and the camera
// says until when.

import { type Clock, delay, type Millis } from '../../core/clock.ts';
import type { ScheduleEntry } from '../config.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';
import { isOn, nextChange, shownTime } from './schedule.ts';

/** The wall clock may be set meanwhile: it is looked at again after this. */
const LOOK_AGAIN: Millis = 30_000;

export class ScheduledSource implements FrameSource {
  readonly #source: FrameSource;
  readonly #schedule: readonly ScheduleEntry[];
  readonly #clock: Clock;

  constructor(source: FrameSource, schedule: readonly ScheduleEntry[], clock: Clock) {
    this.#source = source;
    this.#schedule = schedule;
    this.#clock = clock;
  }

  get kind(): FrameSource['kind'] {
    return this.#source.kind;
  }

  get pace(): FrameSource['pace'] {
    return this.#source.pace;
  }

  /** Silence is normal while it is off. */
  get stallAfter(): Millis | undefined {
    return this.#isOn() ? this.#source.stallAfter : undefined;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#isOn()) await this.#runWhileOn(sink, signal);
      signal.throwIfAborted();
      const change = nextChange(this.#schedule, this.#clock.wall());
      sink.waiting(`off by its schedule${change === undefined ? '' : ` until ${shownTime(change)}`}`);
      // Without `alive` a timer of the hours before would still run.
      sink.alive();
      await this.#untilChange(signal);
      sink.alive();
    }
  }

  async #runWhileOn(sink: FrameSink, signal: AbortSignal): Promise<void> {
    const hours = new AbortController();
    const over = this.#untilChange(AbortSignal.any([signal, hours.signal])).then(
      () => hours.abort(),
      () => {},
    );
    try {
      await this.#source.run(sink, AbortSignal.any([signal, hours.signal]));
    } catch (error) {
      // Ended because the hours are over; a loss within them is the camera's.
      if (!hours.signal.aborted || signal.aborted) throw error;
    } finally {
      hours.abort();
      await over;
    }
  }

  /** Resolves when the schedule says otherwise than now. */
  async #untilChange(signal: AbortSignal): Promise<void> {
    const now = this.#isOn();
    while (this.#isOn() === now) {
      const change = nextChange(this.#schedule, this.#clock.wall());
      const left = change === undefined ? LOOK_AGAIN : change - this.#clock.wall();
      await delay(this.#clock, Math.min(LOOK_AGAIN, Math.max(1, left)), signal);
    }
  }

  #isOn(): boolean {
    return isOn(this.#schedule, this.#clock.wall());
  }
}
