// A detector whose model runs in a thread of its own. This side owns that thread: one request at a time, a deadline
// for each, and a new thread after a crash, a hang or a model file that was put right.

import { type FSWatcher, watch } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { backoff } from '../../core/backoff.ts';
import { type Clock, delay, type Millis, type Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { DetectionResult, Detector, ModelInput } from './detector.ts';
import type { Model } from './model-file.ts';
import type { WorkerMessage, WorkerReply, WorkerSetup } from './worker-protocol.ts';

/** `loading -> ready`, and from both to `failed`; `failed -> loading` when the file changes or the wait is over. */
export type DetectorState =
  | { kind: 'closed' }
  | { kind: 'loading' }
  | { kind: 'ready' }
  | { kind: 'failed'; code: string; cause: string };

export interface OnnxDetectorOptions {
  model: Model;
  /** Threads of one inference. */
  threads: number;
  clock: Clock;
  random: Random;
  /** Told of every change of state. */
  onState?: (state: DetectorState) => void;
  /** Milliseconds one picture may take before the thread is replaced. */
  deadline?: Millis;
  /** Milliseconds the thread may take to load and warm up. */
  loadDeadline?: Millis;
}

interface Request {
  input: ModelInput;
  minConfidence: number;
  resolve(result: DetectionResult): void;
  reject(error: ParlmeshError): void;
}

/** Milliseconds that closing waits for the thread. */
const CLOSE_WITHIN: Millis = 10_000;
/** Threads that hang at once; with these, nothing more is tried: each keeps its memory, and none can be ended. */
const MOST_HUNG = 2;
const RETRY = { first: 1_000, most: 300_000 };

export class OnnxDetector implements Detector {
  readonly model: string;
  readonly inputSize: { width: number; height: number };
  readonly #options: Required<OnnxDetectorOptions>;
  #state: DetectorState = { kind: 'closed' };
  #worker: Worker | undefined;
  /** Waiting requests, first come first served: each camera has at most one, so no camera starves another. */
  readonly #waiting: Request[] = [];
  #running: { id: number; request: Request } | undefined;
  #requests = 0;
  #deadline: Timer | undefined;
  #retry: Timer | undefined;
  #attempts = 0;
  /** Threads that took too long and have not ended since. */
  readonly #hung = new Set<Worker>();
  #watcher: FSWatcher | undefined;

  constructor(options: OnnxDetectorOptions) {
    this.#options = { onState: () => {}, deadline: 30_000, loadDeadline: 120_000, ...options };
    this.model = options.model.manifest.id;
    const { width, height } = options.model.manifest.input;
    this.inputSize = { width, height };
  }

  get state(): DetectorState {
    return this.#state;
  }

  /** Starts loading; requests made meanwhile wait. Never rejects: what goes wrong is the state. */
  open(): void {
    if (this.#state.kind !== 'closed') return;
    try {
      this.#watcher = watch(this.#options.model.folder, () => this.#onModelFolderChange());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // A folder that cannot be watched is tried again by time alone.
    }
    this.#load();
  }

  /** Resolves when the thread has ended, or is not waited for any longer because it hangs. */
  async close(): Promise<void> {
    this.#watcher?.close();
    this.#retry?.cancel();
    const ended = this.#dismissWorker();
    this.#enter({ kind: 'closed' });
    this.#rejectAll(new ParlmeshError('DETECTOR_CLOSED', `Detector ${this.model} is closed`));
    await Promise.race([ended, delay(this.#options.clock, CLOSE_WITHIN)]);
  }

  detect(input: ModelInput, minConfidence: number): Promise<DetectionResult> {
    return new Promise((resolve, reject) => {
      if (this.#state.kind === 'failed') return reject(this.#unavailable(this.#state.cause));
      if (this.#state.kind === 'closed') return reject(this.#unavailable('it is not open'));
      this.#waiting.push({ input, minConfidence, resolve, reject });
      this.#next();
    });
  }

  #load(): void {
    // Read by the native library from the real environment, which only the main thread's process.env reaches.
    process.env.ORT_DISABLE_TELEMETRY = '1';
    this.#retry?.cancel();
    this.#enter({ kind: 'loading' });
    const setup: WorkerSetup = { model: this.#options.model, threads: this.#options.threads };
    const worker = new Worker(new URL('./detector-worker.ts', import.meta.url), { workerData: setup });
    this.#worker = worker;
    this.#deadline = this.#options.clock.after(this.#options.loadDeadline, () =>
      this.#fail('DETECTOR_HUNG', `loading took longer than ${this.#options.loadDeadline / 1000} s`),
    );
    worker.on('message', (reply: WorkerReply) => {
      if (worker === this.#worker) this.#onReply(reply);
    });
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#fail('DETECTOR_CRASHED', `its thread crashed: ${messageOf(error)}`);
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#fail('DETECTOR_CRASHED', `its thread ended with code ${code}`);
    });
  }

  #onReply(reply: WorkerReply): void {
    if (reply.kind === 'refused') {
      this.#fail(reply.code, reply.message);
      return;
    }
    this.#deadline?.cancel();
    if (reply.kind === 'ready') {
      this.#enter({ kind: 'ready' });
    } else if (this.#running?.id === reply.id) {
      const { request } = this.#running;
      this.#running = undefined;
      if (reply.kind === 'detected') {
        // Not when it is ready: a model can be refused by its first picture again and again.
        this.#attempts = 0;
        request.resolve({ detections: reply.detections, seconds: reply.seconds });
      } else
        request.reject(new ParlmeshError('DETECTION_FAILED', `${this.model} failed on a picture: ${reply.message}`));
    }
    this.#next();
  }

  #next(): void {
    if (this.#state.kind !== 'ready' || this.#running !== undefined) return;
    const request = this.#waiting.shift();
    if (request === undefined) return;
    const id = this.#requests++;
    const { pixels } = request.input;
    this.#running = { id, request };
    this.#deadline = this.#options.clock.after(this.#options.deadline, () =>
      this.#fail('DETECTOR_HUNG', `a picture took longer than ${this.#options.deadline / 1000} s`),
    );
    const message: WorkerMessage = { kind: 'detect', id, pixels, minConfidence: request.minConfidence };
    // Copied: sharp's memory cannot move to another thread.
    this.#worker?.postMessage(message);
  }

  /** Gives the thread up, tells whoever waits, and tries again later. */
  #fail(code: string, cause: string): void {
    if (code === 'DETECTOR_HUNG' && this.#worker !== undefined) this.#countHung(this.#worker);
    void this.#dismissWorker();
    const state = { kind: 'failed', code, cause: this.#hangs ? 'inference hangs; restart the node' : cause } as const;
    this.#enter(state);
    this.#rejectAll(this.#unavailable(state.cause));
    if (!this.#hangs) this.#retryLater();
  }

  get #hangs(): boolean {
    return this.#hung.size >= MOST_HUNG;
  }

  #retryLater(): void {
    this.#retry = this.#options.clock.after(backoff(this.#attempts++, RETRY, this.#options.random), () => this.#load());
  }

  /** One that ends after all was slow: where nothing was tried any more, it is again. */
  #countHung(worker: Worker): void {
    this.#hung.add(worker);
    worker.once('exit', () => {
      const gaveUp = this.#hangs;
      this.#hung.delete(worker);
      if (gaveUp && this.#state.kind === 'failed') this.#retryLater();
    });
  }

  /**
   * Asks the thread to end after what it does now, and listens to it no more. It is never terminated: a thread that is
   * stopped inside the native library takes the whole process down.
   */
  #dismissWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#deadline?.cancel();
    if (worker === undefined) return Promise.resolve();
    const message: WorkerMessage = { kind: 'close' };
    worker.postMessage(message);
    return new Promise((resolve) => worker.once('exit', () => resolve()));
  }

  #rejectAll(error: ParlmeshError): void {
    const requests = this.#waiting.splice(0);
    if (this.#running !== undefined) requests.unshift(this.#running.request);
    this.#running = undefined;
    for (const request of requests) request.reject(error);
  }

  #onModelFolderChange(): void {
    if (this.#state.kind !== 'failed' || this.#hangs) return;
    this.#retry?.cancel();
    // A file that is being copied changes many times: look when it has been still for a moment.
    this.#retry = this.#options.clock.after(300, () => this.#load());
  }

  #unavailable(cause: string): ParlmeshError {
    return new ParlmeshError('DETECTOR_UNAVAILABLE', `Detector ${this.model} cannot run: ${cause}`);
  }

  #enter(state: DetectorState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
