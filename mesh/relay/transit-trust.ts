// Whether a neighbour passes on what it is handed for others, judged by probes that are answered or not. Pure.
// Nobody is condemned for a lost probe: only by a series of comparisons, each with the same node asked around it.

import type { Millis } from '../../core/clock.ts';

export type TransitTrust =
  | { kind: 'trusted'; offences: number }
  /** A probe through it was not answered: a series of comparisons is under way. */
  | { kind: 'doubted'; offences: number; tries: number; compared: number; through: number; around: number }
  /** Others are preferred to it, until so many probes in succession have come through. */
  | { kind: 'avoided'; offences: number; since: Millis; answered: number; needed: number };

export const neverDoubted: TransitTrust = { kind: 'trusted', offences: 0 };

/** Comparisons of a series. With one in five messages lost on every hop, an honest neighbour fails one in 600. */
export const COMPARISONS = 12;
/** Of them, those answered through the neighbour that acquit it: then it drops less than half, or nothing. */
const ACQUITS = 3;
/** Of them, those answered around it that it takes to condemn: else the far node, or we, have the trouble. */
const WITNESSES = 9;
/** Moments at which no comparison could be made (its link was not up, no other way was left) end a series too. */
const MOST_TRIES = 2 * COMPARISONS;
/** Probes that must come through one after the other before it is trusted again; twice as many each time, up to a bound. */
const NEEDED = { first: 5, most: 40 } as const;

/** trusted -> doubted by a missing answer; avoided -> trusted by enough answers in succession. */
export function onProbed(trust: TransitTrust, answered: boolean): TransitTrust {
  switch (trust.kind) {
    case 'trusted':
      return answered
        ? trust
        : { kind: 'doubted', offences: trust.offences, tries: 0, compared: 0, through: 0, around: 0 };
    case 'doubted':
      return trust;
    case 'avoided': {
      if (!answered) return { ...trust, answered: 0 };
      if (trust.answered + 1 < trust.needed) return { ...trust, answered: trust.answered + 1 };
      return { kind: 'trusted', offences: trust.offences };
    }
  }
}

/**
 * doubted -> trusted or avoided, at the end of the series or as soon as it can no longer condemn.
 * @param comparison whether the far node answered through the neighbour, and around it; undefined when it could not be made
 */
export function onCompared(
  trust: TransitTrust,
  comparison: { through: boolean; around: boolean } | undefined,
  now: Millis,
): TransitTrust {
  if (trust.kind !== 'doubted') return trust;
  const { offences } = trust;
  const series = {
    ...trust,
    tries: trust.tries + 1,
    compared: trust.compared + (comparison === undefined ? 0 : 1),
    through: trust.through + (comparison?.through ? 1 : 0),
    around: trust.around + (comparison?.around ? 1 : 0),
  };
  const missed = series.compared - series.around;
  if (series.through >= ACQUITS || missed > COMPARISONS - WITNESSES || series.tries >= MOST_TRIES) {
    return { kind: 'trusted', offences };
  }
  if (series.compared < COMPARISONS) return series;
  const needed = Math.min(NEEDED.most, NEEDED.first * 2 ** offences);
  return { kind: 'avoided', offences: offences + 1, since: now, answered: 0, needed };
}
