// Which outputs a manifest promises, of which shape, and who reads them.

import { decodeCenterNet } from './centernet.ts';
import type { Detection } from './detector.ts';
import { decodeGfl } from './gfl.ts';
import type { ModelManifest } from './manifest.ts';
import { decodeYolox } from './yolox.ts';

export interface PromisedOutput {
  name: string;
  /** Without the dimension of the batch, which is 1. */
  shape: readonly number[];
}

/** Values of an output; throws for one that was not promised. */
export type Outputs = (name: string) => Float32Array;

export interface Decoding {
  outputs: readonly PromisedOutput[];
  /** Objects at or above `minConfidence`, most confident first; boxes in shares of the input. */
  decode(outputs: Outputs, minConfidence: number): Detection[];
}

export function decodingOf({ input, output, classes }: ModelManifest): Decoding {
  const { width, height } = input;
  const grid = (stride: number) => ({ rows: Math.ceil(height / stride), columns: Math.ceil(width / stride), stride });
  switch (output.decoding) {
    case 'centernet': {
      const cells = grid(output.stride);
      const { rows, columns } = cells;
      return {
        outputs: [
          { name: output.scores, shape: [classes.length, rows, columns] },
          { name: output.sides, shape: [4, rows, columns] },
        ],
        decode: (of, least) =>
          decodeCenterNet({ scores: of(output.scores), sides: of(output.sides), ...cells }, classes, least),
      };
    }
    case 'picodet': {
      const levels = output.levels.map((level) => ({ ...level, ...grid(level.stride) }));
      const { bins } = output;
      return {
        outputs: levels.flatMap(({ scores, sides, rows, columns }) => [
          { name: scores, shape: [rows * columns, classes.length] },
          { name: sides, shape: [rows * columns, 4 * bins] },
        ]),
        decode: (of, least) => {
          const read = levels.map(({ scores, sides, ...cells }) => ({
            ...cells,
            scores: { values: of(scores), first: 0, step: classes.length },
            sides: { values: of(sides), first: 0, step: 4 * bins },
          }));
          return decodeGfl({ levels: read, bins, centre: 0.5, width, height }, classes, least);
        },
      };
    }
    case 'nanodet': {
      const { bins, centre } = output;
      const step = classes.length + 4 * bins;
      let cells = 0;
      const levels = output.strides.map((stride) => {
        const level = { ...grid(stride), from: cells * step };
        cells += level.rows * level.columns;
        return level;
      });
      return {
        outputs: [{ name: output.output, shape: [cells, step] }],
        decode: (of, least) => {
          const values = of(output.output);
          const read = levels.map(({ from, ...level }) => ({
            ...level,
            scores: { values, first: from, step },
            sides: { values, first: from + classes.length, step },
          }));
          return decodeGfl({ levels: read, bins, centre, width, height }, classes, least);
        },
      };
    }
    case 'yolox': {
      const cells = output.strides.map(grid).reduce((sum, { rows, columns }) => sum + rows * columns, 0);
      const { strides } = output;
      return {
        outputs: [{ name: output.output, shape: [cells, 5 + classes.length] }],
        decode: (of, least) => decodeYolox({ rows: of(output.output), strides, width, height }, classes, least),
      };
    }
  }
}
