// Times of tasks as people read them: where a tenth counts it is shown. Pure.

import { duration, UNKNOWN } from '../format.ts';

/** `0.42 s`, `12.3 s`, `4 min 10 s`. */
export function spell(seconds: number | undefined): string {
  if (seconds === undefined) return UNKNOWN;
  if (seconds === 0) return '0';
  if (seconds < 0.095) return `${Math.round(seconds * 1000)}\u00a0ms`;
  if (seconds < 119.95) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))}\u00a0s`;
  const rest = Math.round(seconds) % 60;
  return seconds < 3_600 && rest > 0 ? `${duration(seconds)}\u00a0${rest}\u00a0s` : duration(seconds);
}

/** Between two moments, milliseconds since 1970. */
export function between(from: number | undefined, to: number | undefined): string {
  return from === undefined || to === undefined ? UNKNOWN : spell(Math.max(0, to - from) / 1000);
}
