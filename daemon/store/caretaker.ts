// What the store does by the clock: retention, backups, and keeping count of what is written.

import { type Clock, delay, type Millis, type Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import { type BackupFile, listBackups } from './backups.ts';
import type { CommitLoop } from './commit-loop.ts';
import type { StoreConfig } from './config.ts';
import { HourlyBytes } from './hourly-bytes.ts';
import { type Job, type JobResult, runJob } from './job.ts';
import { MINUTE } from './measurements.ts';
import type { CheckResult } from './offline.ts';
import type { RetentionLimits } from './retention.ts';
import type { Writer } from './writer.ts';

export interface CaretakerOptions {
  dataDir: string;
  config: StoreConfig;
  snapshots: RetentionLimits['snapshots'];
  clock: Clock;
  logger: Logger;
  writer: Writer;
  loop: CommitLoop;
  journal: Journal;
}

const HOUR = 60 * MINUTE;
const RETENTION_INTERVAL = 10 * MINUTE;
/** A file so much larger than it should be does not wait for that. */
const OVER_SIZE = 1.2;
/** Between two steps of retention: the writer's batches come first. */
const RETENTION_PAUSE = 20;
/** No backup sooner after the start: it competes with everything else that starts. */
const FIRST_BACKUP = 10 * MINUTE;
/** Share of the write budget that scheduled backups may use; a large store is backed up less often. */
const BACKUP_SHARE = 0.5;

export class Caretaker {
  readonly #options: CaretakerOptions;
  readonly #hourly = new HourlyBytes();
  #stopped = new AbortController();
  #timers: Timer[] = [];
  #backupTimer: Timer | undefined;
  #retaining: Promise<void> | undefined;
  #backingUp: Promise<BackupFile> | undefined;
  #lastBackup: BackupFile | undefined;
  #backupBytes = 0;
  #overBudget = false;

  constructor(options: CaretakerOptions) {
    this.#options = options;
  }

  /** Milliseconds since 1970. */
  get lastBackupAt(): number | undefined {
    return this.#lastBackup?.at;
  }

  /** Bytes that the store has written since it was made, backups included. */
  get writtenBytes(): number {
    return this.#options.writer.writtenBytes + this.#backupBytes;
  }

  get writtenBytesLastHour(): number {
    return this.#hourly.lastHour(this.writtenBytes);
  }

  /** Whether the last hour's bytes are over the budget, so that less should be written. */
  get overBudget(): boolean {
    return this.#overBudget;
  }

  start(): void {
    const { clock, dataDir } = this.#options;
    this.#stopped = new AbortController();
    this.#lastBackup = listBackups(dataDir)[0];
    this.#watchBudget();
    this.#timers = [
      clock.every(MINUTE, () => this.#everyMinute()),
      clock.after(MINUTE, () => this.#retain()),
      clock.every(RETENTION_INTERVAL, () => this.#retain()),
    ];
    this.#scheduleBackup();
  }

  /** Ends what runs; a backup half written is removed by the next one. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#backupTimer?.cancel();
    for (const timer of this.#timers.splice(0)) timer.cancel();
    await this.#retaining;
    await this.#backingUp?.catch(() => {});
  }

  /** Writes a checked backup; joins one that is being written. */
  backup(): Promise<BackupFile> {
    this.#backingUp ??= this.#writeBackup().finally(() => {
      this.#backingUp = undefined;
    });
    return this.#backingUp;
  }

  check(): Promise<CheckResult> {
    return this.#run({ kind: 'check' });
  }

  /** Replaces the file, which must be closed. */
  async restore(file: string): Promise<{ replaced?: string }> {
    return this.#run({ kind: 'restore', file, now: this.#options.clock.wall() });
  }

  /**
   * Deletes what is too old or too much, step by step.
   * @param share of age and size that is kept: less than 1 where space is needed; what the audit log has stays
   */
  async retain(share = 1): Promise<void> {
    const { config, snapshots, clock, writer, loop } = this.#options;
    const { keepDays, maxBytes, auditDays } = config;
    const pictures = { keepDays: share * snapshots.keepDays, maxBytes: share * snapshots.maxBytes };
    const limits: RetentionLimits = {
      ...{ keepDays: share * keepDays, maxBytes: share * maxBytes, auditDays, snapshots: pictures },
    };
    while (loop.state.kind === 'open' && !this.#stopped.signal.aborted) {
      const { more } = await writer.request({ kind: 'retain', limits, now: clock.wall() });
      if (!more) return;
      await delay(clock, RETENTION_PAUSE, this.#stopped.signal);
    }
  }

  #retain(): void {
    this.#retaining ??= this.retain()
      .catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) this.#options.logger.warn({ error: messageOf(error) }, 'retention failed');
      })
      .finally(() => {
        this.#retaining = undefined;
      });
  }

  #run<J extends Job>(job: J): Promise<JobResult<J['kind']>> {
    return runJob(this.#options.dataDir, job, this.#stopped.signal);
  }

  async #writeBackup(): Promise<BackupFile> {
    const { clock, config, loop } = this.#options;
    await loop.drain();
    const backup = await this.#run({ kind: 'backup', now: clock.wall(), keep: config.backupsKept });
    this.#lastBackup = backup;
    this.#backupBytes += backup.bytes;
    return backup;
  }

  #scheduleBackup(): void {
    const { clock } = this.#options;
    const due = this.lastBackupAt === undefined ? 0 : this.lastBackupAt + this.#backupInterval() - clock.wall();
    // A clock that jumped back must not put the next backup off for years.
    const wait = Math.min(Math.max(FIRST_BACKUP, due), this.#backupInterval());
    this.#backupTimer = clock.after(wait, () => void this.#backUpOnSchedule());
  }

  async #backUpOnSchedule(): Promise<void> {
    const { journal } = this.#options;
    try {
      await this.backup();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      const message = `The scheduled backup of the store failed: ${messageOf(error)}`;
      journal.record({ severity: 'warning', kind: 'store.backup.failed', subject: 'service/store', message });
    }
    if (!this.#stopped.signal.aborted) this.#scheduleBackup();
  }

  #backupInterval(): Millis {
    const { backupInterval, writeBudgetPerHour } = this.#options.config;
    const affordable = ((this.#lastBackup?.bytes ?? 0) / (writeBudgetPerHour * BACKUP_SHARE)) * HOUR;
    return Math.max(backupInterval * 1000, affordable);
  }

  #everyMinute(): void {
    this.#watchBudget();
    // Jobs can write gigabytes before retention's own turn.
    const { writer, config } = this.#options;
    if ((writer.figures?.bytes ?? 0) > OVER_SIZE * config.maxBytes) this.#retain();
  }

  #watchBudget(): void {
    const { clock, config, journal } = this.#options;
    this.#hourly.read(clock.now(), this.writtenBytes);
    const written = this.writtenBytesLastHour;
    const over = written > config.writeBudgetPerHour;
    if (over && !this.#overBudget) {
      journal.record({
        severity: 'warning',
        kind: 'store.budget.exceeded',
        subject: 'service/store',
        message:
          `The store wrote ${megabytes(written)} within an hour, ` +
          `more than its budget of ${megabytes(config.writeBudgetPerHour)}; measurements are thinned`,
        data: { writtenBytes: written, budgetBytes: config.writeBudgetPerHour },
      });
    }
    this.#overBudget = over;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
