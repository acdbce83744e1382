// From logits to an action.

import type { Random } from '../../../core/random.ts';
import { logSumExp } from './loss.ts';
import type { Floats } from './shape.ts';

export interface Decision {
  /** Counted from the step's first logit. */
  action: number;
  logProbability: number;
}

/** Draws an action from the distribution that logits[from .. to) describe: what explores. */
export function sample(logits: Floats, from: number, to: number, random: Random): Decision {
  const normaliser = logSumExp(logits, from, to);
  let left = random.next();
  let at = from;
  while (at < to - 1) {
    left -= Math.exp(logits[at]! - normaliser);
    if (left < 0) break;
    at++;
  }
  return { action: at - from, logProbability: logits[at]! - normaliser };
}

/** The most likely action, the first among equals. */
export function likeliest(logits: Floats, from: number, to: number): number {
  let best = from;
  for (let at = from + 1; at < to; at++) if (logits[at]! > logits[best]!) best = at;
  return best - from;
}
