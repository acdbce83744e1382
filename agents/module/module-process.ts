// One running process of a module, seen from the daemon: what it says is checked and bounded, and whatever becomes of it
// ends in one clear error. Knows nothing of agents and tasks.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { type Clock, delay, type Millis, type Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { LineReader } from '../process/line-reader.ts';
import { signalGroup } from '../process/process-group.ts';
import { NODE_BYTES } from './confinement.ts';
import { type Ending, FrameReader, type FromModule, frameOf, type ToModule } from './protocol.ts';
import { Standstill, vitalsOf } from './standstill.ts';

export interface ModuleOrder {
  name: string;
  argv: readonly string[];
  module: string;
  dataFolder: string;
  environment: Readonly<Record<string, string>>;
  network: boolean;
  memoryBytes: number;
  /** Longest frame that it may send. */
  mostFrameBytes: number;
  /** It tried what its permissions do not let it. */
  onDenied(): void;
  clock: Clock;
}

export interface ModuleListener {
  /** Everything that is no answer: `log`, `tell`, `post`, `progress`, `blob`, `keep`, `pong`. */
  frame(frame: FromModule): void;
  /** It is gone, by itself or killed; told once, and nothing after it. */
  gone(cause: ParlmeshError): void;
}

export interface ModuleExports {
  start: boolean;
  onMessage: boolean;
  run: boolean;
}

const LOAD_WITHIN: Millis = 20_000;
const STOP_WITHIN: Millis = 1_500;
/** While somebody waits for it; otherwise every fifth time. Three times without an answer tell that it stands still. */
const PING_EVERY: Millis = 200;
const PINGS_AT_REST = 5;
/** What it may send: frames, and bytes on all its pipes together. */
const FRAMES = { perSecond: 500, burst: 2_000 };
const BYTES = { perSecond: 2_000_000, burst: 32_000_000 };
const LAST_WORDS = 4_000;
/** As the module's process names what Node's permission model refused. */
const PERMISSION = 'MODULE_PERMISSION';

export class ModuleProcess {
  readonly exports: ModuleExports = { start: false, onMessage: false, run: false };
  readonly #order: ModuleOrder;
  readonly #listener: ModuleListener;
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #loaded = Promise.withResolvers<void>();
  readonly #started = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #pings: Timer;
  #lastWords = '';
  #cause: ParlmeshError | undefined;
  #isGone = false;
  #stopping = false;
  #sequence = 0;
  readonly #standstill = new Standstill();
  #isAsked = false;
  #ticks = 0;
  #tickedAt: Millis;

  private constructor(order: ModuleOrder, listener: ModuleListener) {
    const { argv, environment, clock } = order;
    this.#order = order;
    this.#listener = listener;
    this.#frames = new TokenBucket(FRAMES.perSecond, FRAMES.burst, clock.now());
    this.#bytes = new TokenBucket(BYTES.perSecond, BYTES.burst, clock.now());
    const [program = '', ...rest] = argv;
    this.#child = spawn(program, rest, {
      cwd: '/',
      env: { LANG: 'C.UTF-8', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#pipe = this.#child.stdio[3] as Duplex;
    for (const promise of [this.#loaded.promise, this.#started.promise]) promise.catch(() => {});
    this.#listen();
    this.#tickedAt = clock.now();
    this.#pings = clock.every(PING_EVERY, () => this.#tick());
  }

  /** Resolves once the module is loaded. Rejects with why it could not be; nothing of it runs then. */
  static async load(order: ModuleOrder, listener: ModuleListener): Promise<ModuleProcess> {
    const process = new ModuleProcess(order, listener);
    const { name, module, dataFolder, network, clock } = order;
    process.say({ t: 'load', name, module, dataFolder, network });
    await process.#within(process.#loaded.promise, LOAD_WITHIN, clock, 'did not load');
    return process;
  }

  /** Resolves once it is gone, for whatever reason. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Calls what it exports as `start`. */
  async start(within: Millis): Promise<void> {
    this.say({ t: 'start' });
    await this.#within(this.#started.promise, within, this.#order.clock, 'did not start');
  }

  /** Makes a call with an id of its own. Resolves to what it returned; rejects with what it threw or died of. */
  call(frame: (id: number) => ToModule): { id: number; ending: Promise<unknown> } {
    const id = this.#sequence++;
    const call = Promise.withResolvers<unknown>();
    call.promise.catch(() => {});
    if (this.#isGone) call.reject(this.#cause ?? this.#error('MODULE_EXITED', 'is not running'));
    else {
      this.#calls.set(id, call);
      this.say(frame(id));
    }
    return { id, ending: call.promise };
  }

  answer(id: number, ending: Ending): void {
    this.say({ t: 'done', id, ending });
  }

  say(message: ToModule): void {
    if (!this.#isGone && this.#pipe.writable) this.#pipe.write(frameOf(message));
  }

  /** Lets it end by itself for a moment, then kills it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.say({ t: 'stop' });
    const patience = this.#order.clock.after(STOP_WITHIN, () => signalGroup(this.#child, 'SIGKILL'));
    await this.#gone.promise;
    patience.cancel();
  }

  /** Ends it now, for this reason. */
  kill(cause: ParlmeshError): void {
    this.#cause ??= cause;
    signalGroup(this.#child, 'SIGKILL');
  }

  #tick(): void {
    const now = this.#order.clock.now();
    // Who was held up itself may have its answer unread.
    const isLate = now - this.#tickedAt > 2 * PING_EVERY;
    this.#tickedAt = now;
    if (isLate) this.#standstill.forget();
    if (this.#calls.size === 0 && ++this.#ticks % PINGS_AT_REST !== 0) return;
    if (!this.#isAsked) {
      this.#isAsked = true;
      this.say({ t: 'ping' });
      return;
    }
    if (isLate || this.#child.pid === undefined || !this.#standstill.look(vitalsOf(this.#child.pid))) return;
    this.kill(this.#error('MODULE_HUNG', 'stands still: it answers nothing and does nothing'));
  }

  #listen(): void {
    const { mostFrameBytes, clock } = this.#order;
    const reader = new FrameReader(mostFrameBytes);
    const guarded = (take: (chunk: Buffer) => void) => (chunk: Buffer) => {
      if (this.#cause !== undefined) return;
      try {
        if (!this.#bytes.take(clock.now(), chunk.length)) {
          throw this.#error('MODULE_FLOODS', `sends more than ${BYTES.perSecond / 1e6} MB a second`);
        }
        take(chunk);
      } catch (error) {
        this.kill(error instanceof ParlmeshError ? error : this.#error('MODULE_PROTOCOL', String(error)));
      }
    };
    this.#pipe.on(
      'data',
      guarded((chunk) => {
        for (const frame of reader.push(chunk)) {
          if (!this.#frames.take(clock.now())) {
            throw this.#error('MODULE_FLOODS', `sends more than ${FRAMES.perSecond} messages a second`);
          }
          this.#onFrame(frame);
        }
      }),
    );
    this.#pipe.on('error', () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr] as Readable[]) {
      const lines = new LineReader((line) => this.#listener.frame({ t: 'log', line }));
      stream.on(
        'data',
        guarded((chunk) => {
          this.#lastWords = (this.#lastWords + chunk.toString()).slice(-LAST_WORDS);
          lines.push(chunk);
        }),
      );
    }
    this.#child.once('error', (error) => this.#onGone(this.#error('MODULE_NOT_STARTED', error.message)));
    this.#child.once('exit', (code, signal) => {
      signalGroup(this.#child, 'SIGKILL');
      // What it said last is still under way.
      this.#child.once('close', () => this.#onGone(this.#causeOf(code, signal)));
    });
  }

  #onFrame(frame: FromModule): void {
    switch (frame.t) {
      case 'loaded':
        Object.assign(this.exports, frame.exports);
        this.#loaded.resolve();
        return;
      case 'started':
        this.#started.resolve();
        return;
      case 'failed':
        if (frame.code === PERMISSION) this.#order.onDenied();
        this.#cause ??= this.#error(frame.code, frame.message);
        return;
      case 'ended':
        this.#onEnded(frame.id, frame.ending);
        return;
      case 'pong':
        this.#isAsked = false;
        this.#standstill.forget();
        if (frame.rss > this.#order.memoryBytes + NODE_BYTES) throw this.#outOfMemory();
    }
    this.#listener.frame(frame);
  }

  #onEnded(id: number, ending: Ending): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (!ending.ok && ending.code === PERMISSION) this.#order.onDenied();
    if (ending.ok) call?.resolve(ending.value);
    else call?.reject(new ParlmeshError(ending.code, ending.message, { data: { module: this.#order.name } }));
  }

  #onGone(cause: ParlmeshError): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#cause ??= cause;
    this.#pings.cancel();
    this.#pipe.destroy();
    for (const waiting of [this.#loaded, this.#started, ...this.#calls.values()]) waiting.reject(this.#cause);
    this.#calls.clear();
    this.#gone.resolve();
    if (!this.#stopping) this.#listener.gone(this.#cause);
  }

  #causeOf(code: number | null, signal: NodeJS.Signals | null): ParlmeshError {
    if (/heap out of memory|Array buffer allocation failed/.test(this.#lastWords)) return this.#outOfMemory();
    const how = code === null ? `was ended by ${signal}` : `ended by itself with exit code ${code}`;
    return this.#error('MODULE_EXITED', how);
  }

  #outOfMemory(): ParlmeshError {
    const most = Math.round(this.#order.memoryBytes / 1024 / 1024);
    return this.#error('MODULE_OUT_OF_MEMORY', `holds more than its ${most} MiB of memory`);
  }

  #error(code: string, what: string): ParlmeshError {
    return new ParlmeshError(code, `module ${this.#order.name}: ${what}`, { data: { module: this.#order.name } });
  }

  async #within(work: Promise<void>, most: Millis, clock: Clock, failure: string): Promise<void> {
    const late = new AbortController();
    const timeout = delay(clock, most, late.signal).then(() => {
      this.kill(this.#error('MODULE_HUNG', `${failure} within ${most / 1000} s`));
      return work;
    });
    timeout.catch(() => {});
    try {
      await Promise.race([work, timeout]);
    } catch (error) {
      this.kill(this.#cause ?? this.#error('MODULE_FAILED', String(error)));
      throw error;
    } finally {
      late.abort();
    }
  }
}
