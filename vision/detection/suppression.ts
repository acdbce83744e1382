// One object, one box: of boxes that lie on each other the most confident is kept.

import { overlap } from '../geometry.ts';
import type { Detection } from './detector.ts';

/** Kinds that are mistaken for each other: one vehicle is not a car and a truck. Names as in COCO. */
const ALIKE: readonly (readonly string[])[] = [
  ['bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat'],
];
/** Two boxes of kinds that are alike are one object when they overlap more than this: nearly the same box. */
const SAME_THING = 0.7;
/** At most this many objects are read from a picture. */
const MOST = 100;
/** Boxes that are compared at most, the most confident ones: a model that sees things everywhere costs no more. */
const MOST_CANDIDATES = 1_000;

/** Most confident first. @param same boxes of one class that overlap more than this are one object */
export function withoutRepeats(found: readonly Detection[], same: number): Detection[] {
  const sorted = [...found].sort((a, b) => b.confidence - a.confidence).slice(0, MOST_CANDIDATES);
  const kept: Detection[] = [];
  for (const candidate of sorted) {
    if (kept.length === MOST) break;
    if (!kept.some((better) => repeats(better, candidate, same))) kept.push(candidate);
  }
  return kept;
}

function repeats(better: Detection, candidate: Detection, same: number): boolean {
  if (better.label === candidate.label) return overlap(better.box, candidate.box) > same;
  if (!areAlike(better.label, candidate.label)) return false;
  return overlap(better.box, candidate.box) > SAME_THING;
}

const areAlike = (a: string, b: string): boolean => ALIKE.some((kinds) => kinds.includes(a) && kinds.includes(b));
