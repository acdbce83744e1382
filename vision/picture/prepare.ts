// A picture as a model takes it: scaled to the model's size, masks blacked out, and the way back from the model's
// boxes to the picture's.

import type { Detection, ModelInput } from '../detection/detector.ts';
import { type Box, clipped } from '../geometry.ts';
import { openPicture, readable } from './decode.ts';
import type { Mask } from './mask.ts';

export type Fit = 'letterbox' | 'stretch';

export interface PreparedPicture {
  input: ModelInput;
  /** Pixels of the picture itself. */
  width: number;
  height: number;
  /** Shares of the input's width and height that the picture takes, from the upper left corner. */
  used: { width: number; height: number };
}

/** Grey, as in the letterbox of most detectors' training. */
const PADDING = { r: 114, g: 114, b: 114 };

/**
 * Decodes, scales and masks. Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`.
 * @param area the part of the picture that is taken; the mask is of that part then
 */
export async function preparePicture(
  bytes: Uint8Array,
  size: { width: number; height: number },
  fit: Fit,
  mask?: Mask,
  area?: Box,
): Promise<PreparedPicture> {
  const { image, width, height } = await openPicture(bytes);
  const part = area === undefined ? { left: 0, top: 0, width, height } : pixelsOf(area, width, height);
  if (area !== undefined) image.extract(part);
  const scale = fit === 'stretch' ? undefined : Math.min(size.width / part.width, size.height / part.height);
  const inner = {
    width: scale === undefined ? size.width : Math.max(1, Math.round(part.width * scale)),
    height: scale === undefined ? size.height : Math.max(1, Math.round(part.height * scale)),
  };
  const pixels = await readable(() =>
    image
      .resize(inner.width, inner.height, { fit: 'fill', kernel: 'linear' })
      .extend({ right: size.width - inner.width, bottom: size.height - inner.height, background: PADDING })
      .flatten({ background: PADDING })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer(),
  );
  const used = { width: inner.width / size.width, height: inner.height / size.height };
  mask?.blacken(pixels, { width: size.width, height: size.height, used });
  return { input: { ...size, pixels }, width, height, used };
}

/** An area in whole pixels, at least one. */
export function pixelsOf(
  area: Box,
  width: number,
  height: number,
): { left: number; top: number; width: number; height: number } {
  const left = Math.min(width - 1, Math.max(0, Math.floor(area.x * width)));
  const top = Math.min(height - 1, Math.max(0, Math.floor(area.y * height)));
  return {
    left,
    top,
    width: Math.min(width - left, Math.max(1, Math.round(area.width * width))),
    height: Math.min(height - top, Math.max(1, Math.round(area.height * height))),
  };
}

/** Boxes of the model's input as boxes of the picture; what lies in the padding is dropped. */
export function toPicture(detections: readonly Detection[], used: PreparedPicture['used']): Detection[] {
  return detections
    .map((detection) => ({ ...detection, box: clipped(scaled(detection.box, used)) }))
    .filter(({ box }) => box.width > 0 && box.height > 0);
}

function scaled(box: Box, used: PreparedPicture['used']): Box {
  return {
    x: box.x / used.width,
    y: box.y / used.height,
    width: box.width / used.width,
    height: box.height / used.height,
  };
}
