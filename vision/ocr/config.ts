// Settings of what is read in a camera's pictures: which zones, how often, and what of the text counts.

import { type Static, Type } from 'typebox';

export const OcrReading = Type.Object(
  {
    zone: Type.String({
      pattern: '^[a-z0-9][a-z0-9_-]{0,31}$',
      description:
        'Name of one of the camera’s zones. One of four corners is stood straight before it is read: a display seen from the side.',
    }),
    interval: Type.Number({
      default: 10,
      minimum: 0.5,
      maximum: 86_400,
      description:
        'Seconds between two looks. A look costs a comparison of pixels; only a zone that changed is read, which takes about 0.1 s of two cores.',
    }),
    pattern: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description:
          'Regular expression; of what is read only its match counts, or its first group: `([0-9.]+) *kWh`. Without a match there is no value.',
      }),
    ),
    number: Type.Boolean({
      default: false,
      description: 'The value is a number; a decimal comma and spaces between thousands are understood.',
    }),
    unit: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 16,
        description: 'Of the number, as Home Assistant shows it: `kWh`, `°C`.',
      }),
    ),
    minConfidence: Type.Number({
      default: 0.7,
      minimum: 0,
      maximum: 1,
      description: 'What is read less surely does not count.',
    }),
    agreeing: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 10,
      description:
        'Readings one after the other that must be the same before a value is told. More of them let fewer mistakes through and tell later.',
    }),
  },
  { additionalProperties: false },
);
export type OcrReading = Static<typeof OcrReading>;

export const OcrConfig = Type.Array(OcrReading, {
  default: [],
  maxItems: 16,
  description: 'Zones whose text is read as values: a meter, a sign, a display.',
});
export type OcrConfig = Static<typeof OcrConfig>;
