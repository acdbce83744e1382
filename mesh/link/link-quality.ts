// What probes tell of a link: round trip, jitter and loss, smoothed; and the cost that routing makes of them.

import type { Millis } from '../../core/clock.ts';

export interface LinkQuality {
  /** Probes answered so far. */
  answers: number;
  /** Smoothed round trip; undefined before the first answer. */
  roundTrip: Millis | undefined;
  /** Smoothed difference of successive round trips (RFC 3550, section 6.4.1). */
  jitter: Millis;
  /** The last round trips, newest last. */
  recent: readonly Millis[];
  /** Smoothed share of probes without an answer, 0 to 1. */
  loss: number;
}

export const unmeasured: LinkQuality = {
  answers: 0,
  roundTrip: undefined,
  jitter: 0,
  recent: [],
  loss: 0,
};

/** TCP's weight for round trips (RFC 6298). */
const ROUND_TRIP_WEIGHT = 1 / 8;
const JITTER_WEIGHT = 1 / 16;
/** Half of a change in loss shows after seven probes. */
const LOSS_WEIGHT = 1 / 10;

/** Of these the middle one counts: a probe or two that waited for a busy processor say nothing of the link. */
const RECENT = 5;
/** For the same reason a jump counts in the jitter as the usual round trip at most, or as this. */
const LEAST_JUMP: Millis = 5;

export function withAnswer(quality: LinkQuality, roundTrip: Millis): LinkQuality {
  const { answers, roundTrip: smoothed, jitter, loss } = quality;
  // The first answer also measures how long the connection took to settle: the second one replaces it.
  const isFirst = answers < 2;
  const recent = isFirst ? [roundTrip] : [...quality.recent, roundTrip].slice(-RECENT);
  const weight = isFirst ? 1 : Math.max(ROUND_TRIP_WEIGHT, 1 / answers);
  const typical = middle(recent);
  const change = Math.min(Math.abs(roundTrip - (quality.recent.at(-1) ?? roundTrip)), Math.max(typical, LEAST_JUMP));
  return {
    answers: answers + 1,
    roundTrip: smoothed === undefined ? typical : smoothed + (typical - smoothed) * weight,
    jitter: isFirst ? 0 : jitter + (change - jitter) * JITTER_WEIGHT,
    recent,
    loss: smoothLoss(loss, 0),
  };
}

/** The lower of two middle ones; 0 of none. */
function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

export function withMiss(quality: LinkQuality): LinkQuality {
  return { ...quality, loss: smoothLoss(quality.loss, 1) };
}

/** @param missed 1 for a probe that got lost, 0 for one that arrived */
export function smoothLoss(loss: number, missed: 0 | 1): number {
  return loss + (missed - loss) * LOSS_WEIGHT;
}

/** What a hop costs besides its time: the same path length is worth ten milliseconds a hop. */
const HOP_COST = 10;
const MOST_COST = 60_000;

/**
 * Expected transmission time: a hop's worth plus the round trip and its jitter in milliseconds, times the tries it takes
 * to get there and back over a lossy link. At least 10.
 */
export function costOf(quality: LinkQuality): number {
  const delivered = Math.max(0.05, 1 - quality.loss);
  const cost = (HOP_COST + (quality.roundTrip ?? 0) + quality.jitter) / (delivered * delivered);
  return Math.min(MOST_COST, Math.round(cost));
}

/** What a link that flaps costs: whoever has another way takes it, whoever has none still has this one. */
export function dampedCost(cost: number): number {
  return Math.min(MOST_COST, cost + 10_000);
}

/** A change below this is noise: it must not move routes nor flood the network. */
const HYSTERESIS = { share: 0.25, least: 5 };
/** And so is one that does not last: a processor that is busy for a moment makes every link look slow. */
const COST_HOLD: Millis = 3000;

export interface AnnouncedCost {
  cost: number;
  /** Since when the measured cost differs from it for good; undefined while it does not. */
  differsSince: Millis | undefined;
}

/** The cost to announce: the one announced before, unless the measured one differs by much and for long. */
export function steadyCost(before: AnnouncedCost | undefined, measured: number, now: Millis): AnnouncedCost {
  if (before === undefined) return { cost: measured, differsSince: undefined };
  const { cost, differsSince = now } = before;
  const noise = Math.max(HYSTERESIS.least, cost * HYSTERESIS.share);
  if (Math.abs(measured - cost) <= noise) return { cost, differsSince: undefined };
  return now - differsSince < COST_HOLD ? { cost, differsSince } : { cost: measured, differsSince: undefined };
}
