// The hardware agent: reads the board at an interval, hands the readings on, and journals what people should know.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import { Agent } from '../agent.ts';
import { onThisNode } from '../capabilities.ts';
import type { HardwareReading, HardwareSource } from './hardware-reading.ts';
import { activeSymptoms, type HardwareSymptom, type HardwareSymptoms, observeReading } from './hardware-symptoms.ts';

export interface HardwareNews<Reading> {
  reading: Reading;
  symptoms: HardwareSymptom[];
}

export interface HardwareAgentOptions<Reading extends HardwareReading> {
  id: string;
  source: HardwareSource<Reading>;
  /** Between readings. */
  interval: Millis;
  onReading(news: HardwareNews<Reading>): void;
  journal: Journal;
  clock: Clock;
}

export class HardwareAgent<Reading extends HardwareReading> extends Agent {
  readonly #options: HardwareAgentOptions<Reading>;
  #symptoms: HardwareSymptoms = {};

  constructor(options: HardwareAgentOptions<Reading>) {
    const capabilities = [onThisNode('hardware.read')];
    super({ id: options.id, kind: 'hardware', version: '1', capabilities }, options.clock);
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    await this.#read();
    this.scope.every(this.#options.interval, () => this.#read());
  }

  async #read(): Promise<void> {
    const { source, interval, journal, onReading } = this.#options;
    this.heartbeat();
    const reading = await source.read();
    if (this.scope.signal.aborted) return;
    const { symptoms, entries } = observeReading(this.#symptoms, reading);
    this.#symptoms = symptoms;
    for (const entry of entries) journal.record(entry);
    onReading({ reading, symptoms: activeSymptoms(symptoms) });
    this.heartbeat(interval);
  }
}
