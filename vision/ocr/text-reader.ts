// Reads text in pictures. The networks run in a thread of their own, which is started by the first picture and given up
// when nothing was read for a while: they hold some 200 MB. One picture at a time; few wait.

import { Worker } from 'node:worker_threads';
import { backoff } from '../../core/backoff.ts';
import { type Clock, delay, type Millis, type Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Polygon } from '../geometry.ts';
import { textModelFolder } from './model-files.ts';
import type { Raster } from './raster.ts';
import type { Quad, TextReading } from './reading.ts';
import { textPicture } from './text-picture.ts';
import type { WorkerMessage, WorkerReply, WorkerSetup } from './worker-protocol.ts';

/** `idle -> loading -> ready -> idle`, and from `loading` and `ready` to `failed`; `failed -> loading` by a later picture. */
export type TextReaderState =
  | { kind: 'idle' }
  | { kind: 'loading' }
  | { kind: 'ready' }
  | { kind: 'failed'; code: string; cause: string; retryAt: Millis }
  | { kind: 'stopped' };

export interface TextReaderOptions {
  /** Threads of one inference. */
  threads: number;
  clock: Clock;
  random: Random;
  /** Folder of the model files. Default: the package's. */
  folder?: string;
  /** Told of every change of state. */
  onState?: (state: TextReaderState) => void;
  /** Milliseconds one picture may take before the thread is replaced. */
  deadline?: Millis;
  /** Milliseconds the thread may take to load and warm up. */
  loadDeadline?: Millis;
  /** Milliseconds without a picture after which the thread is given up. */
  idleTime?: Millis;
}

/** Since the start. */
export interface TextReaderFigures {
  /** Pictures that were read, and that could not be. */
  read: number;
  failed: number;
  /** Seconds that reading them took, their wait left out. */
  seconds: number;
  /** Pictures that wait now. */
  waiting: number;
}

export interface ReadOptions {
  /** Only this part is read: corners as shares of the picture's width and height. Four corners are stood straight. */
  zone?: Polygon;
  signal?: AbortSignal;
}

interface Request {
  picture: Raster;
  zone: Polygon | undefined;
  resolve(reading: TextReading): void;
  reject(error: unknown): void;
}

/** Pictures that wait at most. */
const MOST_WAITING = 32;
/** Milliseconds that stopping waits for the thread. */
const CLOSE_WITHIN: Millis = 10_000;
/** Threads that hang at once; with these, nothing more is tried: each keeps its memory, and none can be ended. */
const MOST_HUNG = 2;
const RETRY = { first: 1_000, most: 300_000 };

export class TextReader {
  readonly #options: Required<Omit<TextReaderOptions, 'folder'>> & { folder: string | undefined };
  #state: TextReaderState = { kind: 'idle' };
  #worker: Worker | undefined;
  readonly #waiting: Request[] = [];
  #running: { id: number; request: Request; since: Millis } | undefined;
  #requests = 0;
  #timer: Timer | undefined;
  #attempts = 0;
  /** Threads that took too long and have not ended since. */
  #hung = 0;
  readonly #done = { read: 0, failed: 0, seconds: 0 };

  constructor({ folder, ...options }: TextReaderOptions) {
    const usual = { onState: () => {}, deadline: 120_000, loadDeadline: 120_000, idleTime: 300_000 };
    this.#options = { ...usual, ...options, folder };
  }

  get state(): TextReaderState {
    return this.#state;
  }

  figures(): TextReaderFigures {
    return { ...this.#done, waiting: this.#waiting.length };
  }

  /**
   * Reads a picture: the bytes of its file, or pixels. Boxes are in pixels of that picture. Rejects with
   * `PICTURE_UNREADABLE`, `PICTURE_TOO_LARGE`, `PICTURE_INVALID`, `TEXT_READER_BUSY`, `TEXT_READER_UNAVAILABLE`, `READING_FAILED`.
   */
  async read(picture: Uint8Array | Raster, { zone, signal }: ReadOptions = {}): Promise<TextReading> {
    signal?.throwIfAborted();
    if (!(picture instanceof Uint8Array)) return this.#queue(checked(picture), zone, signal);
    if (this.#waiting.length >= MOST_WAITING) throw busy();
    const { raster, width, height } = await textPicture(picture);
    signal?.throwIfAborted();
    return scaledTo(await this.#queue(raster, zone, signal), width, height);
  }

  /** Resolves when the thread has ended, or is not waited for any longer because it hangs. Nothing is read any more. */
  async stop(): Promise<void> {
    const ended = this.#dismissWorker();
    this.#enter({ kind: 'stopped' });
    this.#rejectAll(unavailable('it is stopped'));
    await Promise.race([ended, delay(this.#options.clock, CLOSE_WITHIN)]);
  }

  #queue(picture: Raster, zone: Polygon | undefined, signal: AbortSignal | undefined): Promise<TextReading> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MOST_WAITING) return reject(busy());
      const refusal = this.#refusal();
      if (refusal !== undefined) return reject(unavailable(refusal));
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(request);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(signal?.reason);
      };
      const request: Request = {
        ...{ picture, zone },
        resolve: (reading) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(reading);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(request);
      if (this.#state.kind === 'idle' || this.#state.kind === 'failed') this.#load();
      else this.#next();
    });
  }

  /** Why nothing is read now; undefined where it may be tried. */
  #refusal(): string | undefined {
    if (this.#state.kind === 'stopped') return 'it is stopped';
    if (this.#state.kind !== 'failed') return undefined;
    return this.#hung >= MOST_HUNG || this.#options.clock.now() < this.#state.retryAt ? this.#state.cause : undefined;
  }

  #load(): void {
    const { threads, loadDeadline } = this.#options;
    // Read by the native library from the real environment, which only the main thread's process.env reaches.
    process.env.ORT_DISABLE_TELEMETRY = '1';
    this.#enter({ kind: 'loading' });
    let folder: string;
    try {
      folder = this.#options.folder ?? textModelFolder();
    } catch (error) {
      this.#fail(error instanceof ParlmeshError ? error.code : 'MODEL_MISSING', messageOf(error));
      return;
    }
    const setup: WorkerSetup = { folder, threads };
    const worker = new Worker(new URL('./reader-worker.ts', import.meta.url), { workerData: setup });
    this.#worker = worker;
    this.#arm(loadDeadline, () => this.#hang(`loading took longer than ${loadDeadline / 1000} s`));
    worker.on('message', (reply: WorkerReply) => {
      if (worker === this.#worker) this.#onReply(reply);
    });
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#fail('TEXT_READER_CRASHED', `its thread crashed: ${messageOf(error)}`);
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#fail('TEXT_READER_CRASHED', `its thread ended with code ${code}`);
    });
  }

  #onReply(reply: WorkerReply): void {
    if (reply.kind === 'refused') {
      this.#fail(reply.code, reply.message);
      return;
    }
    this.#timer?.cancel();
    if (reply.kind === 'ready') {
      this.#attempts = 0;
      this.#enter({ kind: 'ready' });
    } else if (this.#running?.id === reply.id) {
      const { request, since } = this.#running;
      this.#running = undefined;
      this.#done.seconds += (this.#options.clock.now() - since) / 1000;
      this.#done[reply.kind === 'read' ? 'read' : 'failed']++;
      if (reply.kind === 'read') request.resolve(reply.reading);
      else request.reject(new ParlmeshError('READING_FAILED', `reading failed on a picture: ${reply.message}`));
    }
    this.#next();
  }

  #next(): void {
    if (this.#state.kind !== 'ready' || this.#running !== undefined) return;
    const request = this.#waiting.shift();
    if (request === undefined) {
      this.#arm(this.#options.idleTime, () => {
        void this.#dismissWorker();
        this.#enter({ kind: 'idle' });
      });
      return;
    }
    const id = this.#requests++;
    this.#running = { id, request, since: this.#options.clock.now() };
    const { deadline } = this.#options;
    this.#arm(deadline, () => this.#hang(`a picture took longer than ${deadline / 1000} s`));
    const { picture, zone } = request;
    const message: WorkerMessage = { kind: 'read', id, picture, ...(zone !== undefined && { zone }) };
    // Copied: sharp's memory cannot move to another thread.
    this.#worker?.postMessage(message);
  }

  #arm(after: Millis, then: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(after, then);
  }

  #hang(cause: string): void {
    this.#hung++;
    this.#worker?.once('exit', () => this.#hung--);
    this.#fail('TEXT_READER_HUNG', this.#hung >= MOST_HUNG ? 'inference hangs; restart the node' : cause);
  }

  /** Gives the thread up and tells whoever waits; a later picture tries again. */
  #fail(code: string, cause: string): void {
    const { clock, random } = this.#options;
    void this.#dismissWorker();
    this.#enter({ kind: 'failed', code, cause, retryAt: clock.now() + backoff(this.#attempts++, RETRY, random) });
    this.#rejectAll(unavailable(cause));
  }

  /**
   * Asks the thread to end after what it does now, and listens to it no more. It is never terminated: a thread that is
   * stopped inside the native library takes the whole process down.
   */
  #dismissWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#timer?.cancel();
    if (worker === undefined) return Promise.resolve();
    const message: WorkerMessage = { kind: 'close' };
    worker.postMessage(message);
    return new Promise((resolve) => worker.once('exit', () => resolve()));
  }

  #rejectAll(error: ParlmeshError): void {
    const requests = this.#waiting.splice(0);
    if (this.#running !== undefined) requests.unshift(this.#running.request);
    this.#running = undefined;
    this.#done.failed += requests.length;
    for (const request of requests) request.reject(error);
  }

  #enter(state: TextReaderState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

function checked(picture: Raster): Raster {
  const { width, height, pixels } = picture;
  if (width >= 1 && height >= 1 && pixels.length === width * height * 3) return picture;
  throw new ParlmeshError(
    'PICTURE_INVALID',
    `${pixels.length} bytes are no ${width} × ${height} pixels of three bytes`,
  );
}

/** The reading with boxes in pixels of the picture itself, which was scaled down to be read. */
function scaledTo(reading: TextReading, width: number, height: number): TextReading {
  const [x, y] = [width / reading.width, height / reading.height];
  if (x === 1 && y === 1) return reading;
  const box = ([a, b, c, d]: Quad): Quad => [
    [a[0] * x, a[1] * y],
    [b[0] * x, b[1] * y],
    [c[0] * x, c[1] * y],
    [d[0] * x, d[1] * y],
  ];
  const regions = reading.regions.map((region) => ({ ...region, box: box(region.box) }));
  const unreadable = reading.unreadable.map((region) => ({ ...region, box: box(region.box) }));
  return { ...reading, regions, unreadable, width, height };
}

function unavailable(cause: string): ParlmeshError {
  return new ParlmeshError('TEXT_READER_UNAVAILABLE', `Text cannot be read: ${cause}`);
}

function busy(): ParlmeshError {
  return new ParlmeshError('TEXT_READER_BUSY', `${MOST_WAITING} pictures wait to be read already`, {
    hint: 'Try again in a few seconds',
  });
}
