// A drawing's file as pixels, not larger than it helps: what it shows is not finer.

import type { Raster } from '../ocr/raster.ts';
import { openPicture, readable } from '../picture/decode.ts';

/** Pixels of the longer side that are looked at. */
const MOST_SIDE = 2_600;

export interface DrawingPicture {
  raster: Raster;
  /** Pixels of the picture itself. */
  width: number;
  height: number;
}

/** Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. What is transparent gets the ground that shows most. */
export async function openDrawing(bytes: Uint8Array): Promise<DrawingPicture> {
  const { image, width, height } = await openPicture(bytes);
  return readable(async () => {
    const scale = Math.min(1, MOST_SIDE / Math.max(width, height));
    const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
    const { data, info } = await image
      .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { raster: flattened(data, info.width, info.height), width, height };
  });
}

/** On white, or on black where what is drawn on a transparent ground is light. */
function flattened(data: Uint8Array, width: number, height: number): Raster {
  const pixels = new Uint8Array(width * height * 3);
  let light = 0;
  let opaque = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3]! < 128) continue;
    opaque++;
    light += (data[i]! + data[i + 1]! + data[i + 2]!) / 3;
  }
  const ground = opaque < data.length / 8 && light > 190 * opaque ? 0 : 255;
  for (let i = 0, to = 0; i < data.length; i += 4) {
    const share = data[i + 3]! / 255;
    for (let c = 0; c < 3; c++) pixels[to++] = data[i + c]! * share + ground * (1 - share);
  }
  return { width, height, pixels };
}
