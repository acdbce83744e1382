// When anomalies are recorded but nobody is told: quiet hours, and what somebody acknowledged.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';

const TimeOfDay = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'HH:MM, 24 hours' });

export const QuietHours = Type.Object({
  from: TimeOfDay,
  /** Before `from`: of the next day. The same: the whole day. */
  to: TimeOfDay,
  /** Days on which it begins, 0 Sunday to 6; all where left out. */
  days: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { maxItems: 7 })),
  /** Only of what begins so, e.g. `camera/`; everything where left out. */
  subject: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
});
export type QuietHours = Static<typeof QuietHours>;

export const Acknowledgement = Type.Object({
  subject: Type.String({ minLength: 1, maxLength: 200 }),
  /** All of the subject where left out. */
  metric: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  by: Type.String({ minLength: 1, maxLength: 100 }),
  reason: Type.String({ maxLength: 300 }),
  /** Milliseconds since 1970. */
  at: Type.Number(),
  until: Type.Number(),
});
export type Acknowledgement = Static<typeof Acknowledgement>;

export type Muted = 'quiet-hours' | 'acknowledged';

const DAY = 1440;

/** @param local minutes since 1970 by the clock on the wall where the board stands */
export function isQuiet(hours: QuietHours, subject: string, local: number): boolean {
  if (hours.subject !== undefined && !subject.startsWith(hours.subject)) return false;
  const minute = ((Math.floor(local) % DAY) + DAY) % DAY;
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)];
  const pastMidnight = to <= from;
  const begunToday = minute >= from && (pastMidnight || minute < to);
  const begunYesterday = pastMidnight && minute < to;
  // The first of January 1970 was a Thursday.
  const today = (((Math.floor(local / DAY) + 4) % 7) + 7) % 7;
  const on = (day: number): boolean => hours.days === undefined || hours.days.includes(day);
  return (begunToday && on(today)) || (begunYesterday && on((today + 6) % 7));
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

export const MOST_ACKNOWLEDGED = 256;

/** What was acknowledged, until it expires: bounded, the oldest gives way. */
export class Acknowledgements {
  #entries: Acknowledgement[] = [];

  add(entry: Acknowledgement): void {
    this.remove(entry.subject, entry.metric);
    this.#entries.push(entry);
    if (this.#entries.length > MOST_ACKNOWLEDGED) this.#entries.shift();
  }

  /** Whether there was one. */
  remove(subject: string, metric?: string): boolean {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.subject !== subject || entry.metric !== metric);
    return this.#entries.length < before;
  }

  covers(subject: string, metric: string, wall: Millis): boolean {
    return this.current(wall).some(
      (entry) => entry.subject === subject && (entry.metric === undefined || entry.metric === metric),
    );
  }

  /** Forgets what has expired. */
  current(wall: Millis): readonly Acknowledgement[] {
    this.#entries = this.#entries.filter(({ until }) => until > wall);
    return this.#entries;
  }
}
