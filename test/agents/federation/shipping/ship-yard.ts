// Nodes that ship their experience to a coordinator over a network in memory, on virtual time. Each can be killed and comes
// back with what its store holds; what was stored is kept apart, to be compared at the end.

import Database from 'better-sqlite3';
import { Value } from 'typebox/value';
import type { Leadership } from '../../../../agents/federation/rounds/ports.ts';
import { ShippingConfig } from '../../../../agents/federation/shipping/config.ts';
import { schemaOf } from '../../../../agents/federation/shipping/messages.ts';
import { ExperienceReceiver, type ExperienceReceiverParts } from '../../../../agents/federation/shipping/receiver.ts';
import { ExperienceShipper, type ExperienceShipperParts } from '../../../../agents/federation/shipping/shipper.ts';
import type { FederationStorage } from '../../../../agents/federation/storage.ts';
import type { ExperienceRow } from '../../../../agents/parl/experience-storage.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import type { JournalEntry } from '../../../../core/journal.ts';
import { silentLogger } from '../../../../core/logger.ts';
import { type Random, seededRandom } from '../../../../core/random.ts';
import { type ExperienceBounds, experienceWriter, StoredExperience } from '../../../../daemon/store/experience.ts';
import { migrate } from '../../../../daemon/store/migrations.ts';
import { Exchange, type ExchangeOptions, type MemoryNetwork } from '../../exchange.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';

/** Decisions in the form of tests: six bytes that tell it, then as many bytes as decisions, then anything. */
export function packed(decisions: number, bytes: number, form = 1): Uint8Array {
  const data = new Uint8Array(Math.max(8, bytes)).fill(decisions % 251);
  const view = new DataView(data.buffer);
  view.setUint16(0, form);
  view.setUint16(2, 25);
  view.setUint16(4, 10);
  view.setUint16(6, decisions);
  return data;
}

export const SCHEMA = schemaOf(packed(0, 8));

export function count(data: Uint8Array): number {
  if (data.length < 8 || schemaOf(data) !== SCHEMA) throw new Error('these are no decisions');
  return new DataView(data.buffer, data.byteOffset).getUint16(6);
}

export const config: ShippingConfig = Value.Default(ShippingConfig, {}) as ShippingConfig;

/** The node's own table of experience, as it is in its store. */
export function ownStore(most: ExperienceBounds = { rows: 1e6, bytes: 1e9 }): StoredExperience {
  const db = new Database(':memory:');
  migrate(db);
  const write = experienceWriter(db);
  return new StoredExperience(
    {
      write: async (item) => (item.table === 'experience' ? write(item.change).count : 0),
      waiting: () => [],
      read: (query) => query(db),
    },
    most,
  );
}

export class Yard {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly exchange: Exchange;
  readonly journal: JournalEntry[] = [];
  coordinator: string | undefined = 'hub';
  readonly #listeners = new Set<() => void>();

  constructor(seed = 1, options: Partial<ExchangeOptions> = {}) {
    this.random = seededRandom(seed);
    this.exchange = new Exchange({ clock: this.clock, random: this.random, ...options });
  }

  readonly leadership: Leadership = {
    current: () => (this.coordinator === undefined ? undefined : { node: this.coordinator, term: 1 }),
    onChange: (listener) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };

  /** Another coordinator, or none. */
  elect(node: string | undefined): void {
    this.coordinator = node;
    for (const listener of this.#listeners) listener();
  }

  receiver(
    id: string,
    storage: Pick<FederationStorage, 'putExperience' | 'received' | 'skipTo'> = new MemoryFederationStorage(),
    parts: Partial<ExperienceReceiverParts> = {},
  ): ExperienceReceiver {
    return new ExperienceReceiver({
      ...{ network: parts.network ?? this.exchange.join(id), storage, schema: SCHEMA, count, config },
      ...{ coordinates: () => this.coordinator === id, refuses: () => undefined },
      ...{ clock: this.clock, logger: silentLogger, ...parts },
    });
  }

  shipper(
    id: string,
    storage: StoredExperience,
    parts: Partial<ExperienceShipperParts> & { network?: MemoryNetwork } = {},
  ): ExperienceShipper {
    return new ExperienceShipper({
      ...{
        network: parts.network ?? this.exchange.join(id),
        storage,
        leadership: this.leadership,
        schema: SCHEMA,
        count,
      },
      ...{ vetoes: () => undefined, config, clock: this.clock, random: this.random, logger: silentLogger },
      journal: { record: (entry) => this.journal.push(entry) },
      ...parts,
    });
  }
}

/** Rows of a node, with numbers from `from` on. */
export function lived(node: string, from: number, rows: number, changes: Partial<ExperienceRow> = {}): ExperienceRow[] {
  return Array.from({ length: rows }, (_, index) => {
    const sequence = from + index;
    const data = changes.data ?? packed(sequence % 100, 100 + (sequence % 7));
    return {
      node,
      sequence,
      at: 1e12 + sequence,
      version: 1,
      priority: 1,
      decisions: sequence % 100,
      ...changes,
      data,
    };
  });
}
