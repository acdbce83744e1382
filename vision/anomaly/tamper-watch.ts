// Watches one camera's pictures for signs that its view is disturbed, and says what makes it think so. Give it every
// picture that is looked at, as a working picture: it keeps references for day and night by itself.

import type { Millis } from '../../core/clock.ts';
import { type Comparison, compare } from './comparison.ts';
import { type CellStreaks, newStreaks, paceOf, type Succession, streak } from './course.ts';
import { type Evidence, evidenceOf, messageOf } from './evidence.ts';
import { DARK, judge, judgeAlone, type TamperKind, type Verdict } from './judge.ts';
import { type Light, lightOf } from './light.ts';
import { type Measures, measure } from './measures.ts';
import { follow, LEARNED_FROM, learn, type Pace, packReference, type Reference, unpackReference } from './reference.ts';
import type { Shift } from './shift.ts';
import { ShiftSearch } from './shift-search.ts';
import { TamperStates } from './tamper-states.ts';
import { HEIGHT, WIDTH, type WorkingPicture } from './working-picture.ts';

export interface TamperState {
  kind: TamperKind;
  /** Wall-clock milliseconds. */
  since: Millis;
  /** 0 to 1. */
  confidence: number;
  evidence: Evidence;
  /** For people. */
  message: string;
  /** The reference of this light is still being learned: only what needs none is noticed. */
  learning: boolean;
}

export interface Picture {
  pixels: WorkingPicture;
  /** Monotonic milliseconds. */
  now: Millis;
  /** Wall-clock milliseconds. */
  wall: Millis;
  /** Of these pixels, where `measure` was called already: `UnusualScene` takes the same. */
  measures?: Measures;
}

export interface TamperOptions {
  /** Pictures of a folder or of a still address repeat themselves without being frozen. */
  pace: 'video' | 'stills';
  /** What `packed()` gave earlier: a camera moved while the node was off is noticed. */
  reference?: Uint8Array;
}

const LIGHTS: readonly Light[] = ['day', 'night'];

/** Milliseconds between pictures from which a reference is learned. */
const LEARN_EVERY = 400;
/** Longest seconds that one picture counts for. */
const MOST_SECONDS = 60;
/** Seconds of the same picture that are a standstill, and how much longer than ever before. */
const FROZEN_AFTER = 3;
const FROZEN_PICTURES = 4;
const LONGER_THAN_EVER = 3;
/** Brightness from which dusk takes more than these seconds to fall. */
const BRIGHT = 30;
const DUSK_TAKES = 20;

export class TamperWatch {
  readonly #pace: TamperOptions['pace'];
  readonly #references = new Map<Light, Reference>();
  #learning: { light: Light; pictures: { measures: Measures; pace: Pace }[]; last: Millis } | undefined;
  #before: { measures: Measures; now: Millis; light: Light } | undefined;
  #states: TamperStates | undefined;
  readonly #shifts = new ShiftSearch();
  #streaks: CellStreaks = newStreaks();
  /** Since when the same picture comes, and the longest such time while all was well. */
  #repeating: { since: Millis; pictures: number } | undefined;
  #longestRepeat = 0;
  /** When it was last bright enough to see by. */
  #brightAt: Millis | undefined;

  constructor({ pace, reference }: TamperOptions) {
    this.#pace = pace;
    if (reference !== undefined) this.#restore(reference);
  }

  /** Looks at the next picture; returns the state after it. Takes about 2 ms. */
  look({ pixels, now, wall, measures = measured(pixels) }: Picture): TamperState {
    this.#states ??= new TamperStates(wall);
    const before = this.#before;
    const seconds = before === undefined ? 0 : Math.max(0, Math.min(MOST_SECONDS, (now - before.now) / 1000));
    const succession = paceOf(measures, before?.measures);
    const light = lightOf(measures, before?.light);
    this.#before = { measures, now, light };
    const repeats = this.#noteRepeat(succession, now);
    const known = this.#references.get(light);
    const reference = known ?? this.#references.get(light === 'day' ? 'night' : 'day');
    const changed = before === undefined ? undefined : succession.changed;
    if (reference === undefined) {
      const verdict = judgeAlone(measures, { changed, noise: succession.noise });
      this.#states.take(verdict, seconds, wall);
      if (verdict.kind === 'clear') this.#learn(light, measures, succession, now);
      return this.#tell(measures, undefined, undefined, undefined);
    }
    // A camera that sways looks noisy: more than twice the usual is not believed.
    const noise = Math.min(succession.noise, 2 * reference.noise + 0.5);
    const seen = compare(measures, reference, { noise, anyPolarity: known === undefined });
    this.#streaks = streak(this.#streaks, seen);
    const bright = Math.max(8, Math.min(BRIGHT, reference.levels.meanLuma / 2));
    if (measures.meanLuma > bright || this.#brightAt === undefined) this.#brightAt = now;
    let shift: Shift | undefined;
    const findOnce = (): Shift => (shift ??= this.#shifts.find(measures, reference, seen.kept));
    const verdict = judge(
      measures,
      reference,
      seen,
      {
        changed,
        noise: succession.noise,
        told: this.#states.kind,
        otherLight: known === undefined,
        steady: succession.steady,
        repeats,
        suddenlyDark: measures.meanLuma < DARK && now - this.#brightAt < DUSK_TAKES * 1000,
        lost: this.#streaks.lost,
        plain: this.#streaks.plain,
      },
      findOnce,
    );
    if (shift === undefined) this.#shifts.forget();
    this.#states.take(verdict, seconds, wall);
    this.#adapt({ verdict, known, reference, light, measures, succession, seen, seconds, now });
    return this.#tell(measures, reference, seen, shift);
  }

  /** The view as it is now is the right one: learns its references anew. */
  acceptAsReference(wall: Millis): void {
    this.#references.clear();
    this.#learning = undefined;
    this.#streaks = newStreaks();
    this.#brightAt = undefined;
    this.#shifts.forget();
    this.#states?.reset(wall);
  }

  /** The references in about 120 kB at most, for the next start; undefined while there is none. */
  packed(): Uint8Array | undefined {
    const parts = LIGHTS.map((light) => this.#references.get(light));
    if (parts.every((part) => part === undefined)) return undefined;
    const bodies = parts.map((part) => (part === undefined ? new Uint8Array() : packReference(part)));
    const bytes = new Uint8Array(5 + bodies.reduce((sum, { length }) => sum + length, 0));
    bytes[0] = bodies.reduce((bits, { length }, i) => bits | (length > 0 ? 1 << i : 0), 0);
    new DataView(bytes.buffer).setFloat32(1, this.#longestRepeat);
    let at = 5;
    for (const body of bodies) {
      bytes.set(body, at);
      at += body.length;
    }
    return bytes;
  }

  #restore(bytes: Uint8Array): void {
    const which = LIGHTS.filter((_, i) => ((bytes[0] ?? 0) >> i) & 1);
    if (bytes.length <= 5 || which.length === 0 || (bytes.length - 5) % which.length !== 0) return;
    const each = (bytes.length - 5) / which.length;
    const found = which.map((light, i) => [light, unpackReference(bytes.subarray(5 + i * each, 5 + (i + 1) * each))]);
    const longest = new DataView(bytes.buffer, bytes.byteOffset).getFloat32(1);
    if (!Number.isFinite(longest) || found.some(([, reference]) => reference === undefined)) return;
    this.#longestRepeat = Math.max(0, longest);
    for (const [light, reference] of found as [Light, Reference][]) this.#references.set(light, reference);
  }

  #learn(light: Light, measures: Measures, pace: Pace, now: Millis): void {
    if (this.#learning?.light !== light) this.#learning = { light, pictures: [], last: Number.NEGATIVE_INFINITY };
    const { pictures, last } = this.#learning;
    // Nothing is learned from the dark or from an empty picture.
    if (measures.meanLuma < 8 || measures.entropy < 0.5 || (pictures.length > 0 && now - last < LEARN_EVERY)) return;
    this.#learning.last = now;
    pictures.push({ measures, pace });
    if (pictures.length < LEARNED_FROM) return;
    // The very first picture has none before it to measure noise by.
    this.#references.set(light, learn(pictures));
    this.#learning = undefined;
  }

  /** Follows a healthy view; learns the other light's reference while the view is known to be the same. */
  #adapt(seen: {
    verdict: Verdict;
    known: Reference | undefined;
    reference: Reference;
    light: Light;
    measures: Measures;
    succession: Succession;
    seen: Comparison;
    seconds: number;
    now: Millis;
  }): void {
    const { verdict, known, light, measures, succession: pace, seconds, now } = seen;
    const clear = verdict.kind === 'clear' && this.#states!.kind === 'clear' && !this.#states!.suspects;
    if (!clear) return;
    if (known === undefined) {
      this.#learn(light, measures, pace, now);
    } else if (seen.seen.kept > 0.6) {
      this.#learning = undefined;
      // A repeated picture says nothing new of noise.
      const told = pace.changed === 0 ? { changed: known.changed, noise: known.noise } : pace;
      follow(known, measures, { pace: told, correlation: seen.seen.correlation, seconds });
    }
  }

  /** Whether the same picture has come for longer than a live camera repeats itself. */
  #noteRepeat({ changed }: Pace, now: Millis): boolean {
    const usual = Math.max(0, ...[...this.#references.values()].map((reference) => reference.changed));
    // A clock drawn into a picture that stands still changes a few pixels.
    if (changed > Math.min(0.005, usual / 20)) {
      if (this.#repeating !== undefined && this.#states!.kind === 'clear') {
        this.#longestRepeat = Math.max(this.#longestRepeat, (now - this.#repeating.since) / 1000);
      }
      this.#repeating = undefined;
      return false;
    }
    this.#repeating ??= { since: now, pictures: 0 };
    this.#repeating.pictures++;
    const seconds = (now - this.#repeating.since) / 1000;
    return (
      this.#pace === 'video' &&
      usual > 0.02 &&
      this.#repeating.pictures >= FROZEN_PICTURES &&
      seconds >= Math.max(FROZEN_AFTER, LONGER_THAN_EVER * this.#longestRepeat)
    );
  }

  #tell(
    measures: Measures,
    reference: Reference | undefined,
    seen: Comparison | undefined,
    shift: Shift | undefined,
  ): TamperState {
    const { kind, since, confidence } = this.#states!;
    const evidence = evidenceOf(kind, measures, reference, seen, shift);
    return {
      kind,
      since,
      confidence: Math.round(confidence * 100) / 100,
      evidence,
      message: messageOf(kind, evidence),
      learning: reference === undefined || this.#learning !== undefined,
    };
  }
}

function measured(pixels: WorkingPicture): Measures {
  if (pixels.length !== WIDTH * HEIGHT * 3) {
    throw new RangeError(`a working picture has ${WIDTH * HEIGHT * 3} bytes, not ${pixels.length}`);
  }
  return measure(pixels);
}
