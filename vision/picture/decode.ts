// From a picture file to pixels, within limits: what is too large, damaged or no picture is refused with its cause.
// sharp decodes on libuv's threads and is loaded when the first picture comes.

import type { Sharp, SharpConstructor } from 'sharp';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { formatOf } from './format.ts';
import { plainJpegSize } from './jpeg-size.ts';

/** Most pixels that a picture may declare. */
export const MOST_PIXELS = 50_000_000;
/** Most bytes of a picture's file. */
export const MOST_BYTES = 30_000_000;
/** Seconds that decoding may take. */
const DECODE_SECONDS = 10;

export interface OpenPicture {
  image: Sharp;
  /** As shown: after the rotation that the file asks for. */
  width: number;
  height: number;
}

/** Opens a picture without decoding it. Throws `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
export async function openPicture(bytes: Uint8Array): Promise<OpenPicture> {
  if (bytes.length > MOST_BYTES) {
    throw new ParlmeshError(
      'PICTURE_TOO_LARGE',
      `a picture of ${bytes.length} bytes is over the limit of ${MOST_BYTES}`,
    );
  }
  if (formatOf(bytes) === undefined) {
    throw new ParlmeshError(
      'PICTURE_UNREADABLE',
      `${bytes.length} bytes are no JPEG, PNG, WebP, GIF, TIFF or AVIF picture`,
    );
  }
  const sharp = await loadSharp();
  const image = sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error', sequentialRead: true, pages: 1 })
    .timeout({ seconds: DECODE_SECONDS })
    .autoOrient();
  const plain = plainJpegSize(bytes);
  if (plain !== undefined) {
    if (plain.width * plain.height > MOST_PIXELS) throw tooManyPixels(plain.width, plain.height);
    return { image, ...plain };
  }
  return readable(async () => {
    const { autoOrient } = await image.metadata();
    if (autoOrient.width * autoOrient.height > MOST_PIXELS) throw tooManyPixels(autoOrient.width, autoOrient.height);
    return { image, ...autoOrient };
  });
}

/** Runs a step of decoding; what the decoder throws becomes `PICTURE_UNREADABLE` with its cause. */
export async function readable<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof ParlmeshError) throw error;
    const cause = messageOf(error).split('\n')[0]!.slice(0, 200);
    if (cause.includes('exceeds pixel limit')) throw tooManyPixels();
    throw new ParlmeshError('PICTURE_UNREADABLE', `a picture cannot be decoded: ${cause}`, { cause: error });
  }
}

/** sharp with one thread a picture and without a cache: memory stays flat, and cameras share the cores fairly. */
export async function loadSharp(): Promise<SharpConstructor> {
  const { default: sharp } = await import('sharp');
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp;
}

function tooManyPixels(width?: number, height?: number): ParlmeshError {
  const size = width === undefined ? 'a picture' : `a picture of ${width} × ${height} pixels`;
  return new ParlmeshError('PICTURE_TOO_LARGE', `${size} is over the limit of ${MOST_PIXELS / 1e6} million pixels`);
}
