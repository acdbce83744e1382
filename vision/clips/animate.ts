// Pictures as one animated WebP: plays in every browser, without a player or a codec of the board's.

import { loadSharp } from '../picture/decode.ts';
import type { ClipFrame } from './clip-ring.ts';

const WIDTH = 480;
const QUALITY = 45;
/** A gap in the pictures is shown as a pause, but not as a long one. */
const LONGEST_FRAME_MS = 1_000;
const LAST_FRAME_MS = 800;

/** All frames get the size of the first. Rejects when one cannot be read. */
export async function animate(frames: readonly ClipFrame[]): Promise<Buffer> {
  const sharp = await loadSharp();
  const first = await sharp(frames[0]!.jpeg).metadata();
  const height = Math.max(2, Math.round((WIDTH * first.height) / first.width));
  const pictures: Buffer[] = [];
  // One after the other: a clip is no hurry, and all cores at once would be felt.
  for (const { jpeg } of frames) {
    pictures.push(await sharp(jpeg).resize(WIDTH, height, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer());
  }
  const delay = frames.map(({ at }, index) => {
    const next = frames[index + 1];
    return next === undefined ? LAST_FRAME_MS : Math.min(LONGEST_FRAME_MS, Math.max(20, Math.round(next.at - at)));
  });
  return sharp(pictures, { join: { animated: true } })
    .webp({ quality: QUALITY, effort: 2, loop: 0, delay })
    .toBuffer();
}
