// How long agents take for a piece of work, against what they usually take: what tells that one of them is slow. A few numbers
// an agent, whatever it does. Pure but for what it remembers: time is handed in.

import type { Millis } from '../core/clock.ts';
import { medianOf } from './federation/aggregation/update-set.ts';

/** Work that was done, from being taken up to its end. */
export interface Piece {
  took: Millis;
  /** What it may be compared with: `letter`, the job of a task. An agent knows few sorts of its own. */
  sort: string;
  /** Whose pieces of that sort: its own from before, or those that others who do the same work have done lately. */
  among: 'own' | 'peers';
}

interface Times {
  /** Of the present instance. */
  recent: Piece[];
  /** Of all instances, by sort. */
  usual: Map<string, number[]>;
  /** When something was kept as usual. */
  keptAt: Millis;
  hasNews: boolean;
}

/** So many pieces say how fast an instance is; fewer say nothing against it. */
const RECENT = 5;
const LEAST_USUAL = 16;
const MOST_USUAL = 64;
/** What is usual spans five minutes; what is slow becomes usual within the hour, and not while it is repaired. */
const KEEP_EVERY: Millis = 5_000;
const KEEP_SLOW_EVERY: Millis = 60_000;
const SLOW = 1.5;
/** What takes less is no trouble to anybody. */
const FLOOR: Millis = 50;

export class ServiceTimes {
  readonly #agents = new Map<string, Times>();

  /** A new instance of the agent. */
  begin(id: string): void {
    const { usual, keptAt } = this.#agents.get(id) ?? { usual: new Map(), keptAt: Number.NEGATIVE_INFINITY };
    this.#agents.set(id, { recent: [], usual, keptAt, hasNews: true });
  }

  forget(id: string): void {
    this.#agents.delete(id);
  }

  note(id: string, piece: Piece, now: Millis): void {
    const times = this.#agents.get(id);
    if (times === undefined) return;
    times.hasNews = true;
    times.recent.push(piece);
    if (times.recent.length <= RECENT) return;
    const left = times.recent.shift()!;
    if (left.among === 'own') this.#keep(times, left, now);
  }

  /**
   * Times that the present instance takes what is usual; 1 where nothing speaks against it. Undefined where nothing is new since the
   * last call.
   */
  news(id: string): number | undefined {
    const times = this.#agents.get(id);
    if (times === undefined || !times.hasNews) return undefined;
    // One that has done little yet is asked again: that it is well is said of it too.
    times.hasNews = times.recent.length < RECENT;
    return this.#slowness(times) ?? 1;
  }

  /** What the present instance takes for a piece now; undefined where its pace could not be told from the usual one. */
  pace(id: string): Millis | undefined {
    const times = this.#agents.get(id);
    if (times === undefined || this.#slowness(times) === undefined) return undefined;
    return medianOf(times.recent.map(({ took }) => took));
  }

  /** All but one of the last pieces take that many times what three quarters of the others took: a long piece is no slow agent. */
  #slowness(times: Times): number | undefined {
    if (times.recent.length < RECENT) return undefined;
    const ratios = times.recent.flatMap((piece) => {
      const isOwn = piece.among === 'own';
      const known = isOwn ? (times.usual.get(piece.sort) ?? []) : this.#others(times, piece.sort);
      const least = isOwn ? LEAST_USUAL : RECENT;
      return known.length < least ? [] : piece.took / Math.max(FLOOR, quantile(known, 0.75));
    });
    return ratios.length < RECENT ? undefined : quantile(ratios, 0.25);
  }

  #others(times: Times, sort: string): number[] {
    const others = [...this.#agents.values()].filter((other) => other !== times);
    return others.flatMap(({ recent }) =>
      recent.flatMap((piece) => (piece.among === 'peers' && piece.sort === sort ? piece.took : [])),
    );
  }

  #keep(times: Times, { sort, took }: Piece, now: Millis): void {
    const usual = times.usual.get(sort) ?? [];
    times.usual.set(sort, usual);
    if (usual.length >= LEAST_USUAL) {
      if (now - times.keptAt < KEEP_EVERY) return;
      if (now - times.keptAt < KEEP_SLOW_EVERY && (this.#slowness(times) ?? 0) >= SLOW) return;
    }
    times.keptAt = now;
    usual.push(took);
    if (usual.length > MOST_USUAL) usual.shift();
  }
}

/** Linear between the two nearest; of nothing NaN. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}
