// The one detector that all cameras share: found by its model's id, and looked for again while there is none.

import { backoff } from '../../core/backoff.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { causeOf } from '../cause.ts';
import type { Fit } from '../picture/prepare.ts';
import type { Detector } from './detector.ts';
import { findModel, type Model } from './model-file.ts';
import { type DetectorState, OnnxDetector } from './onnx-detector.ts';

export interface SharedDetectorOptions {
  /** The model's id. */
  id: string;
  /** Folders with a `manifest.json`; of two models with one id the earlier folder's counts. */
  modelsDirs: readonly string[];
  /** Threads of one inference. */
  threads: number;
  clock: Clock;
  random: Random;
  onState: (state: DetectorState) => void;
}

const RETRY = { first: 1_000, most: 300_000 };

export class SharedDetector {
  readonly #options: SharedDetectorOptions;
  #id: string;
  #state: DetectorState = { kind: 'closed' };
  #wanted = false;
  #open: { model: Model; detector: OnnxDetector } | undefined;
  #looking: Promise<void> | undefined;
  #retry: Timer | undefined;
  #attempts = 0;

  constructor(options: SharedDetectorOptions) {
    this.#options = options;
    this.#id = options.id;
  }

  /** The model's id. */
  get id(): string {
    return this.#id;
  }

  /** Another model from now on. Resolves when it was looked for. */
  async use(id: string): Promise<void> {
    this.#id = id;
    this.#retry?.cancel();
    this.#attempts = 0;
    await this.#looking;
    if (this.#wanted) await this.#look();
  }

  get state(): DetectorState {
    return this.#state;
  }

  /** The detector and how pictures fit into it; undefined while its model is not known. */
  get current(): { detector: Detector; fit: Fit } | undefined {
    return this.#open && { detector: this.#open.detector, fit: this.#open.model.manifest.input.fit };
  }

  /** Resolves when the model was looked for; it loads in the background. Never rejects: what goes wrong is the state. */
  async open(): Promise<void> {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#attempts = 0;
    await this.#look();
  }

  async close(): Promise<void> {
    this.#wanted = false;
    this.#retry?.cancel();
    await this.#looking;
    const open = this.#open;
    this.#open = undefined;
    await open?.detector.close();
    this.#state = { kind: 'closed' };
  }

  #look(): Promise<void> {
    this.#looking ??= this.#find().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #find(): Promise<void> {
    const { modelsDirs, threads, clock, random } = this.#options;
    try {
      const model = await findModel(modelsDirs, this.#id);
      if (!this.#wanted || JSON.stringify(model) === JSON.stringify(this.#open?.model)) return;
      const old = this.#open?.detector;
      const detector = new OnnxDetector({
        ...{ model, threads, clock, random },
        onState: (state) => this.#onState(detector, state),
      });
      this.#open = { model, detector };
      await old?.close();
      detector.open();
    } catch (error) {
      // One that is open tries again by itself.
      if (!this.#wanted || this.#open !== undefined) return;
      const code = error instanceof ParlmeshError ? error.code : 'MODEL_UNKNOWN';
      this.#enter({ kind: 'failed', code, cause: causeOf(error) });
      this.#retry = clock.after(backoff(this.#attempts++, RETRY, random), () => void this.#look());
    }
  }

  #onState(detector: OnnxDetector, state: DetectorState): void {
    if (detector !== this.#open?.detector) return;
    this.#enter(state);
    // What is wrong with a model may have been put right in its manifest.
    if (state.kind === 'failed' && state.code.startsWith('MODEL_')) void this.#look();
  }

  #enter(state: DetectorState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
