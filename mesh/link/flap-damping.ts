// Flap damping, after RFC 2439: every failure of a link adds a penalty that decays by itself. A link that fails too
// often stays a last resort until the penalty is low again, so that it does not drag the routes back and forth.

import type { Millis } from '../../core/clock.ts';

export interface Flap {
  penalty: number;
  /** When `penalty` was right. */
  at: Millis;
  damped: boolean;
  /** Failures since the link is known. */
  count: number;
}

const PENALTY = 1000;
/** Four failures within about ten seconds. A cable that is unplugged now and then never comes there. */
const SUPPRESS = 3000;
const REUSE = 1000;
const HALF_LIFE: Millis = 15_000;
/** However bad it was, a link that holds is used again after this long. */
const LONGEST: Millis = 60_000;
const MOST_PENALTY = REUSE * 2 ** (LONGEST / HALF_LIFE);

export const neverFlapped = (now: Millis): Flap => ({ penalty: 0, at: now, damped: false, count: 0 });

/** The link went down. */
export function onFlap(flap: Flap, now: Millis): Flap {
  const penalty = Math.min(MOST_PENALTY, decayed(flap, now) + PENALTY);
  return { penalty, at: now, damped: flap.damped || penalty > SUPPRESS, count: flap.count + 1 };
}

/** The state at `now`: decayed, and no longer damped once the penalty is low. */
export function settled(flap: Flap, now: Millis): Flap {
  const penalty = decayed(flap, now);
  return { ...flap, penalty, at: now, damped: flap.damped && penalty > REUSE };
}

/** Milliseconds until a damped link may be used again, when it holds until then. */
export function untilReuse(flap: Flap, now: Millis): Millis {
  return flap.damped ? Math.max(0, HALF_LIFE * Math.log2(decayed(flap, now) / REUSE)) : 0;
}

/** Nothing of it counts any more. */
export function isForgotten(flap: Flap, now: Millis): boolean {
  return !flap.damped && decayed(flap, now) < REUSE / 10;
}

const decayed = ({ penalty, at }: Flap, now: Millis): number => penalty * 2 ** (-(now - at) / HALF_LIFE);
