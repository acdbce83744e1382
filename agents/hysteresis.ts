// A level that is raised at one threshold and cleared at another, each only after some readings in a row, so that a
// value that hovers does not flap. Pure.

export interface HysteresisRule {
  /** The level is raised when the value is at least this ... */
  raise: number;
  /** ... and cleared when it is at most this. A rule with `raise` below `clear` watches for low values. */
  clear: number;
  /** Readings in a row that it takes. */
  raiseAfter: number;
  clearAfter: number;
}

export interface HysteresisState {
  readonly raised: boolean;
  /** Readings in a row that spoke for a change. */
  readonly streak: number;
}

export const CALM: HysteresisState = { raised: false, streak: 0 };

/** Raised or cleared when the returned state's `raised` differs from the given one's. */
export function observe(state: HysteresisState, value: number, rule: HysteresisRule): HysteresisState {
  const high = rule.raise >= rule.clear;
  const speaksForChange = state.raised
    ? high
      ? value <= rule.clear
      : value >= rule.clear
    : high
      ? value >= rule.raise
      : value <= rule.raise;
  if (!speaksForChange) return state.streak === 0 ? state : { raised: state.raised, streak: 0 };
  const streak = state.streak + 1;
  if (streak < (state.raised ? rule.clearAfter : rule.raiseAfter)) return { raised: state.raised, streak };
  return { raised: !state.raised, streak: 0 };
}
