// What is unusual in a picture, drawn over it: red where it is, nothing where it is not.

import { loadSharp, openPicture, readable } from '../picture/decode.ts';
import type { Heatmap } from './unusual-scene.ts';

const WIDTH = 640;

/** The picture (any format) in grey with what is unusual in red, as PNG. Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
export async function drawHeatmap(picture: Uint8Array, { columns, rows, values }: Heatmap): Promise<Buffer> {
  const { image, width, height } = await openPicture(picture);
  const size = { width: WIDTH, height: Math.max(1, Math.min(4 * WIDTH, Math.round((height / width) * WIDTH))) };
  const layer = new Uint8Array(columns * rows * 4);
  values.forEach((value, i) => {
    layer.set([255, 40, 0, Math.round(180 * Math.min(1, Math.max(0, value)))], i * 4);
  });
  const sharp = await loadSharp();
  const overlay = await sharp(layer, { raw: { width: columns, height: rows, channels: 4 } })
    .resize(size.width, size.height, { fit: 'fill', kernel: 'cubic' })
    .png()
    .toBuffer();
  const grey = await readable(() =>
    image.resize(size.width, size.height, { fit: 'fill' }).flatten({ background: '#000' }).greyscale().png().toBuffer(),
  );
  return sharp(grey)
    .toColourspace('srgb')
    .composite([{ input: overlay }])
    .png()
    .toBuffer();
}
