// Frames around groups of nodes, filled or not: what is inside is seen against the frame's own ground, and the frame itself
// is no line.

import { medianOf, type Plane } from './mask.ts';
import { scattered, textsInside } from './nodes.ts';
import { type Candidate, distanceTo, extentArea } from './shapes.ts';
import type { TextBox } from './text.ts';

/** Candidates that hold labels of several nodes. @param line pixels of the usual line of text */
export function framesAmong(candidates: readonly Candidate[], texts: readonly TextBox[], line: number): Candidate[] {
  const labelled = candidates.filter((candidate) => candidate.fit > 0.8 && textsInside(candidate, texts).length > 0);
  return candidates.filter((candidate) => {
    if (candidate.solid < 0.93 || candidate.fit < (candidate.kind === 'filled' ? 0.85 : 0.96)) return false;
    const inside = textsInside(candidate, texts);
    if (inside.length < 2 || !scattered(inside, line)) return false;
    // Links that run around a group go from node to node; a frame touches none.
    return !labelled.some((other) => extentArea(other) < 0.5 * extentArea(candidate) && isOnEdge(other, candidate));
  });
}

/** Pixels that a node stays away from a frame's edge. */
const APART = 6;

function isOnEdge(candidate: Candidate, frame: Candidate): boolean {
  const offs = candidate.hull.map(([x, y]) => distanceTo(frame.hull, x, y));
  return Math.max(...offs) > -APART && Math.min(...offs) < APART;
}

/** Distances from the ground, inside of the frames from the frame's; the frames' edges are wiped out. */
export function withoutFrames(distance: Plane, frames: readonly Candidate[], thin: number): Plane {
  const data = distance.data.slice();
  const { width, height } = distance;
  // The inner ones last: their ground is what counts inside of them.
  for (const frame of [...frames].sort((a, b) => b.area - a.area)) {
    const edge = thin + 2;
    const inside: number[] = [];
    const counts = new Uint32Array(256);
    const [top, bottom] = [Math.max(0, frame.top - edge), Math.min(height - 1, frame.bottom + edge)];
    const [left, right] = [Math.max(0, frame.left - edge), Math.min(width - 1, frame.right + edge)];
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const off = distanceTo(frame.hull, x + 0.5, y + 0.5);
        if (off > edge) continue;
        const at = y * width + x;
        if (off > -edge) data[at] = 0;
        else {
          inside.push(at);
          counts[distance.data[at]!]!++;
        }
      }
    }
    const paper = medianOf(counts);
    for (const at of inside) data[at] = Math.abs(distance.data[at]! - paper);
  }
  return { width, height, data };
}
