// How a job fares in one line: rewritten in place on a terminal, a line now and then elsewhere. Pure but for the clock
// that is handed in.

import type { JobView } from '../../../agents/swarm/job-view.ts';
import { duration } from '../format.ts';
import { plain, type Terminal } from '../terminal.ts';

const BAR = 24;
/** Elsewhere than on a terminal, a line is written when so much more is done, or after this time. */
const NEWS_SHARE = 0.1;
const NEWS_EVERY_MS = 10_000;

/** Of one job; tasks that ended, however they ended, count as done. */
export function doneOf({ counts }: JobView): { done: number; all: number; wrong: number } {
  const wrong = counts.failed + counts['set-aside'];
  const done = counts.succeeded + counts.cancelled + wrong;
  return { done, wrong, all: done + counts.running + counts.ready + counts.waiting };
}

export function progressLine(job: JobView): string {
  const { counts, figures } = job;
  const { done, all, wrong } = doneOf(job);
  const parts = [
    `${done}/${all} tasks`,
    `${counts.running} running`,
    ...(counts.ready > 0 ? [`${counts.ready} ready`] : []),
    ...(wrong > 0 ? [`${wrong} failed`] : []),
    duration(figures.seconds),
    `${figures.speedUp.toFixed(1)} times sequential`,
  ];
  return `${plain(job.name)}  ${parts.join(' · ')}`;
}

export class Progress {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #told: { at: number; done: number; wrong: number } | undefined;

  constructor(terminal: Terminal, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
  }

  show(job: JobView): void {
    const { done, all, wrong } = doneOf(job);
    if (this.#terminal.live) {
      const full = Math.round((BAR * done) / Math.max(1, all));
      const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] `;
      this.#terminal.rewrite(`${bar}${progressLine(job)}`);
      return;
    }
    const now = this.#now();
    const told = this.#told;
    const isNews =
      told === undefined ||
      wrong > told.wrong ||
      done - told.done >= all * NEWS_SHARE ||
      (now - told.at >= NEWS_EVERY_MS && done > told.done);
    if (!isNews || (told !== undefined && job.state !== 'running')) return;
    this.#told = { at: now, done, wrong };
    this.#terminal.note(progressLine(job));
  }

  /** The line in place makes room for what comes after. */
  end(): void {
    if (this.#terminal.live) this.#terminal.rewrite('');
  }
}
