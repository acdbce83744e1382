// How well a detector finds what people have marked, through the same code that cameras use.

import { readFile } from 'node:fs/promises';
import type { Detector } from '../../vision/detection/detector.ts';
import { type Fit, preparePicture, toPicture } from '../../vision/picture/prepare.ts';
import { averagePrecision, type Found, LARGE, meanAveragePrecision } from './average-precision.ts';
import type { CocoSet } from './coco.ts';

export const VEHICLES = ['bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat'];
/** Low, as average precision looks at the whole curve. */
const LEAST_CONFIDENCE = 0.05;

export interface Accuracy {
  /** All classes, overlaps .50 to .95. */
  ap: number;
  /** All classes, overlap .50. */
  ap50: number;
  /** People of 96² pixels and more, overlap .50. */
  personLarge: number;
  /** Vehicles of 96² pixels and more, all kinds as one class, overlap .50. */
  vehicleLarge: number;
}

export async function findAll(images: CocoSet['images'], detector: Detector, fit: Fit): Promise<Found[]> {
  const found: Found[] = [];
  for (const { id, path } of images) {
    const { input, width, height, used } = await preparePicture(await readFile(path), detector.inputSize, fit);
    const { detections } = await detector.detect(input, LEAST_CONFIDENCE);
    for (const { label, confidence, box } of toPicture(detections, used)) {
      const pixels = [box.x * width, box.y * height, box.width * width, box.height * height] as const;
      found.push({ image: id, label, confidence, box: pixels });
    }
  }
  return found;
}

export function scoreOf({ truths }: CocoSet, found: readonly Found[]): Accuracy {
  const labels = [...new Set(truths.map(({ label }) => label))];
  const overlaps = Array.from({ length: 10 }, (_, i) => 0.5 + i * 0.05);
  return {
    ap: meanAveragePrecision(truths, found, { labels, overlaps }),
    ap50: meanAveragePrecision(truths, found, { labels, overlaps: [0.5] }),
    personLarge: averagePrecision(truths, found, { labels: ['person'], overlap: 0.5, leastArea: LARGE }),
    vehicleLarge: averagePrecision(truths, found, { labels: VEHICLES, overlap: 0.5, leastArea: LARGE }),
  };
}
