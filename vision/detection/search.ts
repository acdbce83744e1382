// Looks for things in a picture, whole and, for small things, in parts as well.

import type { Mask } from '../picture/mask.ts';
import { type Fit, type PreparedPicture, preparePicture, toPicture } from '../picture/prepare.ts';
import type { Detection, DetectionResult, Detector } from './detector.ts';
import { fromPart, merged, partsOf } from './tiles.ts';

export interface Search {
  detector: Detector;
  fit: Fit;
  /** Parts each way; 1 looks at the whole picture only. Each part costs as much as a picture. */
  tiles: number;
  minConfidence: number;
  mask?: Mask;
}

export interface SearchResult extends DetectionResult {
  /** Pixels of the picture. */
  width: number;
  height: number;
}

/** Boxes in shares of the picture. Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`, or as the detector does. */
export async function searchPicture(bytes: Uint8Array, search: Search): Promise<SearchResult> {
  const { detector, fit, minConfidence, mask } = search;
  const { width, height, ...picture } = await preparePicture(bytes, detector.inputSize, fit, mask);
  const parts = searchParts(bytes, search);
  // Both are under way at once: whichever fails first is what is told.
  const [whole, inParts] = await Promise.all([detector.detect(picture.input, minConfidence), parts]);
  const seen = toPicture(whole.detections, picture.used);
  return {
    detections: search.tiles <= 1 ? seen : merged(seen, inParts.detections),
    seconds: whole.seconds + inParts.seconds,
    width,
    height,
  };
}

/** What is in the parts alone, of one part after the other; the next is decoded while the detector has one. */
export async function searchParts(bytes: Uint8Array, search: Search): Promise<DetectionResult> {
  const { detector, fit, tiles, minConfidence, mask } = search;
  const parts = partsOf(tiles);
  const detections: Detection[] = [];
  let seconds = 0;
  const prepare = (index: number): Promise<PreparedPicture> | undefined => {
    const part = parts[index];
    const prepared = part && preparePicture(bytes, detector.inputSize, fit, mask?.within(part), part);
    // Told when it is waited for; until then another may fail.
    prepared?.catch(() => {});
    return prepared;
  };
  let next = prepare(0);
  for (const [index, part] of parts.entries()) {
    const picture = await next!;
    next = prepare(index + 1);
    const result = await detector.detect(picture.input, minConfidence);
    seconds += result.seconds;
    detections.push(...fromPart(toPicture(result.detections, picture.used), part));
  }
  return { detections, seconds };
}
