// How good a coordinator a node would be: near to all others, and likely to stay. Pure.

/** What a board is, for the question of how likely it stays. */
export interface BoardConstancy {
  uptimeSeconds: number;
  power: 'mains' | 'battery' | 'unknown';
  memoryBytes: number;
}

/** An hour up is worth half of what uptime can be worth: failures come early in a life. */
const HALF_UPTIME = 3600;
/** Rounds of 1,000 nodes fit into it with room to spare; more is no better. */
const ENOUGH_MEMORY = 2e9;
/** Differences below a millisecond are noise on any wire. */
const LEAST_ROUND_TRIP = 0.001;
/** Of a round trip that nobody has measured: longer than most, so that a node with few routes is no centre. */
const UNKNOWN_ROUND_TRIP = 1;

/** 0 to 1: two fifths each for uptime and power, a fifth for memory. */
export function stabilityOf({ uptimeSeconds, power, memoryBytes }: BoardConstancy): number {
  const uptime = Math.max(0, uptimeSeconds) / (Math.max(0, uptimeSeconds) + HALF_UPTIME);
  const supply = { mains: 1, unknown: 0.5, battery: 0 }[power];
  return 0.4 * uptime + 0.4 * supply + 0.2 * Math.min(1, Math.max(0, memoryBytes) / ENOUGH_MEMORY);
}

/**
 * Mean seconds there and back to those that can be reached: least at the median of the part of the network (closeness,
 * Sabidussi 1966, by round trips in place of hops). Undefined where nobody can be reached.
 */
export function distanceOf(
  nodes: readonly { reachable: boolean; roundTrip: number | undefined }[],
): number | undefined {
  let sum = 0;
  let count = 0;
  for (const { reachable, roundTrip } of nodes) {
    if (!reachable) continue;
    sum += roundTrip ?? UNKNOWN_ROUND_TRIP;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

/** `max(distance, 1 ms) · (2 − stability)`: a node that surely stays may be twice as far away as one that surely does not. */
export function costOf(distance: number | undefined, stability: number): number {
  const bounded = Math.min(1, Math.max(0, stability));
  return Math.max(distance ?? UNKNOWN_ROUND_TRIP, LEAST_ROUND_TRIP) * (2 - bounded);
}
