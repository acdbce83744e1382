// The journal of incidents: the newest ones in memory, all that is kept in the store, through restarts.

import { Value } from 'typebox/value';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { type IncidentStorage, IncidentView, isOver } from './incident.ts';

const MOST_INCIDENTS = 500;

export class IncidentLog {
  readonly #storage: IncidentStorage;
  readonly #logger: Logger;
  /** In the order in which they began. */
  readonly #incidents = new Map<string, IncidentView>();
  /** Changed since they were last written. */
  readonly #unwritten = new Set<string>();
  #writing: Promise<void> | undefined;

  constructor(storage: IncidentStorage, logger: Logger) {
    this.#storage = storage;
    this.#logger = logger;
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

  /** Keeps the story as it is now, and writes it soon; many changes at once are written once. */
  put(incident: IncidentView): void {
    this.#incidents.set(incident.id, structuredClone(incident));
    if (this.#incidents.size > MOST_INCIDENTS) this.#incidents.delete(this.#incidents.keys().next().value!);
    this.#unwritten.add(incident.id);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Newest first. */
  all(): IncidentView[] {
    return [...this.#incidents.values()].toReversed();
  }

  find(id: string): IncidentView | undefined {
    return this.#incidents.get(id);
  }

  /** Resolves when everything is written, or was given up on. */
  async settled(): Promise<void> {
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
