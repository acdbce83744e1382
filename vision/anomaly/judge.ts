// What one picture looks like beside its reference: clear, or disturbed in one of the known ways. Pure; time is the
// business of `TamperStates`.

import { type Comparison, hasTexture, largestGroup } from './comparison.ts';
import type { Measures } from './measures.ts';
import { directionsInPlace, type Reference, sharpnessOf } from './reference.ts';
import type { Shift } from './shift.ts';
import { CELLS, WIDTH } from './working-picture.ts';

export const DISTURBANCES = [
  'covered',
  'sprayed',
  'moved',
  'defocused',
  'blinded',
  'frozen',
  'dark',
  'signal-lost',
] as const;
export type Disturbance = (typeof DISTURBANCES)[number];
export type TamperKind = 'clear' | Disturbance;

/** What is seen in a picture, before time has its say. */
export interface Verdict {
  kind: TamperKind;
  /** How plain it is, 0.5 to 1. */
  strength: number;
  /** Seconds for which it has to be seen before it counts. */
  hold: number;
}

/** What the pictures before tell. */
export interface Course {
  /** Share of pixels that changed since the picture before; undefined for the first. */
  changed: number | undefined;
  /** Variance of noise now. */
  noise: number;
  /** The view itself holds still: nothing passes through it. */
  steady: boolean;
  /** The same picture has come again and again: longer than this camera ever repeats itself. */
  repeats: boolean;
  /** It became dark within seconds. */
  suddenlyDark: boolean;
  /** What was told of it so far. */
  told: TamperKind;
  /** The reference is the other light's: this one has none yet. */
  otherLight: boolean;
  /** 1 for cells that were lost for some pictures in a row, and of these those without texture. */
  lost: Uint8Array;
  plain: Uint8Array;
}

/** Brightness below which nothing is seen. */
export const DARK = 22;
/** Voting cells below which texture says nothing. */
const FEWEST_VOTERS = 6;
/** A remnant of the scene above this correlation: the light is out, the lens is free. */
const REMNANT = 0.1;
const IN_OTHER_LIGHT = 0.15;
/** By so much directions of edges match better in their places than in others. */
const IN_PLACE = 0.06;
/** Pixels of the working picture that wind may move a camera. */
const SWAY = 3.5;

const HOLD = { covered: 3, sprayed: 5, moved: 4, defocused: 4, blinded: 4, frozen: 0, dark: 4, 'signal-lost': 2 };
/** Where things still pass through the view, e.g. a lorry before the lens. */
const RESTLESS_HOLD = 15;

export function judge(
  measures: Measures,
  reference: Reference,
  seen: Comparison,
  course: Course,
  shift: () => Shift,
): Verdict {
  const verdict = (kind: Disturbance, strength: number): Verdict => ({
    kind,
    strength: Math.max(0.5, Math.min(1, strength)),
    hold: course.steady || kind === 'signal-lost' ? HOLD[kind] : RESTLESS_HOLD,
  });
  const clear: Verdict = { kind: 'clear', strength: seen.kept, hold: 0 };
  const compares = seen.voters >= FEWEST_VOTERS;
  const kept = compares ? seen.kept : 1;
  if (
    (kept < 0.3 || !compares) &&
    seen.remnant < 0.5 &&
    isTestPicture(measures, { usualFlat: reference.levels.flat, usualNoise: reference.noise }, course)
  ) {
    return verdict('signal-lost', 1 - kept / 2);
  }
  const glare = measures.saturated - reference.levels.saturated;
  if (isBlinded(measures, reference, glare, kept)) return verdict('blinded', 0.5 + glare / 2);
  if (isDark(measures, reference, kept)) {
    const covered = course.suddenlyDark && seen.remnant < REMNANT;
    // What was told stays: in the end neither shows anything.
    if (course.told === 'dark' || course.told === 'covered') return verdict(course.told, 1 - kept);
    return verdict(covered ? 'covered' : 'dark', 1 - kept);
  }
  // In the first infrared light little looks as it did by day: any remnant of the scene will do.
  if (course.otherLight && sameInOtherLight(measures, reference, seen)) return still(clear, course);
  if (!compares) return flatWithoutReference(measures, reference) ? verdict('covered', 0.6) : still(clear, course);
  if (kept < 0.8) {
    const moved = movedBy(shift, seen, kept);
    if (moved !== undefined) return verdict('moved', moved);
  }
  if (isBlurred(seen, measures.meanLuma / reference.levels.meanLuma))
    return verdict('defocused', 0.5 + seen.blurred / 2);
  const [lost, plain] = [share(course.lost, seen), share(course.plain, seen)];
  if (lost > 0.75) {
    if (plain > 0.55 * lost) return verdict('covered', lost);
    if (seen.shape > 0.6) return still(clear, course);
    // Sharp texture that is another: it looks elsewhere. Blurred: something is held before the lens.
    return verdict(elsewhere(measures, reference, course.noise) ? 'moved' : 'covered', lost);
  }
  const group = largestGroup(course.lost, seen.votes, seen.voters);
  if (group > 0.12 && lost > 0.15 && plain > 0.45 * lost && plain > 0.1) return verdict('sprayed', 0.5 + lost / 2);
  return still(clear, course);
}

/** White nearly everywhere, or in so large a part that the rest of the view is gone. */
function isBlinded(measures: Measures, { levels }: Reference, glare: number, kept: number): boolean {
  const { meanLuma, dominant } = measures;
  const brighter = meanLuma - levels.meanLuma;
  if (glare > 0.6 || (glare > 0.3 && meanLuma > 235 && brighter > 45)) return true;
  // Mist or a veil before a white sensor leaves it just below white.
  const white = dominant.luma > 200 && meanLuma > 200 && brighter > 50;
  return kept < 0.5 && (glare > 0.3 || white);
}

/** Nothing is seen; or hardly any light is left, though long exposure still finds a trace of the scene in it. */
function isDark({ meanLuma }: Measures, { levels }: Reference, kept: number): boolean {
  if (meanLuma >= DARK || levels.meanLuma <= meanLuma + 4) return false;
  return kept < 0.4 || meanLuma < 0.1 * levels.meanLuma + 1;
}

/** What is left of the scene is where it was: the same edges elsewhere would match less. */
function sameInOtherLight(measures: Measures, reference: Reference, { remnant, plain, voters }: Comparison): boolean {
  if (remnant < IN_OTHER_LIGHT || plain.reduce((sum, one) => sum + one, 0) > 0.7 * voters) return false;
  return remnant > 0.5 || directionsInPlace(measures, reference) > IN_PLACE;
}

/** What a picture shows by itself, while there is nothing to compare it with. */
export function judgeAlone(measures: Measures, course: Pick<Course, 'changed' | 'noise'>): Verdict {
  if (isTestPicture(measures, { usualFlat: 0.75, usualNoise: 10 }, course)) {
    return { kind: 'signal-lost', strength: 0.7, hold: HOLD['signal-lost'] };
  }
  if (measures.meanLuma < 6) return { kind: 'dark', strength: 0.7, hold: HOLD.dark };
  return { kind: 'clear', strength: 0.5, hold: 0 };
}

const still = (clear: Verdict, { repeats }: Course): Verdict =>
  repeats ? { kind: 'frozen', strength: 0.9, hold: HOLD.frozen } : clear;

const share = (cells: Uint8Array, { voters }: Comparison): number => cells.reduce((sum, one) => sum + one, 0) / voters;

/** Drawn, not seen: one flat colour, bars, or text on a flat ground, the same to the pixel; or noise alone. */
function isTestPicture(
  measures: Measures,
  { usualFlat, usualNoise }: { usualFlat: number; usualNoise: number },
  { changed, noise }: Pick<Course, 'changed' | 'noise'>,
): boolean {
  const { flat, dominant, edges } = measures;
  if (changed === undefined) return false;
  if (noise > 150 && noise > 8 * (usualNoise + 1) && flat < 0.02) return true;
  if (flat < 0.75 || flat < Math.min(0.97, usualFlat + 0.2) || changed > 0.05) return false;
  const bars = dominant.colours >= 4 && measures.chroma > 60;
  const coloured = dominant.share > 0.6 && dominant.chroma > 85;
  const black = dominant.share > 0.97 && measures.meanLuma < 3;
  const text = dominant.share > 0.7 && edges > 0.004;
  return bars || coloured || black || text;
}

/** How plain it is that the picture is the usual one, shifted; undefined where it is not. */
function movedBy(shift: () => Shift, seen: Comparison, kept: number): number | undefined {
  const found = shift();
  const far = Math.hypot(found.x, found.y);
  if (far < SWAY || far > 0.8 * WIDTH) return undefined;
  const better =
    found.correlation > 0.3 &&
    found.correlation > 2 * Math.max(0, found.unshifted) &&
    found.correlation > found.unshifted + 0.2;
  return better && seen.shape < 0.9 ? 0.5 + found.correlation / 2 - kept / 8 : undefined;
}

/** @param light brightness as a share of the usual: where it is little, compression drowns fine detail first */
const isBlurred = ({ shape, blurred, sharpness }: Comparison, light: number): boolean =>
  shape > 0.6 && blurred > 0.65 && sharpness < 0.42 * Math.min(1, 2 * light);

/** The texture that is seen, another than the usual, is about as sharp. */
function elsewhere(measures: Measures, reference: Reference, noise: number): boolean {
  const sharpness = sharpnessOf(measures, noise);
  let [now, textured, usual, voters] = [0, 0, 0, 0];
  for (let cell = 0; cell < CELLS; cell++) {
    if (measures.energy[cell]! > 5 + 4.5 * noise) {
      now += sharpness[cell]!;
      textured++;
    }
    if (hasTexture(reference, cell)) {
      usual += reference.sharpness[cell]!;
      voters++;
    }
  }
  return textured > 0.2 * CELLS && now / textured > usual / voters + Math.log(0.35);
}

/** A scene with hardly any texture, of which even that is gone. */
function flatWithoutReference(measures: Measures, reference: Reference): boolean {
  return measures.entropy < 1 && reference.levels.entropy > measures.entropy + 1.5;
}
