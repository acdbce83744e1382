// A reference to bytes by their content: what stands in inputs and results instead of anything large.

import { type Static, Type } from 'typebox';

export const BlobRef = Type.Object(
  {
    $blob: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the bytes.' }),
    bytes: Type.Integer({ minimum: 0, maximum: 1e12 }),
    mediaType: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { additionalProperties: false },
);
export type BlobRef = Static<typeof BlobRef>;
