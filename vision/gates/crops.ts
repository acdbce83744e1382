// Which parts of a picture are searched instead of all of it: crops around what moves, of the model's own size, so that
// what is small or far away is seen larger at the price of one whole search. Pure.

import { area, around, type Box } from '../geometry.ts';

export interface Size {
  width: number;
  height: number;
}

/** More crops than this cost more than they bring: the whole picture is searched instead. */
const MOST_CROPS = 2;
/** A crop has to show things this much larger than the whole picture does. */
const LEAST_GAIN = 1.4;
/** What moves takes at most this share of its crop's side: a detector needs the surroundings too. */
const SHARE_OF_CROP = 0.6;
/** A picture is not blown up more than this: there is nothing more to see in it. */
const MOST_ENLARGED = 1.5;

/**
 * Crops that hold all of `wanted`, in shares of the picture; undefined where searching all of it is the better way.
 * @param picture pixels of the picture
 * @param model pixels of the model's input
 */
export function cropsFor(wanted: readonly Box[], picture: Size, model: Size): Box[] | undefined {
  const cropOf = (box: Box): Box => cropAround(box, picture, Math.min(model.width, model.height) / MOST_ENLARGED);
  let groups = [...wanted];
  for (let joined = closest(groups, cropOf); joined !== undefined; joined = closest(groups, cropOf)) {
    if (joined.saved < 0 && groups.length <= MOST_CROPS) break;
    groups = joined.groups;
  }
  const crops = groups.map(cropOf);
  const most = Math.max(picture.width, picture.height) / LEAST_GAIN;
  const gain = crops.every(({ width, height }) => Math.max(width * picture.width, height * picture.height) <= most);
  return gain ? crops : undefined;
}

/** A square in pixels around the box, moved into the picture. */
function cropAround(box: Box, picture: Size, least: number): Box {
  const longest = Math.max(box.width * picture.width, box.height * picture.height);
  const side = Math.max(least, longest / SHARE_OF_CROP);
  const width = Math.min(1, side / picture.width);
  const height = Math.min(1, side / picture.height);
  const x = Math.min(1 - width, Math.max(0, box.x + (box.width - width) / 2));
  const y = Math.min(1 - height, Math.max(0, box.y + (box.height - height) / 2));
  return { x, y, width, height };
}

/** The groups with those two made one that saves most of the area that is searched; undefined for a single one. */
function closest(groups: readonly Box[], cropOf: (box: Box) => Box): { groups: Box[]; saved: number } | undefined {
  let best: { pair: readonly [Box, Box]; both: Box; saved: number } | undefined;
  for (const [i, a] of groups.entries()) {
    for (const b of groups.slice(i + 1)) {
      const both = around(a, b);
      const saved = area(cropOf(a)) + area(cropOf(b)) - area(cropOf(both));
      if (best === undefined || saved > best.saved) best = { pair: [a, b], both, saved };
    }
  }
  if (best === undefined) return undefined;
  const { pair, both, saved } = best;
  return { groups: [...groups.filter((one) => !pair.includes(one)), both], saved };
}
