// Whether a board works, and until when: by the charge of its battery, by the hour, by what was asked. Pure.

import { CALM, type HysteresisRule, type HysteresisState, observe } from '../../agents/hysteresis.ts';
import type { Millis } from '../../core/clock.ts';
import type { HardwareView } from '../view/schema.ts';
import type { DutyCycleConfig, PowerConfig } from './config.ts';

/** Times are wall-clock milliseconds. All but `awake` rest: no cameras, no work for others, a last resort for routes. */
export type PowerState =
  /** Until its window ends, or what was asked for is over; left out where nothing ends it. */
  | { kind: 'awake'; until?: Millis }
  /** Until the next window of the duty cycle. */
  | { kind: 'resting'; until: Millis }
  /** Until the battery is charged again, or on mains. */
  | { kind: 'low' }
  /** As low, and soon empty. */
  | { kind: 'critical' };

/** What is known of the supply. */
export interface Supply {
  readonly low: HysteresisState;
  readonly critical: HysteresisState;
  /** The battery does not feed the board. */
  readonly onMains: boolean;
}

export const UNKNOWN_SUPPLY: Supply = { low: CALM, critical: CALM, onMains: false };

/** Readings in a row: one that a gauge gets wrong neither stops a board nor wakes it. */
const IN_A_ROW = { raiseAfter: 3, clearAfter: 2 };

/** A battery that is not told of leaves all as it is. */
export function onReading(
  supply: Supply,
  battery: HardwareView['battery'],
  { low, critical, recovery }: PowerConfig['battery'],
): Supply {
  if (battery === undefined || !Number.isFinite(battery.charge)) return supply;
  // On mains nothing is used up.
  const charge = battery.discharging ? battery.charge : 1;
  return {
    low: observeLevel(supply.low, charge, { raise: low, clear: low + recovery, ...IN_A_ROW }),
    critical: observeLevel(supply.critical, charge, { raise: critical, clear: critical + recovery, ...IN_A_ROW }),
    onMains: !battery.discharging,
  };
}

/** @param askedUntil somebody wants it awake until then, however low the battery is; a critical one counts more */
export function stateAt(supply: Supply, wall: Millis, askedUntil: Millis, config: PowerConfig): PowerState {
  if (supply.critical.raised) return { kind: 'critical' };
  const isLow = supply.low.raised;
  const { dutyCycle } = config;
  const window = dutyCycle === undefined || supply.onMains ? undefined : windowAt(wall, dutyCycle);
  if (!isLow && window === undefined) return { kind: 'awake' };
  if (wall < askedUntil) return { kind: 'awake', until: askedUntil };
  if (isLow || window === undefined) return { kind: 'low' };
  return { kind: window.isAwake ? 'awake' : 'resting', until: window.until };
}

/** The part of a window that `wall` is in, and its end. The same on every board whose clock is right. */
export function windowAt(wall: Millis, { awake, every }: DutyCycleConfig): { isAwake: boolean; until: Millis } {
  const period = every * 1000;
  const start = Math.floor(wall / period) * period;
  const rest = start + awake * 1000;
  return wall < rest ? { isAwake: true, until: rest } : { isAwake: false, until: start + period };
}

/** A level of 0 is never reached, one beyond a full battery cannot be left but on mains. */
function observeLevel(state: HysteresisState, charge: number, rule: HysteresisRule): HysteresisState {
  return rule.raise <= 0 ? CALM : observe(state, charge, { ...rule, clear: Math.min(1, rule.clear) });
}
