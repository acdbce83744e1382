// What the main thread hands to the writer's thread, and what it hears back.

import type { AuditRow } from '../../agents/oracle/audit-storage.ts';
import type { TokenRow } from '../security/tokens.ts';
import type { EventView, ObservationView } from '../view/schema.ts';
import type { ExperienceChange } from './experience.ts';
import type { FederationChange } from './federation.ts';
import type { JobChange } from './jobs.ts';
import type { HealingChange } from './knowledge.ts';
import type { MeasurementRow } from './measurements.ts';
import type { Table } from './migrations.ts';
import type { RecoveryReport } from './recovery.ts';
import type { RetentionLimits } from './retention.ts';
import type { SnapshotRow } from './snapshots.ts';

/** A write that somebody waits for. */
export type AcknowledgedWrite =
  | { table: 'state'; key: string; json: string }
  | { table: 'tokens'; token: TokenRow }
  | { table: 'jobs'; change: JobChange }
  | { table: 'audit'; rows: AuditRow[] }
  | { table: 'experience'; change: ExperienceChange }
  | { table: 'federation'; change: FederationChange }
  | { table: 'healing'; change: HealingChange };

/** About how much memory a write takes while it waits. */
export function bytesOf(write: AcknowledgedWrite): number {
  return Object.values(write).reduce<number>((sum, value) => sum + sizeOf(value), 0);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (Array.isArray(value)) {
    let sum = 0;
    for (const item of value) sum += sizeOf(item);
    return sum;
  }
  return typeof value === 'object' && value !== null ? sizeOf(Object.values(value)) : 8;
}

/** Rows for one transaction. Writing a batch twice leaves the same rows as writing it once. */
export interface Batch {
  writes: AcknowledgedWrite[];
  events: EventView[];
  observations: ObservationView[];
  snapshots: SnapshotRow[];
  measurements: MeasurementRow[];
  /** Whether the commit is synced to the disk before the answer. */
  synced: boolean;
}

/** The store's size and cost as the writer knows them. */
export interface Figures {
  /** Bytes of the file and its log. */
  bytes: number;
  /** Bytes that the writer's thread has written since it started. */
  writtenBytes: number;
  rows: Record<Table, number>;
}

/** One error that crosses the thread's border. */
export interface PlainError {
  code: string;
  message: string;
  hint?: string;
}

export interface BatchOutcome {
  /** Rows that the file will never accept, such as text that is too long. */
  refused: { write: number | undefined; error: PlainError }[];
  /** Rows that each acknowledged write added to its tables, in the order of the writes. */
  added: number[];
}

export type Request =
  | { kind: 'open' }
  | { kind: 'batch'; batch: Batch }
  | { kind: 'retain'; limits: RetentionLimits; now: number }
  | { kind: 'checkpoint' }
  | { kind: 'close' };

/** What `open` did besides opening. */
export interface OpenReport {
  version: number;
  /** Version before a migration; 0 for a new file, the current one when nothing was to do. */
  migratedFrom: number;
  recovery?: RecoveryReport;
  lastEventId: number;
}

interface Results {
  open: OpenReport;
  batch: BatchOutcome;
  /** Whether there is more to remove. */
  retain: { more: boolean };
  checkpoint: Record<string, never>;
  close: Record<string, never>;
}
export type Result<K extends Request['kind'] = Request['kind']> = Results[K];

/** The answer to the request of the same number. */
export type Answer = { number: number; figures: Figures | undefined } & (
  | { ok: true; result: Result }
  | { ok: false; error: PlainError }
);
