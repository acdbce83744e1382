// Small things in large pictures: the picture is looked at whole, and in overlapping parts of which each is scaled to
// the model's size. Pure; what decodes pictures is `search.ts`.

import { area, type Box, overlap } from '../geometry.ts';
import type { Detection } from './detector.ts';
import { withoutRepeats } from './suppression.ts';

/** Share of a part's side that it has in common with its neighbour: what is smaller is whole in one of them. */
const SHARED = 0.2;
/** How near to its part's inner side, as a share of the part, a box ends that was cut. */
const CUT_WITHIN = 0.01;
/** Boxes of one class that overlap more than this are one thing, seen whole and in a part. */
const SAME_OBJECT = 0.5;
/** A box of which this much lies in a surer one of its class is a part of it. */
const INSIDE = 0.8;

/** The parts of a picture that is divided `tiles` times each way, row by row; none for 1. */
export function partsOf(tiles: number): Box[] {
  if (tiles <= 1) return [];
  const side = 1 / (tiles - (tiles - 1) * SHARED);
  const starts = Array.from({ length: tiles }, (_, index) => ((1 - side) * index) / (tiles - 1));
  return starts.flatMap((y) => starts.map((x) => ({ x, y, width: side, height: side })));
}

/** A part's detections as detections of the picture; those that the part's inner sides cut are left out. */
export function fromPart(detections: readonly Detection[], part: Box): Detection[] {
  return detections
    .filter(({ box }) => !isCut(box, part))
    .map(({ box, ...rest }) => ({
      ...rest,
      box: {
        x: part.x + box.x * part.width,
        y: part.y + box.y * part.height,
        width: box.width * part.width,
        height: box.height * part.height,
      },
    }));
}

/** Each thing once: the whole picture's detections and those of its parts, in the picture's coordinates. */
export function merged(whole: readonly Detection[], parts: readonly Detection[]): Detection[] {
  const once = withoutRepeats([...whole, ...parts], SAME_OBJECT);
  return once.filter((candidate, index) => !once.slice(0, index).some((surer) => lies(candidate, surer)));
}

function isCut(box: Box, part: Box): boolean {
  const cut = (distance: number, inner: boolean): boolean => inner && distance < CUT_WITHIN;
  return (
    cut(box.x, part.x > 0) ||
    cut(box.y, part.y > 0) ||
    cut(1 - box.x - box.width, part.x + part.width < 1 - 1e-9) ||
    cut(1 - box.y - box.height, part.y + part.height < 1 - 1e-9)
  );
}

function lies(candidate: Detection, surer: Detection): boolean {
  if (candidate.label !== surer.label) return false;
  const union = area(candidate.box) + area(surer.box);
  const shared = overlap(candidate.box, surer.box);
  // From intersection over union back to the intersection.
  return (shared * union) / (1 + shared) > INSIDE * area(candidate.box);
}
