// A source that is closed while its board rests: its process and its connections end, and the camera says why it waits.

import type { Millis } from '../../core/clock.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';

export interface Rest {
  readonly isResting: boolean;
  /** Calls `listener` after each change; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

export class RestingSource implements FrameSource {
  readonly kind: FrameSource['kind'];
  readonly pace: FrameSource['pace'];
  readonly #source: FrameSource;
  readonly #rest: Rest;

  constructor(source: FrameSource, rest: Rest) {
    this.kind = source.kind;
    this.pace = source.pace;
    this.#source = source;
    this.#rest = rest;
  }

  /** Silence is normal while the board rests. */
  get stallAfter(): Millis | undefined {
    return this.#rest.isResting ? undefined : this.#source.stallAfter;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#rest.isResting) {
        sink.waiting('off while the board rests');
        // Without `alive` a timer of the time before would still run.
        sink.alive();
        await this.#until(false, signal);
        sink.alive();
      }
      if (!(await this.#runWhileAwake(sink, signal))) return;
    }
  }

  /** False: it came to an end of its own. */
  async #runWhileAwake(sink: FrameSink, signal: AbortSignal): Promise<boolean> {
    const rests = new AbortController();
    const either = AbortSignal.any([signal, rests.signal]);
    const over = this.#until(true, either).then(
      () => rests.abort(),
      () => {},
    );
    let last: Promise<void> | undefined;
    const frame: FrameSink['frame'] = (bytes, name) => {
      last = sink.frame(bytes, name);
      return last;
    };
    let hasEnded = true;
    try {
      await this.#source.run({ ...sink, frame }, either);
    } catch (error) {
      // Ended because the board rests; a loss before that is the camera's.
      if (!rests.signal.aborted || signal.aborted) throw error;
    } finally {
      hasEnded = !rests.signal.aborted;
      rests.abort();
      await over;
    }
    // A picture that is looked at later would make a camera that rests look live.
    await last;
    return !hasEnded;
  }

  /** Resolves once the board rests, or does not any more. */
  #until(isResting: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => (): void => {
        forget();
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const onAbort = settle(() => reject(signal.reason));
      const look = (): void => {
        if (this.#rest.isResting === isResting) settle(resolve)();
      };
      const forget = this.#rest.onChange(look);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else look();
    });
  }
}
