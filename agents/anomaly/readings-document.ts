// The sample of readings that a federation learns from, as it outlives a restart: one document, with a version and bounds.

import { type Static, Type } from 'typebox';

export const MOST_METRICS = 10;
/** Nearly three days of one every two minutes. */
export const MOST_OF_METRIC = 2000;

const Numbers = Type.Array(Type.Number(), { maxItems: MOST_OF_METRIC });

export const ReadingsDocument = Type.Object({
  version: Type.Literal(1),
  /** Of the board that they were read on. */
  profile: Type.String({ maxLength: 64 }),
  metrics: Type.Array(
    Type.Object({
      metric: Type.String({ minLength: 1, maxLength: 100 }),
      /** Milliseconds since 1970, the oldest first, and what was read then. */
      at: Numbers,
      values: Numbers,
    }),
    { maxItems: MOST_METRICS },
  ),
});
export type ReadingsDocument = Static<typeof ReadingsDocument>;
