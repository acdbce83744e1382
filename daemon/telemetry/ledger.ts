// What each broker still holds of ours, remembered over restarts: retained topics, and for a discovery topic the
// components that Home Assistant was given. Noted when a message is handed to the connection,
// so that what a crash leaves behind is cleared by the next start.

/** Where the ledger is kept. Both calls are quick and never throw; entries are opaque strings under 1 kB. */
export interface TopicMemory {
  load(): string[];
  save(entries: string[]): void;
}

/** Component id → platform, as Home Assistant knows a device. */
export type Components = ReadonlyMap<string, string>;

const MAX_ENTRIES = 20_000;
/** broker, topic, and for a component `#platform.id`; neither a broker's name nor a topic of ours holds a space or #. */
const ENTRY = /^(\S{1,300}) ([^\s#]{1,600})(?:#([a-z_]{1,32})\.([A-Za-z0-9_-]{1,96}))?$/;

export class Ledger {
  readonly #memory: TopicMemory;
  readonly #held = new Map<string, Map<string, Map<string, string>>>();
  #changed = false;

  /** @param brokers names of the brokers in use; what was remembered of others is dropped */
  constructor(memory: TopicMemory, brokers: readonly string[]) {
    this.#memory = memory;
    const entries = memory.load();
    for (const entry of entries.slice(0, MAX_ENTRIES)) {
      const [, broker, topic, platform, component] = ENTRY.exec(entry) ?? [];
      if (broker === undefined || topic === undefined || !brokers.includes(broker)) {
        this.#changed = true;
        continue;
      }
      const components = this.#topic(broker, topic);
      if (platform !== undefined && component !== undefined) components.set(component, platform);
    }
  }

  /** Topics that `broker` may hold. */
  topics(broker: string): string[] {
    return [...(this.#held.get(broker)?.keys() ?? [])];
  }

  has(broker: string, topic: string): boolean {
    return this.#held.get(broker)?.has(topic) ?? false;
  }

  /** Notes that `topic` is about to be published, with the components in it. */
  add(broker: string, topic: string, components: Components = new Map()): void {
    if (!this.has(broker, topic)) this.#changed = true;
    const held = this.#topic(broker, topic);
    for (const [component, platform] of components) {
      if (held.get(component) === platform) continue;
      held.set(component, platform);
      this.#changed = true;
    }
  }

  /** Components that Home Assistant was given under `topic` and that are not among `current`. */
  gone(broker: string, topic: string, current: Components): Components {
    const held = this.#held.get(broker)?.get(topic) ?? new Map<string, string>();
    return new Map([...held].filter(([component]) => !current.has(component)));
  }

  /** Notes that Home Assistant was told to remove these components. */
  settle(broker: string, topic: string, removed: Components): void {
    const held = this.#held.get(broker)?.get(topic);
    for (const component of removed.keys()) if (held?.delete(component)) this.#changed = true;
  }

  /** Notes that `topic` was cleared. */
  drop(broker: string, topic: string): void {
    if (this.#held.get(broker)?.delete(topic)) this.#changed = true;
  }

  /** Hands the entries to the memory if any changed since the last time. */
  save(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const entries: string[] = [];
    for (const [broker, topics] of this.#held) {
      for (const [topic, components] of topics) {
        entries.push(`${broker} ${topic}`);
        for (const [component, platform] of components) entries.push(`${broker} ${topic}#${platform}.${component}`);
      }
    }
    this.#memory.save(entries);
  }

  #topic(broker: string, topic: string): Map<string, string> {
    const topics = this.#held.get(broker) ?? new Map<string, Map<string, string>>();
    this.#held.set(broker, topics);
    const components = topics.get(topic) ?? new Map<string, string>();
    topics.set(topic, components);
    return components;
  }
}
