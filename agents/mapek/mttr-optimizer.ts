// In which order actions are tried, and which at once, so that the expected time to recover (with a price on what actions
// take away meanwhile) is least. Pure.

import { BLAST_RADII } from './action.ts';
import { type ActionName, resourcesOf, specOf } from './action-catalogue.ts';

export interface Candidate {
  action: ActionName;
  /** Probability that it helps. */
  success: number;
  /** Until it has helped, if it does; until that is known, if it does not. */
  secondsIfHelps: number;
  secondsIfNot: number;
}

/** What a cost of 1 is worth: so many seconds more of the fault. */
const SECONDS_OF_COST = 30;
/** Until a person looks. */
export const SECONDS_OF_PEOPLE = 900;
/** What may run at once: so many, which together cost so much, and none of which reaches beyond a service. */
const AT_ONCE = { most: 3, cost: 0.5, radius: BLAST_RADII.indexOf('service') };

/** Expected seconds of trying all of `wave` at once (priced), and the probability that it helps. */
function worthOf(wave: readonly Candidate[]): { seconds: number; success: number } {
  const noneHelps = wave.reduce((share, { success }) => share * (1 - success), 1);
  const weight = wave.reduce((sum, { success }) => sum + success, 0);
  const ifHelps = weight === 0 ? 0 : wave.reduce((sum, one) => sum + one.success * one.secondsIfHelps, 0) / weight;
  const ifNot = Math.max(...wave.map(({ secondsIfNot }) => secondsIfNot));
  const cost = wave.reduce((sum, { action }) => sum + specOf(action).cost, 0);
  return {
    success: 1 - noneHelps,
    seconds: (1 - noneHelps) * ifHelps + noneHelps * ifNot + SECONDS_OF_COST * cost,
  };
}

/** E = Σᵢ Πⱼ₍ⱼ₌₁…ᵢ₋₁₎ (1 - Pⱼ) · Tᵢ + Πⱼ (1 - Pⱼ) · T(people): expected, priced seconds until all is well. */
export function expectedSeconds(waves: readonly (readonly Candidate[])[]): number {
  let [total, notYet] = [0, 1];
  for (const wave of waves) {
    const { seconds, success } = worthOf(wave);
    total += notYet * seconds;
    notYet *= 1 - success;
  }
  return total + notYet * SECONDS_OF_PEOPLE;
}

/**
 * One after another, least expected seconds per probability of success first: that order is the best one (an exchange of
 * neighbours; Mitten 1960, "least-cost testing sequence"). Then neighbours are joined as long as that makes the sum less
 * and they may run at once on `subject`. With `keepOrder` the order is as given.
 */
export function optimise(
  candidates: readonly Candidate[],
  subject: string,
  { keepOrder = false }: { keepOrder?: boolean } = {},
): Candidate[][] {
  const indexOf = (one: Candidate): number => worthOf([one]).seconds / Math.max(1e-9, one.success);
  const ordered = keepOrder ? [...candidates] : candidates.toSorted((a, b) => indexOf(a) - indexOf(b));
  let waves = ordered.map((one) => [one]);
  for (;;) {
    const now = expectedSeconds(waves);
    let best: { waves: Candidate[][]; seconds: number } | undefined;
    for (let at = 0; at + 1 < waves.length; at++) {
      const joined = [...waves[at]!, ...waves[at + 1]!];
      if (!mayRunAtOnce(joined, subject)) continue;
      const next = [...waves.slice(0, at), joined, ...waves.slice(at + 2)];
      const seconds = expectedSeconds(next);
      if (seconds < now - 1e-9 && (best === undefined || seconds < best.seconds)) best = { waves: next, seconds };
    }
    if (best === undefined) return waves;
    waves = best.waves;
  }
}

function mayRunAtOnce(wave: readonly Candidate[], subject: string): boolean {
  if (wave.length > AT_ONCE.most) return false;
  const held = wave.flatMap(({ action }) => resourcesOf(action, { subject }));
  if (new Set(held).size !== held.length) return false;
  const specs = wave.map(({ action }) => specOf(action));
  if (specs.some(({ blastRadius }) => BLAST_RADII.indexOf(blastRadius) > AT_ONCE.radius)) return false;
  return specs.reduce((sum, { cost }) => sum + cost, 0) <= AT_ONCE.cost;
}
