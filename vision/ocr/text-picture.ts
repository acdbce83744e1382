// A picture's file as the reader takes it: red, green, blue, within a size that a small board can hold.

import { openPicture, readable } from '../picture/decode.ts';
import type { Raster } from './raster.ts';

/** What is larger is scaled down: fine print in a photograph of a page is still readable at this size. */
const MOST_PIXELS = 12_000_000;
/** What is transparent becomes paper. */
const PAPER = { r: 255, g: 255, b: 255 };

export interface TextPicture {
  raster: Raster;
  /** Of the picture itself. */
  width: number;
  height: number;
}

/** Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
export async function textPicture(bytes: Uint8Array): Promise<TextPicture> {
  const { image, width, height } = await openPicture(bytes);
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const pixels = await readable(() => {
    const sized = scale < 1 ? image.resize(size.width, size.height, { fit: 'fill' }) : image;
    return sized.flatten({ background: PAPER }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer();
  });
  return { raster: { ...size, pixels }, width, height };
}
