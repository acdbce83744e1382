// Tells the node when it rests: hears of the battery, looks at the clock, and says so once whenever that changes. What
// rests is joined to it in `daemon/node.ts`.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Journal, JournalEntry } from '../../core/journal.ts';
import type { Service } from '../../core/service.ts';
import type { PowerView } from '../view/power-schema.ts';
import type { HardwareView } from '../view/schema.ts';
import type { PowerConfig } from './config.ts';
import { onReading, type PowerState, stateAt, UNKNOWN_SUPPLY } from './power-state.ts';

export interface PowerParts {
  config: PowerConfig;
  journal: Journal;
  clock: Clock;
}

/** The wall clock may be set meanwhile: it is looked at again after this. */
const LOOK_AGAIN: Millis = 30_000;

/** Emits `changed` when it begins or ends to rest, for another cause too. */
export class Power extends EventEmitter<{ changed: [PowerView] }> implements Service {
  readonly name = 'power';
  readonly #parts: PowerParts;
  #supply = UNKNOWN_SUPPLY;
  #charge = 1;
  #askedUntil: Millis = 0;
  #state: PowerState = { kind: 'awake' };
  #since: Millis;
  #looking: Timer | undefined;
  #isRunning = false;

  constructor(parts: PowerParts) {
    super();
    // Each camera waits for the end of the rest.
    this.setMaxListeners(0);
    this.#parts = parts;
    this.#since = parts.clock.wall();
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    this.#look();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#looking?.cancel();
  }

  get isResting(): boolean {
    return this.#state.kind !== 'awake';
  }

  onChange(listener: () => void): () => void {
    this.on('changed', listener);
    return () => void this.off('changed', listener);
  }

  view(): PowerView {
    const { kind: state } = this.#state;
    const until = 'until' in this.#state ? this.#state.until : undefined;
    return { state, since: this.#since, ...(until !== undefined && { until }) };
  }

  /** Takes a reading, and returns it with how the board's power is kept. */
  hear(reading: HardwareView): HardwareView {
    this.#supply = onReading(this.#supply, reading.battery, this.#parts.config.battery);
    this.#charge = reading.battery?.charge ?? this.#charge;
    this.#look();
    return { ...reading, power: this.view() };
  }

  /** Keeps the board awake, but where its battery is critical. */
  wake(seconds: number): PowerView {
    this.#askedUntil = this.#parts.clock.wall() + seconds * 1000;
    this.#look();
    return this.view();
  }

  #look(): void {
    const { clock, config } = this.#parts;
    const before = this.#state;
    this.#state = stateAt(this.#supply, clock.wall(), this.#askedUntil, config);
    this.#lookLater();
    if (this.#state.kind === before.kind) return;
    this.#since = clock.wall();
    this.#parts.journal.record(this.#entry(before));
    this.emit('changed', this.view());
  }

  #lookLater(): void {
    this.#looking?.cancel();
    if (!this.#isRunning) return;
    const { clock } = this.#parts;
    const until = 'until' in this.#state ? this.#state.until : undefined;
    const left = until === undefined ? LOOK_AGAIN : until - clock.wall();
    this.#looking = clock.after(Math.min(LOOK_AGAIN, Math.max(1, left)), () => this.#look());
  }

  #entry(before: PowerState): JournalEntry {
    const state = this.#state;
    const charge = `${(this.#charge * 100).toFixed(0)} %`;
    const kind = `power.${state.kind}`;
    const data = { before: before.kind, charge: this.#charge };
    const entry = (severity: JournalEntry['severity'], message: string): JournalEntry => ({
      ...{ severity, kind, subject: 'node', message, data },
    });
    switch (state.kind) {
      case 'awake':
        return entry('info', before.kind === 'resting' ? 'The board is awake' : 'The board works again');
      case 'resting':
        return entry('info', `The board rests until ${new Date(state.until).toISOString()}, by its duty cycle`);
      case 'low':
        return entry('warning', `The board rests: its battery has ${charge} left`);
      case 'critical':
        return entry('error', `The battery is nearly empty: ${charge} left`);
    }
  }
}
