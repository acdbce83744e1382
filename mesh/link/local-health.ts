// Doubt yourself first (Lifeguard, Dadgar and others, 2018): a prober that runs late, or finds everybody late at once,
// is itself the likelier culprit. It widens its time-outs before it accuses a peer.

import type { Millis } from '../../core/clock.ts';

export interface LocalHealth {
  /** 0 well, to 3: how much it doubts itself. */
  doubt: number;
  /** When the doubt last grew or shrank. */
  changedAt: Millis;
}

const MOST_DOUBT = 3;
/** Each further doubt makes every time-out half as long again: 1, 1.5, 2, 2.5 times. */
const WIDENING = 0.5;
/** A burst of lateness counts once. */
const BURST: Millis = 100;
/** Milliseconds of punctuality that take one doubt away. */
const RECOVERY: Millis = 2000;

export const wellSince = (now: Millis): LocalHealth => ({ doubt: 0, changedAt: now });

export function onTrouble(health: LocalHealth, now: Millis): LocalHealth {
  if (health.doubt > 0 && now - health.changedAt < BURST) return health;
  return { doubt: Math.min(MOST_DOUBT, health.doubt + 1), changedAt: now };
}

export function onPunctual(health: LocalHealth, now: Millis): LocalHealth {
  if (health.doubt === 0 || now - health.changedAt < RECOVERY) return health;
  return { doubt: health.doubt - 1, changedAt: now };
}

/** By what time-outs are multiplied: 1 to 2.5. */
export function patienceOf({ doubt }: LocalHealth): number {
  return 1 + doubt * WIDENING;
}

/** What counts as late of a timer that serves probes of this interval: a quarter of it, 10 ms at least. It is forgiven. */
export function isLate(lateness: Millis, interval: Millis): boolean {
  return lateness > Math.max(10, interval / 4);
}

/** So late that probes were skipped: what a busy machine does now and then is forgiven, this is a reason for doubt. */
export const isTrouble = (lateness: Millis, interval: Millis): boolean => lateness >= interval;
