// A part of a picture for a detector on another node: scaled down, masked, as JPEG. What must not be recognised or
// looked at does not leave the node.

import type { Box, Polygon } from '../geometry.ts';
import { loadSharp, readable } from './decode.ts';
import { Mask } from './mask.ts';
import { preparePicture } from './prepare.ts';

/** Pixels on the longer side: detectors take 320 to 640. */
const SIDE = 640;
const QUALITY = 85;

/** Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. @param black areas of the whole picture */
export async function handedOn(bytes: Uint8Array, part: Box, black: readonly Polygon[]): Promise<Buffer> {
  const square = { width: SIDE, height: SIDE };
  const { input, used } = await preparePicture(bytes, square, 'letterbox', new Mask(black).within(part), part);
  const sharp = await loadSharp();
  const [width, height] = [Math.round(used.width * SIDE), Math.round(used.height * SIDE)];
  return readable(() =>
    sharp(input.pixels, { raw: { ...square, channels: 3 } })
      .extract({ left: 0, top: 0, width, height })
      .jpeg({ quality: QUALITY })
      .toBuffer(),
  );
}
