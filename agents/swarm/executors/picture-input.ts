// A picture in a task's input: brought as a blob, or written out.

import { type Static, Type } from 'typebox';
import { ParlmeshError } from '../../../core/errors.ts';
import { BlobRef } from '../blob-ref.ts';
import type { TaskContext } from '../task-executor.ts';

export const PictureInput = Type.Union([
  BlobRef,
  Type.Object({ base64: Type.String({ minLength: 1, maxLength: 64_000 }) }, { additionalProperties: false }),
]);

/** Bytes of a picture. */
const MOST_BYTES = 30_000_000;

/** Throws `TASK_INPUT_INVALID` for one that is too large. */
export async function pictureOf(picture: Static<typeof PictureInput>, context: TaskContext): Promise<Uint8Array> {
  if ('base64' in picture) return Buffer.from(picture.base64, 'base64');
  if (picture.bytes > MOST_BYTES) {
    throw new ParlmeshError(
      'TASK_INPUT_INVALID',
      `/picture has ${picture.bytes} bytes; at most ${MOST_BYTES} are looked at`,
    );
  }
  return context.readBlob(picture);
}
