// How well a detector finds what people have marked, through the same code that cameras use.

import { readFile } from 'node:fs/promises';
import type { Detector } from '../../vision/detection/detector.ts';
import { searchPicture } from '../../vision/detection/search.ts';
import type { Fit } from '../../vision/picture/prepare.ts';
import { averagePrecision, type Found, LARGE, meanAveragePrecision, SMALL } from './average-precision.ts';
import type { CocoSet } from './coco.ts';

export const VEHICLES = ['bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat'];
/** Low, as average precision looks at the whole curve. */
const LEAST_CONFIDENCE = 0.05;

export interface Accuracy {
  /** All classes, overlaps .50 to .95. */
  ap: number;
  /** All classes, overlap .50. */
  ap50: number;
  /** All classes, objects under 32² pixels, overlap .50. */
  ap50Small: number;
  /** People of 96² pixels and more, overlap .50. */
  personLarge: number;
  /** Vehicles of 96² pixels and more, all kinds as one class, overlap .50. */
  vehicleLarge: number;
}

/** @param tiles parts of the picture each way, for small things; 1 for none */
export async function findAll(images: CocoSet['images'], detector: Detector, fit: Fit, tiles = 1): Promise<Found[]> {
  const found: Found[] = [];
  for (const { id, path } of images) {
    const search = { detector, fit, tiles, minConfidence: LEAST_CONFIDENCE };
    const { detections, width, height } = await searchPicture(await readFile(path), search);
    for (const { label, confidence, box } of detections) {
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
    ap50Small: meanAveragePrecision(truths, found, { labels, overlaps: [0.5], mostArea: SMALL }),
    personLarge: averagePrecision(truths, found, { labels: ['person'], overlap: 0.5, leastArea: LARGE }),
    vehicleLarge: averagePrecision(truths, found, { labels: VEHICLES, overlap: 0.5, leastArea: LARGE }),
  };
}
