// The store as a service: one SQLite file, written by a thread of its own, read here. Rows are seen by reads from the
// moment they are handed over; what is on the disk when is told in docs/store.md.

import { EventEmitter } from 'node:events';
import { readFile, statfs } from 'node:fs/promises';
import type { AuditStorage } from '../../agents/oracle/audit-storage.ts';
import type { JobStorage } from '../../agents/swarm/job-storage.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal, JournalEntry } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import { systemRandom } from '../clock.ts';
import type { TokenRow, TokenStorage } from '../security/tokens.ts';
import type { ObservationPage } from '../view/camera-schema.ts';
import type { EventView, ObservationView, StoreView } from '../view/schema.ts';
import type { EventQuery, ObservationQuery, ObservationSearch, Snapshot } from '../view/view.ts';
import type { StoreAccess } from './access.ts';
import { StoredAudit } from './audit.ts';
import { Caretaker } from './caretaker.ts';
import { CommitLoop, type WriteState } from './commit-loop.ts';
import type { StoreConfig } from './config.ts';
import { type Connection, faultOf, openReadOnly, storeError } from './database.ts';
import { listEvents, toEvent } from './events.ts';
import { StoredExperience } from './experience.ts';
import { StoredFederation } from './federation.ts';
import { StoredJobs } from './jobs.ts';
import { parseJson } from './json.ts';
import { StoredHealing } from './knowledge.ts';
import { MINUTE, readSeries } from './measurements.ts';
import { newsOfOpening, newsOfState } from './news.ts';
import { searchObservations } from './observation-search.ts';
import { listObservations } from './observations.ts';
import type { CheckResult } from './offline.ts';
import { databaseFile } from './paths.ts';
import { PendingRows } from './pending-rows.ts';
import { MeasuredSeries } from './series.ts';
import { isSnapshotId, MOST_JPEG_BYTES, snapshotFile } from './snapshots.ts';
import { removeSpares } from './spares.ts';
import { readState } from './state.ts';
import { listTokens } from './tokens.ts';
import { Writer } from './writer.ts';

export interface StoreOptions {
  /** The node's data folder; made if it is missing. */
  dataDir: string;
  config: StoreConfig;
  /** Seconds that rows may wait for a batch: the profile's, used unless `config` has one. */
  flushInterval: number;
  /** How long and how many snapshots are kept. */
  snapshots: { keepDays: number; maxBytes: number };
  /** SQLite's page cache for reads. */
  cacheBytes: number;
  clock: Clock;
  logger: Logger;
}

/** Entries recorded before the start that are kept until then. */
const MOST_EARLY = 1000;
const MOST_EXPERIENCE_ROWS = 100_000;
/** Ids left out after a repair: events that were lost may have been told under the next ones. */
const REPAIR_GAP = 1000;

export interface StoreEvents {
  /** An entry of the journal, at once and with its id. */
  event: [EventView];
  /** Why rows are not kept now, or undefined when they are again. */
  trouble: [cause: string | undefined];
}

export class Store extends EventEmitter<StoreEvents> implements Service {
  readonly name = 'store';
  /** Records never throw and never block; entries from before the start are kept until then. */
  readonly journal: Journal = { record: (entry) => this.#record(entry) };
  /** Where the API's tokens are kept. */
  readonly tokens: TokenStorage = {
    list: () => this.#listTokens(),
    put: async (token) => void (await this.#loop.acknowledge({ table: 'tokens', token: { ...token } })),
  };
  /** Where the swarm keeps jobs and receipts. */
  readonly jobs: JobStorage;
  /** Where the oracle keeps its decisions. */
  readonly audit: AuditStorage;
  /** Where the learner keeps what it learns from. */
  readonly experience: StoredExperience;
  /** Where a coordinator keeps rounds, updates, models and the experience of the nodes. */
  readonly federation: StoredFederation;
  /** Where the self-healing keeps its stories, its questions and what it learned. */
  readonly healing: StoredHealing;

  readonly #options: StoreOptions;
  readonly #file: string;
  readonly #rows = new PendingRows();
  readonly #series = new MeasuredSeries();
  readonly #writer: Writer;
  readonly #loop: CommitLoop;
  readonly #caretaker: Caretaker;
  #reader: Connection | undefined;
  #early: { entry: JournalEntry; at: number }[] = [];
  /** Undefined until the file has told the last one used. */
  #nextEventId: number | undefined;
  #schemaVersion = 0;
  #measuring: Timer | undefined;

  constructor(options: StoreOptions) {
    super();
    const { dataDir, config, clock } = options;
    this.#options = options;
    this.#file = databaseFile(dataDir);
    this.#writer = new Writer(dataDir);
    this.#loop = new CommitLoop({
      rows: this.#rows,
      writer: this.#writer,
      clock,
      random: systemRandom(),
      flushInterval: (config.flushInterval ?? options.flushInterval) * 1000,
      reopen: () => this.#open(),
      freeBytes: async () => {
        const { bavail, bsize } = await statfs(dataDir);
        return bavail * bsize;
      },
      onState: (state, before) => this.#onState(state, before),
    });
    const access: StoreAccess = {
      write: (write) => this.#loop.acknowledge(write),
      waiting: () => this.#rows.writes(),
      read: (query) => this.#readOrThrow(query),
    };
    this.jobs = new StoredJobs(access);
    this.audit = new StoredAudit(access);
    const bytes = Math.min(config.experienceBytes, config.maxBytes / 4);
    this.experience = new StoredExperience(access, { rows: MOST_EXPERIENCE_ROWS, bytes });
    this.federation = new StoredFederation(access, this.experience);
    this.healing = new StoredHealing(access);
    this.#caretaker = new Caretaker({ ...options, writer: this.#writer, loop: this.#loop, journal: this.journal });
  }

  /** Opens the file, repairing and migrating it as needed. Rejects with a coded error when that cannot be. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const onAbort = (): void => void this.#writer.terminate();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#open();
    } catch (error) {
      await this.#writer.terminate();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    this.#loop.open();
    this.#caretaker.start();
    this.#scheduleMeans();
  }

  /** Writes what waits, copies the log back and closes the file. */
  async stop(): Promise<void> {
    this.#measuring?.cancel();
    await this.#caretaker.stop();
    this.#closeMeans();
    await this.#loop.close();
    this.#closeReader();
    // A thread that has died already has nothing to close.
    await this.#writer.close().catch(() => {});
  }

  /** What stands in the journal: newest first, or with `after` oldest first. */
  events(query: EventQuery): EventView[] {
    return this.#read((db) => listEvents(db, this.#rows.events(), query));
  }

  /** Keeps the newest form of an observation. Start and end are on the disk within the flush interval. */
  recordObservation(observation: ObservationView): void {
    this.#rows.addObservation(observation);
    // What merely changes goes with the next batch, a minute later at most: a page written each second wears flash.
    if (observation.phase !== 'update') this.#loop.soon();
  }

  /** Newest start first; `since` and `until` bound the start. */
  observations(query: ObservationQuery): ObservationView[] {
    return this.#read((db) => listObservations(db, this.#rows.observations(), query));
  }

  /** Newest start first, a page at a time. Throws `CURSOR_INVALID`. */
  searchObservations(query: ObservationSearch): ObservationPage {
    return this.#read((db) => searchObservations(db, this.#rows.observations(), query));
  }

  /**
   * Keeps a picture under the id of its observation. Pictures over 2 MB and ids that cannot be file names are shed.
   * @param at milliseconds since 1970
   */
  saveSnapshot(id: string, jpeg: Uint8Array, at: number): void {
    if (!isSnapshotId(id) || jpeg.byteLength > MOST_JPEG_BYTES) {
      this.#rows.countShed(1);
      return;
    }
    this.#rows.addSnapshot({ id, jpeg, at });
    this.#loop.soon();
  }

  async snapshot(id: string): Promise<Snapshot | undefined> {
    const waiting = this.#rows.snapshot(id);
    if (waiting !== undefined) return { picture: waiting.jpeg, at: waiting.at };
    if (!isSnapshotId(id)) return undefined;
    const at = this.#read((db) =>
      db?.prepare<[string], number>('SELECT at FROM snapshots WHERE id = ?').pluck().get(id),
    );
    if (at === undefined) return undefined;
    const picture = await readFile(snapshotFile(this.#options.dataDir, id)).catch(() => undefined);
    return picture === undefined ? undefined : { picture, at };
  }

  /** Takes one value of a series in. @param at milliseconds since 1970 */
  measure(series: string, at: number, value: number): void {
    if (!this.#series.add(series, at, value)) this.#rows.countShed(1);
  }

  /** The last ten minutes as they were measured, before that means of a minute; `[at, value][]`, newest last. */
  history(series: string, since: number): [number, number][] {
    const recent = this.#series.recent(series, since);
    const until = recent[0]?.[0] ?? Number.MAX_SAFE_INTEGER;
    const waiting = this.#rows
      .measurements()
      .map(({ minute, means }): [number, number | undefined] => [minute * MINUTE, means[series]])
      .filter((point): point is [number, number] => point[1] !== undefined && point[0] >= since && point[0] < until);
    const stored = this.#read((db) =>
      db === undefined ? [] : readSeries(db, series, since, Math.min(until, waiting[0]?.[0] ?? until)),
    );
    return [...stored, ...waiting, ...recent];
  }

  /** Resolves once the value (anything JSON has) is on the disk, synced. */
  async putState(key: string, value: unknown): Promise<void> {
    const json = JSON.stringify(value);
    if (json === undefined) throw new ParlmeshError('STORE_REFUSED', `The value of "${key}" is not JSON`);
    await this.#loop.acknowledge({ table: 'state', key, json });
  }

  /** The value last put under a key, undefined if there is none. Throws when the file cannot be read. */
  state(key: string): unknown {
    const waiting = this.#rows.writes().findLast((write) => write.table === 'state' && write.key === key);
    if (waiting?.table === 'state') return parseJson(waiting.json);
    return this.#readOrThrow((db) => readState(db, key));
  }

  status(): StoreView {
    const { figures } = this.#writer;
    const { state } = this.#loop;
    const { lastBackupAt } = this.#caretaker;
    const cause = state.kind === 'full' || state.kind === 'failed' ? state.cause : undefined;
    return {
      path: this.#file,
      bytes: figures?.bytes ?? 0,
      schemaVersion: this.#schemaVersion,
      state: state.kind === 'open' || state.kind === 'closed' ? 'ok' : state.kind,
      ...(cause === undefined ? {} : { cause }),
      queued: this.#rows.size,
      shed: this.#rows.shed,
      writtenBytes: this.#caretaker.writtenBytes,
      writtenBytesLastHour: this.#caretaker.writtenBytesLastHour,
      ...(lastBackupAt === undefined ? {} : { lastBackupAt }),
      rows: { ...figures?.rows },
    };
  }

  /** Writes what waits and copies the log back into the file. */
  async checkpoint(): Promise<void> {
    await this.#loop.drain();
    await this.#writer.request({ kind: 'checkpoint' });
  }

  /** Writes a checked backup now. */
  async backup(): Promise<{ file: string; bytes: number }> {
    const { file, bytes } = await this.#caretaker.backup();
    return { file, bytes };
  }

  /** Deletes old history beyond that share of what the configuration keeps, and files that only a repair left behind. */
  async freeSpace(share: number): Promise<void> {
    removeSpares(this.#options.dataDir);
    await this.#caretaker.retain(share);
  }

  /** Reads the whole file for damage, in a thread of its own. */
  check(): Promise<CheckResult> {
    return this.#caretaker.check();
  }

  /** Makes a backup the store; the present file is kept beside it. Rows that wait now are written before. */
  async restore(file: string): Promise<{ replaced?: string }> {
    await this.#loop.drain();
    await this.#loop.close();
    this.#closeReader();
    await this.#writer.close();
    try {
      return await this.#caretaker.restore(file);
    } finally {
      const failure = await this.#open().then(
        () => undefined,
        (error: unknown) => storeError(error, this.#file),
      );
      this.#loop.open();
      // Then it is tried again like any damage.
      if (failure !== undefined) this.#loop.distrust(failure);
    }
  }

  async #open(): Promise<void> {
    this.#closeReader();
    await this.#writer.terminate();
    const report = await this.#writer.request({ kind: 'open' });
    this.#reader = openReadOnly(this.#file, this.#options.cacheBytes);
    this.#schemaVersion = report.version;
    const gap = report.recovery === undefined ? 1 : REPAIR_GAP;
    this.#nextEventId = Math.max(this.#nextEventId ?? 0, report.lastEventId + gap);
    for (const { entry, at } of this.#early.splice(0)) this.#record(entry, at);
    for (const entry of newsOfOpening(report)) this.#record(entry);
  }

  #record(entry: JournalEntry, at = this.#options.clock.wall()): void {
    if (this.#nextEventId === undefined) {
      if (this.#early.length < MOST_EARLY) this.#early.push({ entry, at });
      else this.#rows.countShed(1);
      return;
    }
    const event = toEvent(entry, this.#nextEventId++, at);
    this.#rows.addEvent(event);
    this.#loop.soon();
    try {
      this.emit('event', event);
    } catch (error) {
      this.#options.logger.error({ error: messageOf(error) }, 'a listener of the journal failed');
    }
  }

  #onState(state: WriteState, before: WriteState): void {
    const news = newsOfState(state, before, this.#rows.shed);
    if (news === undefined) return;
    this.#record(news.entry);
    this.emit('trouble', news.trouble);
  }

  /** Means become a row once a minute; a fifth as often while the hour's write budget is spent. */
  #scheduleMeans(): void {
    const period = this.#caretaker.overBudget ? 5 * MINUTE : MINUTE;
    this.#measuring = this.#options.clock.after(period, () => {
      this.#closeMeans();
      if (this.#rows.size > 0) this.#loop.soon();
      this.#scheduleMeans();
    });
  }

  #closeMeans(): void {
    const row = this.#series.close();
    if (row !== undefined) this.#rows.addMeasurements(row);
  }

  #listTokens(): TokenRow[] {
    const tokens = new Map(this.#readOrThrow(listTokens).map((token) => [token.id, token]));
    for (const write of this.#rows.writes()) {
      if (write.table === 'tokens') tokens.set(write.token.id, write.token);
    }
    return [...tokens.values()];
  }

  /** For history: what waits is better than nothing while the file cannot be read. */
  #read<T>(query: (db: Connection | undefined) => T): T {
    if (this.#reader === undefined) return query(undefined);
    try {
      return query(this.#reader);
    } catch (error) {
      this.#onReadError(error);
      return query(undefined);
    }
  }

  /** For what decides: no token and no sequence number is not the same as none that could be read. */
  #readOrThrow<T>(query: (db: Connection) => T): T {
    if (this.#reader === undefined) throw new ParlmeshError('STORE_CLOSED', `${this.#file} is not open`);
    try {
      return query(this.#reader);
    } catch (error) {
      this.#onReadError(error);
      throw storeError(error, this.#file);
    }
  }

  #onReadError(error: unknown): void {
    this.#options.logger.warn({ error: messageOf(error) }, 'reading the store failed');
    if (faultOf(error) === 'corrupt') this.#loop.distrust(storeError(error, this.#file));
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }
}
