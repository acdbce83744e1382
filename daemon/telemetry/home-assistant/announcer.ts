// Keeps the discovery messages on one broker as the node's devices are now: sent when they differ, cleared when the
// device is gone, and components that went away named as removed once, then left out.

import type { Ledger } from '../ledger.ts';
import type { Outgoing } from '../outbox.ts';
import { componentsOf, type Discovery, encode } from './device.ts';
import type { Discoveries } from './discoveries.ts';

export interface AnnouncerOptions {
  discoveries: Discoveries;
  ledger: Ledger;
  /** Name of the broker in the ledger. */
  broker: string;
  put: (message: Outgoing) => void;
  clear: (topic: string) => void;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  /** As last handed on: topic → JSON without removals. */
  readonly #announced = new Map<string, string>();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  has(topic: string): boolean {
    return this.#announced.has(topic);
  }

  /** Sends what changed. */
  refresh(): void {
    const devices = this.#options.discoveries.all();
    const topics = new Set(devices.map(({ topic }) => topic));
    for (const topic of this.#announced.keys()) {
      if (topics.has(topic)) continue;
      this.#announced.delete(topic);
      this.#options.clear(topic);
    }
    for (const device of devices) {
      if (this.#announced.get(device.topic) !== encode(device.config)) this.#announce(device);
    }
  }

  /** Sends all of it, changed or not. */
  repeat(): void {
    this.#announced.clear();
    for (const device of this.#options.discoveries.all()) this.#announce(device);
  }

  #announce({ topic, config }: Discovery): void {
    const { ledger, broker, put } = this.#options;
    const components = componentsOf(config);
    const removed = ledger.gone(broker, topic, components);
    ledger.add(broker, topic, components);
    this.#announced.set(topic, encode(config));
    put({
      topic,
      payload: encode(config, removed),
      retain: true,
      sent: () => {
        if (removed.size === 0) return;
        ledger.settle(broker, topic, removed);
        ledger.save();
        const plain = this.#announced.get(topic);
        if (plain !== undefined) put({ topic, payload: plain, retain: true });
      },
    });
  }
}
