// How often the monitor looks: faster while something may be wrong or is being repaired, and slower again when that lasts.
// Pure.

import type { Millis } from '../../core/clock.ts';

/** `suspect`: something speaks for a fault of it. `repairing`: an action on it, or on what it needs, is verified. */
export type Attention = 'calm' | 'suspect' | 'repairing';

/** Nothing is looked at more often. */
export const FASTEST: Millis = 100;
const SPEED_UP: Record<Attention, number> = { calm: 1, suspect: 4, repairing: 20 };
/** What has been looked at closely for so long is looked at half as often, and so on. */
const PATIENCE: Millis = 30_000;

/**
 * The gap until the next look: max(100 ms, usual / speed-up · 2^⌊lasted / 30 s⌋), never longer than usual.
 * @param usual the gap while all is well
 * @param lasted how long the attention has been what it is
 */
export function lookEvery(attention: Attention, lasted: Millis, usual: Millis): Millis {
  const slower = 2 ** Math.min(30, Math.floor(Math.max(0, lasted) / PATIENCE));
  return Math.min(usual, Math.max(FASTEST, (usual / SPEED_UP[attention]) * slower));
}

/** How long each subject has had the attention that it has. */
export class Watchfulness {
  readonly #attentionFor: (subject: string) => Attention;
  readonly #since = new Map<string, { attention: Attention; since: Millis }>();

  constructor(attentionFor: (subject: string) => Attention) {
    this.#attentionFor = attentionFor;
  }

  lookEvery(subject: string, usual: Millis, now: Millis): Millis {
    const attention = this.#attentionFor(subject);
    if (attention === 'calm') {
      this.#since.delete(subject);
      return usual;
    }
    const known = this.#since.get(subject);
    const since = known?.attention === attention ? known.since : now;
    this.#since.set(subject, { attention, since });
    return lookEvery(attention, now - since, usual);
  }
}
