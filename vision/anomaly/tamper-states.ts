// From verdicts picture by picture to a state that holds: a disturbance counts once it was seen for its time and in
// three pictures at least, and ends once the view was clear for some seconds.

import type { Millis } from '../../core/clock.ts';
import { DISTURBANCES, type Disturbance, type TamperKind, type Verdict } from './judge.ts';

/** Seconds of a clear view that end a disturbance. */
const CLEAR_AFTER = 3;
/** Pictures that decide at least. */
const FEWEST_PICTURES = 3;
/** Seconds by which a mind is changed about the kind of a disturbance that lasts. */
const OTHER_KIND_AFTER = 6;

export interface StateChange {
  from: TamperKind;
  to: TamperKind;
}

export class TamperStates {
  #kind: TamperKind = 'clear';
  #since: Millis;
  /** Progress towards each disturbance, 1 is enough; and towards clear. */
  readonly #progress = new Map<Disturbance, number>(DISTURBANCES.map((kind) => [kind, 0]));
  #clear = 0;
  #strength = 0;
  /** Wall-clock moment at which what is now seen began. */
  #began: Millis | undefined;

  constructor(wall: Millis) {
    this.#since = wall;
  }

  get kind(): TamperKind {
    return this.#kind;
  }

  /** Wall-clock milliseconds. */
  get since(): Millis {
    return this.#since;
  }

  /** 0 to 1: how sure the state is. */
  get confidence(): number {
    if (this.#kind !== 'clear') return this.#strength;
    return 1 - 0.5 * Math.min(1, this.#total());
  }

  /** A disturbance is seen that does not count yet. */
  get suspects(): boolean {
    return this.#total() > 0;
  }

  /** @param seconds since the picture before */
  take(verdict: Verdict, seconds: number, wall: Millis): StateChange | undefined {
    const step = (hold: number): number => Math.min(1 / FEWEST_PICTURES, hold <= 0 ? 1 : seconds / hold);
    if (verdict.kind === 'clear') {
      this.#clear = Math.min(1, this.#clear + step(CLEAR_AFTER));
      const fade = step(CLEAR_AFTER);
      for (const [kind, progress] of this.#progress) this.#progress.set(kind, Math.max(0, progress - fade));
      if (this.#total() === 0) this.#began = undefined;
    } else {
      this.#clear = Math.max(0, this.#clear - step(CLEAR_AFTER));
      this.#began ??= wall;
      this.#gain(verdict.kind, step, verdict.hold);
      this.#strength += (verdict.strength - this.#strength) * (this.#strength === 0 ? 1 : 0.3);
    }
    return this.#decide(wall);
  }

  /** Forgets what was seen. */
  reset(wall: Millis): void {
    for (const kind of DISTURBANCES) this.#progress.set(kind, 0);
    this.#kind = 'clear';
    this.#since = wall;
    this.#clear = 0;
    this.#began = undefined;
  }

  #gain(kind: Disturbance, step: (hold: number) => number, hold: number): void {
    this.#progress.set(kind, Math.min(1, this.#progress.get(kind)! + step(hold)));
    // Towards a first state all disturbances count together.
    if (this.#kind === 'clear') return;
    for (const [other, progress] of this.#progress) {
      if (other !== kind) this.#progress.set(other, Math.max(0, progress - step(OTHER_KIND_AFTER)));
    }
  }

  /** Of all disturbances: a view that is covered now and moved then is disturbed all the time. */
  #total(): number {
    let total = 0;
    for (const progress of this.#progress.values()) total += progress;
    return total;
  }

  #decide(wall: Millis): StateChange | undefined {
    const from = this.#kind;
    if (this.#kind !== 'clear' && this.#clear >= 1) {
      this.reset(wall);
      return { from, to: 'clear' };
    }
    const [leader, progress] = [...this.#progress].reduce((best, one) => (one[1] > best[1] ? one : best));
    const enough = this.#kind === 'clear' ? this.#total() >= 0.999 : progress >= 0.999;
    if (!enough || leader === this.#kind) return undefined;
    if (this.#kind !== 'clear' && this.#progress.get(this.#kind)! > 0.01) return undefined;
    this.#kind = leader;
    this.#progress.set(leader, 1);
    this.#since = from === 'clear' ? (this.#began ?? wall) : wall;
    this.#clear = 0;
    return { from, to: leader };
  }
}
