// The journal of incidents: the newest ones in memory, all that is kept in the store, through restarts.

import { Value } from 'typebox/value';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { copyOf, type IncidentStorage, IncidentView, isOver } from './incident.ts';

const MOST_INCIDENTS = 500;

export class IncidentLog {
  readonly #storage: IncidentStorage;
  readonly #logger: Logger;
  readonly #onTold: (incident: IncidentView) => void;
  /** Stories that changed and were not told yet, by id. */
  readonly #changed = new Map<string, IncidentView>();
  #telling = false;
  /** In the order in which they began. */
  readonly #incidents = new Map<string, IncidentView>();
  /** Changed since they were last written. */
  readonly #unwritten = new Set<string>();
  #writing: Promise<void> | undefined;

  /** @param onTold is called with each story as it is after a change; must not throw */
  constructor(storage: IncidentStorage, logger: Logger, onTold: (incident: IncidentView) => void) {
    this.#storage = storage;
    this.#logger = logger;
    this.#onTold = onTold;
  }

  /** What was under way when the daemon ended is closed as interrupted, unless people are asked about it. */
  async load(isAsked: (question: string) => boolean, wall: number): Promise<void> {
    try {
      const stored = (await this.#storage.recent(MOST_INCIDENTS)).filter((one) => Value.Check(IncidentView, one));
      for (const incident of stored.reverse()) {
        const mayGoOn = incident.state === 'asked' && incident.question !== undefined && isAsked(incident.question);
        if (!isOver(incident) && !mayGoOn) {
          Object.assign(incident, { state: 'interrupted', outcome: 'The daemon ended meanwhile', closedAt: wall });
          this.put(incident);
        } else {
          this.#incidents.set(incident.id, incident);
        }
      }
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'the journal of incidents could not be read: it begins anew');
    }
  }

  /** The story goes on: told once in this turn, however often it changes. */
  changed(incident: IncidentView): void {
    this.#changed.set(incident.id, incident);
    if (this.#telling) return;
    this.#telling = true;
    queueMicrotask(() => this.tell());
  }

  /** Tells now what changed. */
  tell(): void {
    this.#telling = false;
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    for (const incident of changed) {
      this.put(incident);
      this.#onTold(this.#incidents.get(incident.id)!);
    }
  }

  /** Keeps the story as it is now, and writes it soon. */
  put(incident: IncidentView): void {
    this.#incidents.set(incident.id, copyOf(incident));
    if (this.#incidents.size > MOST_INCIDENTS) this.#incidents.delete(this.#incidents.keys().next().value!);
    this.#unwritten.add(incident.id);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Newest first. */
  all(): IncidentView[] {
    this.tell();
    return [...this.#incidents.values()].toReversed();
  }

  find(id: string): IncidentView | undefined {
    this.tell();
    return this.#incidents.get(id);
  }

  /** Resolves when everything is written, or was given up on. */
  async settled(): Promise<void> {
    this.tell();
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    await Promise.resolve();
    for (const id of this.#unwritten) {
      this.#unwritten.delete(id);
      const incident = this.#incidents.get(id);
      if (incident === undefined) continue;
      try {
        await this.#storage.put(incident);
      } catch (error) {
        this.#logger.warn({ incident: id, error: messageOf(error) }, 'an incident could not be written');
      }
    }
  }
}
