// Readings of this board at an interval, the newest kept for whoever asks.

import { EventEmitter } from 'node:events';
import type { Clock, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import type { HardwareView } from '../view/schema.ts';
import type { HardwareReader } from './reader.ts';

export interface HardwareMonitorEvents {
  reading: [HardwareView];
}

export class HardwareMonitor extends EventEmitter<HardwareMonitorEvents> implements Service {
  readonly name = 'hardware';
  readonly #reader: HardwareReader;
  readonly #clock: Clock;
  readonly #log: Logger;
  #interval: number;
  #timer: Timer | undefined;
  #reading: Promise<HardwareView> | undefined;
  #latest: HardwareView | undefined;

  /** @param interval seconds between readings */
  constructor(options: { reader: HardwareReader; clock: Clock; logger: Logger; interval: number }) {
    super();
    this.#reader = options.reader;
    this.#clock = options.clock;
    this.#log = options.logger;
    this.#interval = options.interval;
  }

  /** Undefined before the first reading. */
  get latest(): HardwareView | undefined {
    return this.#latest;
  }

  async start(): Promise<void> {
    await this.read();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#reading?.catch(() => {});
    this.#reader.close();
  }

  /** A fresh reading, announced like the regular ones; callers at the same time share one. */
  read(): Promise<HardwareView> {
    this.#reading ??= this.#reader
      .read()
      .then((view) => {
        this.#latest = view;
        this.emit('reading', view);
        return view;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  /** Takes effect at once. */
  setInterval(seconds: number): void {
    this.#interval = seconds;
    if (this.#timer !== undefined) this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.every(this.#interval * 1000, () => {
      this.read().catch((thrown: unknown) => {
        this.#log.warn({ cause: messageOf(thrown) }, 'a hardware reading failed');
      });
    });
  }
}
