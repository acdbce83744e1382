// What was read in a picture, as the API answers it.

import { Type } from 'typebox';
import type { Quad } from '../../vision/ocr/reading.ts';

const Corners = Type.Unsafe<Quad>(
  Type.Array(Type.Array(Type.Number(), { minItems: 2, maxItems: 2 }), {
    minItems: 4,
    maxItems: 4,
    description:
      'Corners as [x, y] in pixels, as one reads the line: upper left, upper right, lower right, lower left.',
  }),
);
const Confidence = Type.Number({ minimum: 0, maximum: 1 });

export const TextReadingView = Type.Object({
  text: Type.String({ description: 'In reading order; lines parted by line breaks.' }),
  regions: Type.Array(Type.Object({ box: Corners, text: Type.String(), confidence: Confidence })),
  unreadable: Type.Array(Type.Object({ box: Corners, confidence: Confidence }), {
    description:
      'Where there is writing that cannot be read: blurred, tiny, or in a script that the model does not know.',
  }),
  width: Type.Integer({ description: 'Pixels of the picture.' }),
  height: Type.Integer(),
  seconds: Type.Number({ description: 'Of finding and reading, without waiting.' }),
});
