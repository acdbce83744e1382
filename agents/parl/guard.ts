// Which scheduler serves: the learned policy only where it does at least as well as every other on what this node is used
// for, as a replay shows. Pure.

import type { Comparison } from './evaluation.ts';
import { PARL } from './scheduler-names.ts';

export interface Judgement {
  /** Name of the scheduler that serves. */
  serves: string;
  /** In words, for people. */
  why: string;
  /** Mean completion time of the best other over that of the policy: above 1 the policy is better. */
  gain: number;
  /** Name of that other. */
  over: string;
}

/** Who serves goes on doing so unless another is better by this share: two that are alike must not take turns. */
const MARGIN = 0.02;

/** @param serving the scheduler that serves now */
export function judge({ schedulers }: Comparison, serving: string): Judgement {
  const secondsOf = (name: string): number =>
    schedulers.find(({ scheduler }) => scheduler === name)?.mean.value ?? Number.POSITIVE_INFINITY;
  const others = schedulers.filter(({ scheduler }) => scheduler !== PARL);
  const best = others.reduce((a, b) => (b.mean.value < a.mean.value ? b : a));
  const gain = best.mean.value / secondsOf(PARL);
  // The policy never serves while another does better; for all else there is the margin.
  const first = gain >= 1 ? PARL : best.scheduler;
  const stays = serving !== PARL && secondsOf(serving) <= secondsOf(first) * (1 + MARGIN);
  const serves = stays ? serving : first;
  return { serves, why: inWords(serves, gain, best.scheduler), gain, over: best.scheduler };
}

function inWords(serves: string, gain: number, over: string): string {
  const measured = `in a replay of recent jobs the learned policy finished them ${times(gain)} ${over}`;
  if (serves === PARL) return measured;
  return gain >= 1 ? `${measured}; that is too little to change for` : measured;
}

function times(gain: number): string {
  if (gain >= 1) return `${gain.toFixed(2)} times as fast as`;
  return `${(1 / gain).toFixed(2)} times slower than`;
}
