// What this node has to tell the homes of its tasks, until they have recorded it. One question at a time goes to each home;
// what comes up meanwhile goes with the next.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import type { Report } from '../messages.ts';

export interface Verdict {
  moved: readonly { job: string; epoch: number; home: string }[];
  unknown: readonly string[];
}

export interface OutboxParts {
  /** Resolves once the home has recorded all of it. */
  send(home: string, reports: Report[]): Promise<Verdict>;
  /** Told of reports that a home has recorded. */
  recorded(home: string, reports: readonly Report[]): void;
  /** Whose the task is now: that may change while a report is on its way. */
  homeOf(report: Report): string | undefined;
  /** The home says who has the job now, or knows nothing of it. */
  moved(job: string, epoch: number, home: string): void;
  clock: Clock;
  random: Random;
}

const MOST_AT_ONCE = 256;
/** Questions that may be under way to one home: recording one batch must not hold up the next. */
const UNDER_WAY = 4;
const RETRY: BackoffOptions = { first: 100, most: 5000 };
/** Ends of tasks whose job nobody knows are dropped after this. */
const GIVE_UP_AFTER: Millis = 600_000;

const ASK_STRANGERS_AGAIN: Millis = 5000;

interface Box {
  waiting: Report[];
  underWay: number;
  failures: number;
  retry: Timer | undefined;
}

export class ReportOutbox {
  readonly #parts: OutboxParts;
  readonly #boxes = new Map<string, Box>();
  /** Of jobs that their home does not know just now. */
  readonly #parked = new Set<{ home: string; reports: Report[] }>();
  /** Jobs that their home did not know, since when. */
  readonly #unknown = new Map<string, Millis>();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  get waiting(): number {
    let sum = 0;
    for (const { reports } of this.#parked) sum += reports.length;
    for (const { waiting } of this.#boxes.values()) sum += waiting.length;
    return sum;
  }

  put(home: string, report: Report): void {
    const box = this.#boxOf(home);
    box.waiting.push(report);
    if (box.waiting.length === 1) queueMicrotask(() => this.#flush(home, box));
  }

  /** Everything about a job goes to another node from now on. */
  redirect(job: string, from: string, to: string): void {
    if (from === to) return;
    for (const parked of this.#parked) {
      if (parked.home !== from) continue;
      for (const report of parked.reports) if (report.job === job) this.put(to, report);
      parked.reports = parked.reports.filter((report) => report.job !== job);
    }
    const box = this.#boxes.get(from);
    if (box === undefined) return;
    const moving = box.waiting.filter((report) => report.job === job);
    if (moving.length === 0) return;
    box.waiting = box.waiting.filter((report) => report.job !== job);
    for (const report of moving) this.put(to, report);
  }

  /** Homes may be reachable again. */
  hurry(): void {
    for (const [home, box] of this.#boxes) {
      box.retry?.cancel();
      box.retry = undefined;
      this.#flush(home, box);
    }
  }

  stop(): void {
    for (const box of this.#boxes.values()) box.retry?.cancel();
    this.#boxes.clear();
    this.#parked.clear();
  }

  #boxOf(home: string): Box {
    let box = this.#boxes.get(home);
    if (box === undefined) {
      box = { waiting: [], underWay: 0, failures: 0, retry: undefined };
      this.#boxes.set(home, box);
    }
    return box;
  }

  #flush(home: string, box: Box): void {
    while (box.waiting.length > 0 && box.underWay < UNDER_WAY && box.retry === undefined) {
      void this.#send(home, box, withoutStale(box.waiting.splice(0, MOST_AT_ONCE)));
    }
  }

  async #send(home: string, box: Box, reports: Report[]): Promise<void> {
    box.underWay++;
    try {
      const { moved, unknown } = await this.#parts.send(home, reports);
      box.failures = 0;
      this.#settle(home, reports, moved, unknown);
    } catch {
      box.failures++;
      // What is only of interest while it is new is not said again.
      const kept = reports.filter(({ kind }) => kind !== 'progress' && kind !== 'started');
      const isMoved = (report: Report): boolean => (this.#parts.homeOf(report) ?? home) !== home;
      this.#putBack(
        box,
        kept.filter((report) => !isMoved(report)),
      );
      for (const report of kept) if (isMoved(report)) this.put(this.#parts.homeOf(report)!, report);
      this.#retryLater(home, box);
    } finally {
      box.underWay--;
      this.#flush(home, box);
    }
  }

  #settle(home: string, reports: Report[], moved: Verdict['moved'], unknown: Verdict['unknown']): void {
    if (moved.length === 0 && unknown.length === 0) {
      this.#parts.recorded(home, reports);
      return;
    }
    const now = this.#parts.clock.now();
    const movedTo = new Map(moved.map(({ job, ...where }) => [job, where]));
    const strange = new Set(unknown);
    for (const { job } of reports) {
      if (!strange.has(job)) this.#unknown.delete(job);
      else if (!this.#unknown.has(job)) this.#unknown.set(job, now);
    }
    const tooLong = (job: string): boolean => now - (this.#unknown.get(job) ?? now) > GIVE_UP_AFTER;
    this.#parts.recorded(
      home,
      reports.filter(({ job }) => !movedTo.has(job) && (!strange.has(job) || tooLong(job))),
    );
    for (const report of reports) {
      const to = movedTo.get(report.job);
      if (to !== undefined) this.put(to.home, report);
    }
    for (const [job, { epoch, home: to }] of movedTo) this.#parts.moved(job, epoch, to);
    const kept = reports.filter(
      ({ job, kind }) => strange.has(job) && kind !== 'progress' && kind !== 'started' && !tooLong(job),
    );
    if (kept.length > 0) this.#park(home, kept);
  }

  /** They are said again later; meanwhile another home may ask for them. */
  #park(home: string, reports: Report[]): void {
    const parked = { home, reports };
    this.#parked.add(parked);
    this.#parts.clock.after(ASK_STRANGERS_AGAIN, () => {
      if (!this.#parked.delete(parked)) return;
      for (const report of parked.reports) this.put(home, report);
    });
  }

  #putBack(box: Box, reports: readonly Report[]): void {
    box.waiting = [...reports, ...box.waiting];
  }

  #retryLater(home: string, box: Box): void {
    const { clock, random } = this.#parts;
    box.retry ??= clock.after(backoff(box.failures - 1, RETRY, random), () => {
      box.retry = undefined;
      this.#flush(home, box);
    });
  }
}

/** The beginning of a task that has ended is no news. */
function withoutStale(reports: Report[]): Report[] {
  if (reports.length < 2) return reports;
  const ended = new Set<string>();
  for (const { kind, job, task } of reports) if (kind !== 'started' && kind !== 'progress') ended.add(`${job}/${task}`);
  return reports.filter(({ kind, job, task }) => kind !== 'started' || !ended.has(`${job}/${task}`));
}
