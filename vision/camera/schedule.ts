// When a camera is on: hours of the week, in the board's time zone. Pure.

import type { ScheduleEntry } from '../config.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MINUTE = 60_000;
const WEEK_MINUTES = 7 * 24 * 60;

/** Whether the camera is on at `wall` milliseconds. Without an entry it always is. */
export function isOn(schedule: readonly ScheduleEntry[], wall: number): boolean {
  if (schedule.length === 0) return true;
  const at = new Date(wall);
  const day = at.getDay();
  const minute = at.getHours() * 60 + at.getMinutes();
  return schedule.some(({ days, from, to }) => {
    const on = (which: number): boolean => days.length === 0 || days.some((name) => name === DAYS[(which + 7) % 7]);
    const [begins, ends] = [minutesOf(from), minutesOf(to)];
    if (begins < ends) return on(day) && minute >= begins && minute < ends;
    // Past midnight: the part of today, and what is left of yesterday's.
    return (on(day) && minute >= begins) || (on(day - 1) && minute < ends);
  });
}

/** Wall-clock milliseconds at which that changes; undefined where it never does. */
export function nextChange(schedule: readonly ScheduleEntry[], wall: number): number | undefined {
  const now = isOn(schedule, wall);
  const first = (Math.floor(wall / MINUTE) + 1) * MINUTE;
  for (let minute = 0; minute <= WEEK_MINUTES; minute++) {
    const at = first + minute * MINUTE;
    if (isOn(schedule, at) !== now) return at;
  }
  return undefined;
}

/** `mon 06:30`, in the board's time zone. */
export function shownTime(wall: number): string {
  const at = new Date(wall);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${DAYS[at.getDay()]} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
