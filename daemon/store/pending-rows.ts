// Rows that are not on the disk yet: the bounded queue before the writer, which reads look through too. When it is
// full, it gives up what is missed least: measurements, snapshots, observations, then events that are not errors.

import { ParlmeshError } from '../../core/errors.ts';
import type { Severity } from '../../core/journal.ts';
import type { EventView, ObservationView } from '../view/schema.ts';
import { type AcknowledgedWrite, type Batch, type BatchOutcome, bytesOf } from './batch.ts';
import { fromPlain } from './job.ts';
import type { MeasurementRow } from './measurements.ts';
import type { SnapshotRow } from './snapshots.ts';

export interface Bounds {
  /** Rows of history together; as many acknowledged writes again. */
  rows: number;
  /** Bytes of waiting writes that somebody waits for. */
  writeBytes: number;
  /** Bytes of waiting snapshots. */
  snapshotBytes: number;
}

interface Acknowledged {
  write: AcknowledgedWrite;
  resolve: (added: number) => void;
  reject: (error: Error) => void;
}

interface Rows {
  acknowledged: Acknowledged[];
  acknowledgedBytes: number;
  events: EventView[];
  observations: Map<string, ObservationView>;
  snapshots: Map<string, SnapshotRow>;
  measurements: MeasurementRow[];
  synced: boolean;
}

export class PendingRows {
  readonly #bounds: Bounds;
  #waiting = noRows();
  /** Handed to the writer, not yet known to be written. */
  #taken: Rows | undefined;
  #shed = 0;

  constructor(bounds: Bounds = { rows: 5000, writeBytes: 32_000_000, snapshotBytes: 8_000_000 }) {
    this.#bounds = bounds;
  }

  /** Rows that wait for the disk. */
  get size(): number {
    return sizeOf(this.#waiting) + (this.#taken === undefined ? 0 : sizeOf(this.#taken));
  }

  /** Whether a waiting write is to be acknowledged. */
  get someoneWaits(): boolean {
    return this.#waiting.acknowledged.length > 0;
  }

  /** Rows given up so far. */
  get shed(): number {
    return this.#shed;
  }

  /** Counts rows that were given up before they came here. */
  countShed(rows: number): void {
    this.#shed += rows;
  }

  addEvent(event: EventView): void {
    this.#waiting.events.push(event);
    this.#waiting.synced = true;
    this.#keepBounds();
  }

  /** Keeps the newest form only. Starts and ends are worth a sync, what changes in between is not. */
  addObservation(observation: ObservationView): void {
    const { observations } = this.#waiting;
    observations.delete(observation.id);
    observations.set(observation.id, observation);
    if (observation.phase !== 'update') this.#waiting.synced = true;
    this.#keepBounds();
  }

  addSnapshot(snapshot: SnapshotRow): void {
    this.#waiting.snapshots.delete(snapshot.id);
    this.#waiting.snapshots.set(snapshot.id, snapshot);
    this.#keepBounds();
  }

  addMeasurements(row: MeasurementRow): void {
    this.#waiting.measurements.push(row);
    this.#keepBounds();
  }

  /** Resolves with the rows it added once the write is on the disk. Rejects with the cause when that cannot be. */
  acknowledge(write: AcknowledgedWrite): Promise<number> {
    return new Promise((resolve, reject) => {
      const { acknowledged, acknowledgedBytes } = this.#waiting;
      const bytes = bytesOf(write);
      // A write larger than the bound is taken when it is alone: its maker bounds it.
      const tooLarge = acknowledged.length > 0 && acknowledgedBytes + bytes > this.#bounds.writeBytes;
      if (tooLarge || acknowledged.length >= this.#bounds.rows) {
        const busy = `${acknowledged.length} writes of ${acknowledgedBytes} bytes wait for the disk already`;
        throw new ParlmeshError('STORE_BUSY', busy, { hint: 'Try again later; the disk is too slow for this load' });
      }
      acknowledged.push({ write, resolve, reject });
      this.#waiting.acknowledgedBytes += bytes;
      this.#waiting.synced = true;
    });
  }

  /** Everything that waits, as one batch; undefined when nothing does. Then `settle` or `giveBack` must follow. */
  take(): Batch | undefined {
    const rows = this.#waiting;
    if (sizeOf(rows) === 0) return undefined;
    this.#taken = rows;
    this.#waiting = noRows();
    return {
      writes: rows.acknowledged.map(({ write }) => write),
      events: rows.events,
      observations: [...rows.observations.values()],
      snapshots: [...rows.snapshots.values()],
      measurements: rows.measurements,
      synced: rows.synced,
    };
  }

  /** The taken rows are written. */
  settle({ refused, added }: BatchOutcome): void {
    const acknowledged = this.#taken?.acknowledged ?? [];
    this.#taken = undefined;
    for (const { write, error } of refused) {
      if (write === undefined) this.#shed += 1;
      else acknowledged[write]?.reject(fromPlain(error));
    }
    // A promise settles once: those refused stay so.
    for (const [index, { resolve }] of acknowledged.entries()) resolve(added[index] ?? 0);
  }

  /** The taken rows are not written: they wait again, before all newer ones. */
  giveBack(): void {
    const older = this.#taken;
    if (older === undefined) return;
    this.#taken = undefined;
    const newer = this.#waiting;
    this.#waiting = {
      acknowledged: [...older.acknowledged, ...newer.acknowledged],
      acknowledgedBytes: older.acknowledgedBytes + newer.acknowledgedBytes,
      events: [...older.events, ...newer.events],
      observations: new Map([...older.observations, ...newer.observations]),
      snapshots: new Map([...older.snapshots, ...newer.snapshots]),
      measurements: [...older.measurements, ...newer.measurements],
      synced: older.synced || newer.synced,
    };
    this.#keepBounds();
  }

  /** Rejects every write that somebody waits for. */
  rejectAcknowledged(error: Error): void {
    for (const { reject } of this.#waiting.acknowledged.splice(0)) reject(error);
    this.#waiting.acknowledgedBytes = 0;
  }

  /** Gives up all but events and acknowledged writes, for a disk that is full. */
  shedDispensable(): void {
    const { observations, snapshots, measurements } = this.#waiting;
    this.#shed += observations.size + snapshots.size + measurements.length;
    observations.clear();
    snapshots.clear();
    measurements.length = 0;
  }

  /** Waiting events, ascending by id. */
  events(): EventView[] {
    return [...(this.#taken?.events ?? []), ...this.#waiting.events];
  }

  /** The newest forms of waiting observations. */
  observations(): ObservationView[] {
    return [...new Map([...(this.#taken?.observations ?? []), ...this.#waiting.observations]).values()];
  }

  snapshot(id: string): SnapshotRow | undefined {
    return this.#waiting.snapshots.get(id) ?? this.#taken?.snapshots.get(id);
  }

  measurements(): MeasurementRow[] {
    return [...(this.#taken?.measurements ?? []), ...this.#waiting.measurements];
  }

  /** Writes that somebody waits for, oldest first. */
  writes(): AcknowledgedWrite[] {
    return [...(this.#taken?.acknowledged ?? []), ...this.#waiting.acknowledged].map(({ write }) => write);
  }

  #keepBounds(): void {
    const { snapshots } = this.#waiting;
    let bytes = 0;
    for (const { jpeg } of snapshots.values()) bytes += jpeg.byteLength;
    while (bytes > this.#bounds.snapshotBytes) bytes -= this.#shedFirst(snapshots)?.jpeg.byteLength ?? bytes;
    while (sizeOf(this.#waiting) - this.#waiting.acknowledged.length > this.#bounds.rows && this.#shedOne());
  }

  /** Gives up the row that is missed least; false when there is none. */
  #shedOne(): boolean {
    const { measurements, snapshots, observations } = this.#waiting;
    if (measurements.shift() !== undefined) this.#shed += 1;
    else if (this.#shedFirst(snapshots) === undefined && this.#shedFirst(observations) === undefined) {
      return this.#shedEvent('info') || this.#shedEvent('warning') || this.#shedEvent('error');
    }
    return true;
  }

  #shedFirst<T>(rows: Map<string, T>): T | undefined {
    for (const [id, row] of rows) {
      rows.delete(id);
      this.#shed += 1;
      return row;
    }
    return undefined;
  }

  /** Errors too go in the end, oldest first: a queue of nothing but errors must not take the node's memory. */
  #shedEvent(severity: Severity): boolean {
    const { events } = this.#waiting;
    const index = events.findIndex((event) => event.severity === severity);
    if (index < 0) return false;
    events.splice(index, 1);
    this.#shed += 1;
    return true;
  }
}

function noRows(): Rows {
  return {
    acknowledged: [],
    acknowledgedBytes: 0,
    events: [],
    observations: new Map(),
    snapshots: new Map(),
    measurements: [],
    synced: false,
  };
}

function sizeOf({ acknowledged, events, observations, snapshots, measurements }: Rows): number {
  return acknowledged.length + events.length + observations.size + snapshots.size + measurements.length;
}
