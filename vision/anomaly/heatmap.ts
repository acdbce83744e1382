// What is unusual in a picture, drawn over it: red where it is, nothing where it is not.

import { loadSharp, openPicture, readable } from '../picture/decode.ts';
import type { Heatmap } from './unusual-scene.ts';

const WIDTH = 640;
const RED = [255, 40, 0];
/** Share of red where it is hottest. */
const HEAT = 0.7;

/** The picture (any format) in grey with what is unusual in red, as PNG. Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
export async function drawHeatmap(picture: Uint8Array, { columns, rows, values }: Heatmap): Promise<Buffer> {
  const { image, width, height } = await openPicture(picture);
  const size = { width: WIDTH, height: Math.max(1, Math.min(4 * WIDTH, Math.round((height / width) * WIDTH))) };
  const ground = await readable(() =>
    image
      .resize(size.width, size.height, { fit: 'fill' })
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer(),
  );
  const sharp = await loadSharp();
  const heat = Uint8Array.from(values, (value) => Math.round(HEAT * 255 * Math.min(1, Math.max(0, value))));
  const { data: spread, info } = await sharp(heat, { raw: { width: columns, height: rows, channels: 1 } })
    .resize(size.width, size.height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let i = 0; i < size.width * size.height; i++) {
    const share = spread[i * info.channels]! / 255;
    const grey = 0.3 * ground[i * 3]! + 0.59 * ground[i * 3 + 1]! + 0.11 * ground[i * 3 + 2]!;
    for (let c = 0; c < 3; c++) ground[i * 3 + c] = grey * (1 - share) + RED[c]! * share;
  }
  return sharp(ground, { raw: { ...size, channels: 3 } })
    .png()
    .toBuffer();
}
