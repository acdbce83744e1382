// From single pixels that changed to the boxes around what belongs together. Pure.

import type { Box } from '../geometry.ts';

/** Pixels on a cell's side. */
export const CELL = 4;

export interface ChangedCells {
  columns: number;
  rows: number;
  /** Pixels of each cell that changed, and those of them that differ from the picture before. */
  changed: Uint8Array;
  moving: Uint8Array;
  /** The picture's size in pixels; the last cells may lie partly outside. */
  across: number;
  down: number;
}

export interface Patch {
  box: Box;
  /** Pixels that changed. */
  size: number;
  moving: boolean;
}

/** A cell with fewer changed pixels is noise. */
const LEAST_IN_CELL = 4;
/** A patch with fewer changed pixels is no thing. */
const LEAST_IN_PATCH = 10;
/** Pixels of a patch that must differ from the picture before for it to move. */
const LEAST_MOVING = 4;
/** Cells without change between two that belong together, at most. */
const GAP = 2;
const MOST_PATCHES = 16;

/** Largest first, at most 16. */
export function patchesOf(cells: ChangedCells): Patch[] {
  const { columns, rows, changed } = cells;
  const visited = new Uint8Array(columns * rows);
  const patches: Patch[] = [];
  for (let cell = 0; cell < changed.length; cell++) {
    if (visited[cell] || changed[cell]! < LEAST_IN_CELL) continue;
    const patch = patchFrom(cell, cells, visited);
    if (patch.size >= LEAST_IN_PATCH) patches.push(patch);
  }
  return patches.sort((a, b) => b.size - a.size).slice(0, MOST_PATCHES);
}

function patchFrom(
  first: number,
  { columns, rows, changed, moving, across, down }: ChangedCells,
  visited: Uint8Array,
): Patch {
  const open = [first];
  visited[first] = 1;
  let [left, top, right, bottom, size, moved] = [columns, rows, 0, 0, 0, 0];
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    const column = cell % columns;
    const row = Math.floor(cell / columns);
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
    size += changed[cell]!;
    moved += moving[cell]!;
    for (let r = Math.max(0, row - GAP); r <= Math.min(rows - 1, row + GAP); r++) {
      for (let c = Math.max(0, column - GAP); c <= Math.min(columns - 1, column + GAP); c++) {
        const next = r * columns + c;
        if (visited[next] || changed[next]! < LEAST_IN_CELL) continue;
        visited[next] = 1;
        open.push(next);
      }
    }
  }
  const x = (left * CELL) / across;
  const y = (top * CELL) / down;
  const box = {
    x,
    y,
    width: Math.min(1, (right * CELL) / across) - x,
    height: Math.min(1, (bottom * CELL) / down) - y,
  };
  return { box, size, moving: moved >= LEAST_MOVING };
}
