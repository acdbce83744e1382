// A folder that pictures are dropped into. The newest one there is shown first, then each that arrives, as soon as
// it is whole. The folder itself is the queue: pictures are read one at a time, when the one before was looked at.

import { constants, watch } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { within } from '../deadline.ts';
import { MOST_BYTES } from '../picture/decode.ts';
import { looksComplete } from '../picture/format.ts';
import type { FrameSink, FrameSource } from './frame-source.ts';

/** A file is read when it has been still for this long. */
const SETTLE_MS = 80;
/** A file that still has no end mark is taken as it is after this long without a change. */
const GIVE_UP_MS = 2_000;
/** Milliseconds for reading one file, or asking for one. */
const FILE_WITHIN: Millis = 20_000;
/** Opening something else than a file (a pipe, a terminal) neither waits nor takes it over. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const PIECE_BYTES = 256 * 1024;
/** Names waiting to be read; more than that in one folder at once are left out. */
const MOST_WAITING = 10_000;
const PICTURE_NAME = /^[^.].*\.(jpe?g|png|webp|gif|tiff?|avif)$/i;

export class FolderSource implements FrameSource {
  readonly kind = 'folder';
  readonly pace = 'stills';
  readonly stallAfter = undefined;
  readonly #path: string;
  readonly #clock: Clock;
  /** Name and time of the picture shown last: a folder that comes back does not show it again. */
  #shown: string | undefined;
  /** What has not ended in its time and still goes on. */
  #hanging: ParlmeshError | undefined;

  constructor(options: { path: string; clock: Clock }) {
    this.#path = options.path;
    this.#clock = options.clock;
  }

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    await this.#requireFolder();
    const arrivals = new Arrivals(this.#clock, signal);
    const watcher = watch(this.#path, (_event, name) => {
      if (name !== null && PICTURE_NAME.test(name)) arrivals.touch(name);
      else void this.#requireFolder().catch((error) => arrivals.fail(error));
    });
    watcher.on('error', (error) => arrivals.fail(error));
    try {
      const newest = await this.#newest();
      if (newest === undefined) sink.waiting(`${this.#path} holds no picture yet`);
      else arrivals.touch(newest, 0);
      for await (const { name, patient } of arrivals.settled()) {
        if (await this.#show(name, patient, sink)) continue;
        arrivals.touch(name, GIVE_UP_MS);
      }
    } finally {
      arrivals.close();
      watcher.close();
    }
  }

  /** False when the file is not whole yet and should be looked at again later. */
  async #show(name: string, patient: boolean, sink: FrameSink): Promise<boolean> {
    let file: { picture: Buffer; identity: string } | undefined;
    try {
      file = await this.#timely(`reading ${name}`, () => this.#read(name));
    } catch (error) {
      if (!(error instanceof ParlmeshError) || error.code === 'TOOK_TOO_LONG') throw error;
      sink.broken(error);
      return true;
    }
    if (file === undefined) return true;
    if (patient && !looksComplete(file.picture)) return false;
    this.#shown = file.identity;
    await sink.frame(file.picture, name);
    return true;
  }

  /** A file's content; undefined where it is gone again or was shown last. */
  async #read(name: string): Promise<{ picture: Buffer; identity: string } | undefined> {
    try {
      await using file = await open(join(this.#path, name), OPEN_FLAGS);
      const stats = await file.stat();
      if (!stats.isFile()) throw new ParlmeshError('PICTURE_NO_FILE', `${name} is no file`);
      const identity = `${name} ${stats.size} ${stats.mtimeMs}`;
      if (identity === this.#shown) return undefined;
      if (stats.size > MOST_BYTES) throw tooLarge(name);
      // Some files grow meanwhile or have no size: what is read counts.
      const pieces: Buffer[] = [];
      for await (const piece of file.createReadStream({ end: MOST_BYTES, highWaterMark: PIECE_BYTES })) {
        pieces.push(piece);
      }
      const picture = Buffer.concat(pieces);
      if (picture.length > MOST_BYTES) throw tooLarge(name);
      return { picture, identity };
    } catch (error) {
      if (error instanceof ParlmeshError) throw error;
      if (isMissing(error)) return undefined;
      throw new ParlmeshError('FILE_UNREADABLE', `${name} cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }

  async #requireFolder(): Promise<void> {
    try {
      if ((await this.#timely('asking for it', () => stat(this.#path))).isDirectory()) return;
    } catch (error) {
      throw new ParlmeshError('FOLDER_LOST', `folder ${this.#path} cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
    throw new ParlmeshError('FOLDER_LOST', `${this.#path} is not a folder`);
  }

  /** The name changed last; what is no file counts where there is nothing else, so that it is told. */
  async #newest(): Promise<string | undefined> {
    let newest: { name: string; isFile: boolean; at: number } | undefined;
    for (const name of await this.#timely('listing the folder', () => readdir(this.#path))) {
      if (!PICTURE_NAME.test(name)) continue;
      const found = await this.#timely(`asking for ${name}`, () => stat(join(this.#path, name)).catch(() => undefined));
      if (found === undefined) continue;
      const [isFile, at] = [found.isFile(), found.mtimeMs];
      const newer = newest === undefined || (isFile === newest.isFile ? at > newest.at : isFile);
      if (newer) newest = { name, isFile, at };
    }
    return newest?.name;
  }

  /**
   * Work on files, with a time limit. What hangs (a network folder whose server is gone) holds one of the process's
   * few threads for files, so nothing more is asked for before it has ended.
   */
  async #timely<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#hanging !== undefined) throw this.#hanging;
    const running = work();
    try {
      return await within(this.#clock, FILE_WITHIN, what, running);
    } catch (error) {
      if (error instanceof ParlmeshError && error.code === 'TOOK_TOO_LONG') {
        this.#hanging = error;
        const end = (): void => {
          this.#hanging = undefined;
        };
        running.then(end, end);
      }
      throw error;
    }
  }
}

/** Names of files that changed and then were still, in the order in which they became still. */
class Arrivals {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #timers = new Map<string, Timer>();
  readonly #ready = new Map<string, boolean>();
  #failure: unknown;
  #wake: () => void = () => {};

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** A file changed; it is ready when nothing more happens to it for `stillFor` ms. */
  touch(name: string, stillFor: Millis = SETTLE_MS): void {
    const timer = this.#timers.get(name);
    if (timer === undefined && this.#timers.size + this.#ready.size >= MOST_WAITING) return;
    timer?.cancel();
    const settle = (): void => {
      this.#timers.delete(name);
      this.#ready.set(name, stillFor < GIVE_UP_MS);
      this.#wake();
    };
    this.#timers.set(name, this.#clock.after(stillFor, settle));
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  /** `patient` is false for a file that had its time to become whole. */
  async *settled(): AsyncGenerator<{ name: string; patient: boolean }> {
    for (;;) {
      if (this.#signal.aborted) return;
      if (this.#failure !== undefined) throw this.#failure;
      const [next] = this.#ready;
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const [name, patient] = next;
      this.#ready.delete(name);
      yield { name, patient };
    }
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}

function tooLarge(name: string): ParlmeshError {
  return new ParlmeshError('PICTURE_TOO_LARGE', `${name} is larger than ${MOST_BYTES} bytes`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
