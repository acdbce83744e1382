// Small things in large pictures: the picture is looked at whole, and in overlapping parts of which each is scaled to
// the model's size. Pure; what decodes pictures is `search.ts`.

import { area, type Box, overlap } from '../geometry.ts';
import type { Detection } from './detector.ts';
import { withoutRepeats } from './suppression.ts';

/** Share of a part's side that it has in common with its neighbour: what is smaller is whole in one of them. */
const SHARED = 0.2;
/** How near to its part's inner side, as a share of the part, a box ends that was cut. */
const CUT_WITHIN = 0.01;
/** Longest side, as a share of the picture, of what is taken from a part: what is larger is seen better whole. */
const MOST_SIDE = 0.3;
/** Boxes of one class that overlap more than this are one thing, seen whole and in a part. */
const SAME_OBJECT = 0.6;
/** A piece of a thing: this much of it lies in a thing of its class that was seen whole, of which it has not more. */
const PIECE = { inside: 0.8, ofThing: 0.6 };
/** How sure the whole picture's thing is, that pieces of it are left out. */
const SURE = 0.3;

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
  const sure = whole.filter(({ confidence }) => confidence >= SURE);
  const added = parts.filter(
    (candidate) =>
      Math.max(candidate.box.width, candidate.box.height) < MOST_SIDE &&
      !sure.some((thing) => isPiece(candidate, thing)),
  );
  return withoutRepeats([...whole, ...added], SAME_OBJECT);
}

/** The picture's own edge cuts nothing. */
function isCut({ x, y, width, height }: Box, part: Box): boolean {
  const inside = 1e-6;
  return (
    (x < CUT_WITHIN && part.x > inside) ||
    (y < CUT_WITHIN && part.y > inside) ||
    (x + width > 1 - CUT_WITHIN && part.x + part.width < 1 - inside) ||
    (y + height > 1 - CUT_WITHIN && part.y + part.height < 1 - inside)
  );
}

function isPiece(candidate: Detection, thing: Detection): boolean {
  if (candidate.label !== thing.label) return false;
  const [own, its] = [area(candidate.box), area(thing.box)];
  const shared = overlap(candidate.box, thing.box);
  // From intersection over union back to the intersection.
  const inside = (shared * (own + its)) / (1 + shared);
  return inside > PIECE.inside * own && own < PIECE.ofThing * its;
}
