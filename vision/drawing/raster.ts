// A drawing as PNG. Drawn by librsvg on a thread of libuv, so that nothing waits for it but whoever asked.

import { loadSharp } from '../picture/decode.ts';

/** Pixels of the picture at most: a drawing that is larger is scaled down. */
const MOST_PIXELS = 12_000_000;

/** @param svg as `RouteVisualizer` makes it; never one from outside */
export async function rasterize(svg: string): Promise<Buffer> {
  const sharp = await loadSharp();
  const image = sharp(Buffer.from(svg), { limitInputPixels: 50_000_000 });
  const { width, height } = await image.metadata();
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  const sized = scale < 1 ? image.resize({ width: Math.floor(width * scale) }) : image;
  return sized.png({ compressionLevel: 6, palette: true, colours: 64 }).toBuffer();
}
