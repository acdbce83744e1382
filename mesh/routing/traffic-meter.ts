// What this node sends: how much to which destination, and how much over each of its links. Bounded: of many keys the
// heaviest are kept (Metwally's space-saving).

import type { Clock, Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';

export interface MeasuredRate {
  to: NodeId;
  /** Bytes per second, smoothed. */
  rate: number;
  /** The highest rate of one period so far. */
  most: number;
}

interface Entry {
  /** Since the last period ended. */
  bytes: number;
  rate: number;
  most: number;
}

/** Keys that are counted at the same time. */
const MOST_KEYS = 256;
/** Weight of the newest period: a change shows by half after two. */
const NEWEST = 0.3;
/** Bytes per second below which a key is forgotten. */
const SILENT = 1;

export class RateTable {
  readonly #entries = new Map<NodeId, Entry>();

  add(key: NodeId, bytes: number): void {
    const known = this.#entries.get(key);
    if (known !== undefined) known.bytes += bytes;
    else this.#entries.set(key, { bytes: bytes + this.#makeRoom(), rate: 0, most: 0 });
  }

  /** @param seconds since the last call */
  endPeriod(seconds: number): void {
    for (const [key, entry] of this.#entries) {
      const now = entry.bytes / seconds;
      entry.bytes = 0;
      entry.rate += NEWEST * (now - entry.rate);
      entry.most = Math.max(entry.most, now);
      if (entry.rate < SILENT) this.#entries.delete(key);
    }
  }

  /** Highest rate first. */
  heaviest(count: number): MeasuredRate[] {
    return [...this.#entries]
      .map(([to, { rate, most }]) => ({ to, rate, most }))
      .filter(({ rate }) => rate > 0)
      .sort((a, b) => b.rate - a.rate)
      .slice(0, count);
  }

  /** Forgets the lightest key when there is no room. A new one begins with its bytes: it may be that heavy. */
  #makeRoom(): number {
    if (this.#entries.size < MOST_KEYS) return 0;
    let lightest: [NodeId, Entry] | undefined;
    for (const one of this.#entries) {
      if (lightest === undefined || weight(one[1]) < weight(lightest[1])) lightest = one;
    }
    this.#entries.delete(lightest![0]);
    return lightest![1].bytes;
  }
}

/** A key with a known rate is not driven out by what is new in this period. */
const weight = ({ bytes, rate }: Entry): number => bytes + rate;

export class TrafficMeter {
  readonly #self: NodeId;
  readonly #clock: Clock;
  readonly #destinations = new RateTable();
  readonly #links = new RateTable();
  #periodBegan: Millis;

  constructor(self: NodeId, clock: Clock) {
    this.#self = self;
    this.#clock = clock;
    this.#periodBegan = clock.now();
  }

  /** A frame went to a neighbour. */
  carried(neighbour: NodeId, { origin, destination }: { origin: NodeId; destination: NodeId }, bytes: number): void {
    this.#links.add(neighbour, bytes);
    if (origin === this.#self) this.#destinations.add(destination, bytes);
  }

  endPeriod(): void {
    const now = this.#clock.now();
    const seconds = (now - this.#periodBegan) / 1000;
    if (seconds <= 0) return;
    this.#periodBegan = now;
    this.#destinations.endPeriod(seconds);
    this.#links.endPeriod(seconds);
  }

  destinations(count: number): MeasuredRate[] {
    return this.#destinations.heaviest(count);
  }

  links(count: number): MeasuredRate[] {
    return this.#links.heaviest(count);
  }
}
