// Whether this board's clock can be right: compared with what the peers' clocks say, and with when the authority signed.

import type { Millis } from '../../core/clock.ts';
import type { NodeId } from './keys.ts';
import type { MembershipProblem } from './upkeep.ts';

/** What a node says is not heard when its clock is this far off (see the gossip's `clock` and `expired`). */
const TOLERATED: Millis = 5 * 60_000;
const MOST_PEERS = 64;
const MINUTE: Millis = 60_000;
const UNITS: readonly (readonly [Millis, string])[] = [
  [365 * 24 * 60 * MINUTE, 'year'],
  [24 * 60 * MINUTE, 'day'],
  [60 * MINUTE, 'hour'],
  [MINUTE, 'minute'],
];

export class ClockWatch {
  /** How far the clock of each peer is ahead of this one's, as it last said; a hello's way is short beside it. */
  readonly #ahead = new Map<NodeId, Millis>();
  #sinceIssue: Millis = 0;

  /** @param ahead milliseconds */
  heard(peer: NodeId, ahead: Millis): void {
    this.#ahead.delete(peer);
    this.#ahead.set(peer, ahead);
    const [oldest] = this.#ahead.keys();
    if (this.#ahead.size > MOST_PEERS && oldest !== undefined) this.#ahead.delete(oldest);
  }

  /** @param ago how long ago this node's certificate was issued, by this clock; negative when that is yet to come */
  issued(ago: Millis): void {
    this.#sinceIssue = ago;
  }

  /** The middle one of the peers counts, so that one wrong clock among three blames nobody else. */
  problem(): MembershipProblem | undefined {
    const hint = 'Set the clock, and let it be kept by NTP (timedatectl) or a battery-backed clock';
    const sorted = [...this.#ahead.values()].sort((one, other) => one - other);
    const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
    // Of two peers that differ, neither is believed.
    const middle = low === undefined || high === undefined ? undefined : Math.abs(low) < Math.abs(high) ? low : high;
    if (middle !== undefined && Math.abs(middle) > TOLERATED) {
      const side = middle > 0 ? 'behind' : 'ahead of';
      const whom = sorted.length === 1 ? 'the only peer that told its own' : `most of ${sorted.length} peers`;
      return {
        cause: `The clock of this board is ${spanOf(Math.abs(middle))} ${side} ${whom}: what it says is not heard`,
        hint,
      };
    }
    if (middle === undefined && this.#sinceIssue < -TOLERATED) {
      return {
        cause: `The clock of this board is wrong: its certificate was issued ${spanOf(-this.#sinceIssue)} after now`,
        hint,
      };
    }
    return undefined;
  }
}

function spanOf(span: Millis): string {
  const [size, name] = UNITS.find(([unit]) => span >= unit) ?? [MINUTE, 'minute'];
  const count = Math.round(span / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
