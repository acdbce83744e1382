// The board: every reading of the hardware agent, the disk looked at more often while it is nearly full, and the clock.

import { statfs } from 'node:fs/promises';
import type { MetricName } from '../../../agents/mapek/signal.ts';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import type { HardwareView } from '../../view/schema.ts';
import type { Say, Source } from './hearing.ts';
import { MemoryGrowth } from './memory-growth.ts';

export interface BoardSignalsParts {
  dataDir: string;
  /** How long until the node should be looked at again. */
  lookEvery: (subject: string, usual: Millis) => Millis;
  clock: Clock;
  say: Say;
}

/** Between looks at the disk and the clock while all is well: both cost microseconds. */
const LOOK_EVERY: Millis = 2_000;

export class BoardSignals implements Source {
  readonly #parts: BoardSignalsParts;
  readonly #growth = new MemoryGrowth();
  #look: Timer | undefined;
  #isOpen = false;
  #clocks: { now: Millis; wall: Millis } | undefined;

  constructor(parts: BoardSignalsParts) {
    this.#parts = parts;
  }

  listen(): () => void {
    this.#isOpen = true;
    this.#next();
    return () => {
      this.#isOpen = false;
      this.#look?.cancel();
    };
  }

  repeat(subjects?: ReadonlySet<string>): void {
    if (this.#isOpen && (subjects === undefined || subjects.has('node'))) void this.#lookAtDisk();
  }

  /** A reading of the hardware agent. */
  hear({ memory, temperatureCelsius, throttling }: HardwareView): void {
    if (!this.#isOpen) return;
    const { totalBytes, availableBytes, processBytes } = memory;
    if (totalBytes > 0) {
      this.#say('memory.free', clamp(availableBytes / totalBytes));
      const growth = this.#growth.take(this.#parts.clock.now(), processBytes / totalBytes);
      if (growth !== undefined) this.#say('memory.growth', growth);
    }
    if (temperatureCelsius !== undefined) this.#say('cpu.temperature', temperatureCelsius);
    if (throttling === undefined) return;
    this.#say('cpu.throttled', throttling.throttled ? 1 : 0);
    this.#say('power.under-voltage', throttling.underVoltage ? 1 : 0);
  }

  #next(): void {
    const { clock, lookEvery } = this.#parts;
    this.#look = clock.after(lookEvery('node', LOOK_EVERY), () => {
      this.#lookAtClock();
      void this.#lookAtDisk().finally(() => this.#isOpen && this.#next());
    });
  }

  /** The wall clock against the monotonic one, since the last look. */
  #lookAtClock(): void {
    const { clock } = this.#parts;
    const before = this.#clocks;
    this.#clocks = { now: clock.now(), wall: clock.wall() };
    if (before === undefined) return;
    this.#say('clock.step', (this.#clocks.wall - before.wall - (this.#clocks.now - before.now)) / 1000);
  }

  async #lookAtDisk(): Promise<void> {
    const { dataDir } = this.#parts;
    const found = await statfs(dataDir).catch(() => undefined);
    if (found !== undefined && found.blocks > 0) this.#say('disk.free', clamp(found.bavail / found.blocks));
  }

  #say(metric: MetricName, value: number): void {
    this.#parts.say({ subject: 'node', at: this.#parts.clock.wall(), kind: 'metric', metric, value });
  }
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));
