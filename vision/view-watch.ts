// How a camera's view is: free, or covered, moved, blinded …; and whether what it shows is unusual. Looks at the gates'
// small picture, at most twice a second, and tells the journal what changed.

import type { Clock, Millis, Timer } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import { type TamperState, TamperWatch } from './anomaly/tamper-watch.ts';
import { UnusualScene } from './anomaly/unusual-scene.ts';
import type { WorkingPicture } from './anomaly/working-picture.ts';
import { Occasional } from './camera/occasional.ts';
import type { ViewMemory } from './view-memory.ts';

/** How unusual what a camera shows is. */
export interface SceneState {
  /** 0 usual, 1 never seen the like. */
  likelihood: number;
  unusual: boolean;
  /** Too little was seen of this light so far. */
  learning: boolean;
}

export interface ViewWatchOptions {
  camera: string;
  pace: 'video' | 'stills';
  /** Watch for what disturbs the view, and for unusual scenes. */
  tamper: boolean;
  unusual: boolean;
  clock: Clock;
  journal: Journal;
  /** Where what was learned is kept; default: nowhere. */
  memory?: ViewMemory | undefined;
  /** The view's state changed. */
  onChange: () => void;
}

/** Looking takes 2 to 3 ms: twice a second is 0.5 % of a core, and soon enough. */
const LOOK_EVERY: Millis = 500;
const UNUSUAL_EVERY: Millis = 300_000;
/** What was learned is written so often: 300 kB a camera, which flash bears. */
const KEEP_EVERY: Millis = 6 * 3_600_000;

export class ViewWatch {
  readonly #options: ViewWatchOptions;
  readonly #watch: TamperWatch | undefined;
  readonly #scenes: UnusualScene | undefined;
  readonly #unusualNews: Occasional<number>;
  #tamper: TamperState | undefined;
  #scene: SceneState | undefined;
  #lookedAt: Millis | undefined;
  readonly #keeping: Timer | undefined;

  constructor(options: ViewWatchOptions) {
    const { camera, pace, tamper, unusual, clock, journal, memory } = options;
    this.#options = options;
    const reference = tamper ? memory?.load(`${camera}.view`) : undefined;
    this.#watch = tamper ? new TamperWatch({ pace, ...(reference !== undefined && { reference }) }) : undefined;
    this.#scenes = unusual ? new UnusualScene(memory?.load(`${camera}.scene`)) : undefined;
    this.#keeping = memory && clock.every(KEEP_EVERY, () => this.#keep());
    this.#unusualNews = new Occasional<number>(clock, UNUSUAL_EVERY, (likelihood, others) =>
      journal.record({
        severity: 'info',
        kind: 'camera.unusual',
        subject: `camera/${camera}`,
        message: `Camera ${camera} shows something unusual${others > 0 ? ` (and ${others} times more)` : ''}`,
        data: { likelihood },
      }),
    );
  }

  get tamper(): TamperState | undefined {
    return this.#tamper;
  }

  get scene(): SceneState | undefined {
    return this.#scene;
  }

  /** Whether the next picture at `now` is looked at: only then is it worth having. */
  isDue(now: Millis): boolean {
    if (this.#watch === undefined && this.#scenes === undefined) return false;
    return this.#lookedAt === undefined || now - this.#lookedAt >= LOOK_EVERY;
  }

  look(pixels: WorkingPicture, now: Millis, wall: number): void {
    if (!this.isDue(now)) return;
    this.#lookedAt = now;
    const before = this.#tamper;
    this.#tamper = this.#watch?.look({ pixels, now, wall });
    if (this.#tamper !== undefined && before?.kind !== this.#tamper.kind) this.#onKind(this.#tamper, before);
    // What a disturbed view shows is nothing to learn.
    if (this.#tamper === undefined || this.#tamper.kind === 'clear') this.#lookForUnusual(pixels, now);
  }

  /** The present view is the usual one from now on: the camera was moved on purpose. */
  accept(wall: number): void {
    this.#watch?.acceptAsReference(wall);
    this.#scenes?.forget();
  }

  /** The camera ends. */
  close(): void {
    this.#unusualNews.flush();
    this.#keeping?.cancel();
    this.#keep();
  }

  #keep(): void {
    const { camera, memory } = this.#options;
    // Nothing was looked at: what is kept is all there is.
    if (memory === undefined || this.#lookedAt === undefined) return;
    const reference = this.#watch?.packed();
    if (reference !== undefined) memory.save(`${camera}.view`, reference);
    if (this.#scenes !== undefined) memory.save(`${camera}.scene`, this.#scenes.packed());
  }

  #onKind(state: TamperState, before: TamperState | undefined): void {
    const { camera, journal, onChange } = this.#options;
    const { kind, confidence, evidence, message } = state;
    const subject = `camera/${camera}`;
    if (kind !== 'clear') {
      const text = `Camera ${camera}: ${message}`;
      journal.record({
        severity: 'warning',
        kind: 'camera.tampered',
        subject,
        message: text,
        data: { is: kind, confidence, evidence },
      });
    } else if (before !== undefined) {
      const text = `Camera ${camera} has a clear view again; it was ${inWords(before.kind)}`;
      journal.record({
        severity: 'info',
        kind: 'camera.view-clear',
        subject,
        message: text,
        data: { was: before.kind },
      });
    }
    // A camera that was turned elsewhere for good sees another scene.
    if (before?.kind === 'moved') this.#scenes?.forget();
    onChange();
  }

  #lookForUnusual(pixels: WorkingPicture, now: Millis): void {
    if (this.#scenes === undefined) return;
    const was = this.#scene?.unusual ?? false;
    const { likelihood, unusual, learning } = this.#scenes.look({ pixels, now });
    this.#scene = { likelihood, unusual, learning };
    if (unusual === was) return;
    if (unusual) this.#unusualNews.offer('unusual', likelihood);
    this.#options.onChange();
  }
}

/** `signal-lost` as people say it. */
export const inWords = (kind: string): string => kind.replace('-', ' ');
