// Carries out a search: the parts of a frame go through the detector one after the other, here or on another node where
// this board is too busy, and what is found comes back in the picture's own coordinates.

import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Detection, Detector } from './detection/detector.ts';
import { fromPart, merged, partsOf } from './detection/tiles.ts';
import type { Search } from './gates/attention.ts';
import { type Box, overlap, type Polygon } from './geometry.ts';
import { ALL } from './picture/draw.ts';
import { handedOn } from './picture/handed-on.ts';
import { Mask } from './picture/mask.ts';
import { type Fit, type PreparedPicture, preparePicture, toPicture } from './picture/prepare.ts';

/** Searches a picture elsewhere. Undefined: nobody is free; that is no failure. */
export type RemoteDetect = (jpeg: Uint8Array, minConfidence: number) => Promise<Detection[] | undefined>;

export interface SearchOptions {
  masks: readonly Polygon[];
  privacy: readonly Polygon[];
  /** Another node that may take a picture over, while that makes sense. */
  remote: () => RemoteDetect | undefined;
  logger: Logger;
  /** A frame that is searched whole is searched in so many parts each way as well; default 1: in none. */
  tiles?: number;
}

export interface Found {
  detections: Detection[];
  /** Of inference, of the parts that were searched here; undefined where none was. */
  seconds: number | undefined;
}

/** Two boxes of a class that overlap this much, found in two crops, are one thing. */
const SAME_THING = 0.5;

export class Searcher {
  readonly #options: SearchOptions;
  readonly #mask: Mask;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#mask = new Mask(options.masks);
  }

  /** Decodes a part of a frame for the detector. Rejects when the frame is no usable picture. */
  prepare(bytes: Uint8Array, input: { width: number; height: number }, fit: Fit, part?: Box): Promise<PreparedPicture> {
    return preparePicture(bytes, input, fit, part === undefined ? this.#mask : this.#mask.within(part), part);
  }

  /** Searches what is prepared already. */
  async all(detector: Detector, picture: PreparedPicture, minConfidence: number): Promise<Found> {
    const { detections, seconds } = await detector.detect(picture.input, minConfidence);
    return { detections: toPicture(detections, picture.used), seconds };
  }

  /** Searches a frame. Rejects with a `ParlmeshError` when the detector cannot run or the frame cannot be decoded. */
  async search(
    { detector, fit }: { detector: Detector; fit: Fit },
    bytes: Uint8Array,
    search: Search,
    minConfidence: number,
  ): Promise<Found> {
    if (search.kind !== 'all') return this.#parts({ detector, fit }, bytes, search.crops, minConfidence);
    const whole = await this.#parts({ detector, fit }, bytes, [undefined], minConfidence);
    return this.withTiles({ detector, fit }, bytes, whole, minConfidence);
  }

  /** What was found in a whole frame, and the small things that its tiles show. */
  async withTiles(
    current: { detector: Detector; fit: Fit },
    bytes: Uint8Array,
    whole: Found,
    minConfidence: number,
  ): Promise<Found> {
    const tiles = partsOf(this.#options.tiles ?? 1);
    if (tiles.length === 0) return whole;
    const found = await this.#parts(current, bytes, tiles, minConfidence);
    const seconds = found.seconds === undefined ? whole.seconds : (whole.seconds ?? 0) + found.seconds;
    return { detections: merged(whole.detections, found.detections), seconds };
  }

  async #parts(
    { detector, fit }: { detector: Detector; fit: Fit },
    bytes: Uint8Array,
    parts: readonly (Box | undefined)[],
    minConfidence: number,
  ): Promise<Found> {
    const detections: Detection[] = [];
    let seconds: number | undefined;
    for (const part of parts) {
      const remote = await this.#elsewhere(bytes, part, minConfidence);
      const found =
        remote ?? (await this.all(detector, await this.prepare(bytes, detector.inputSize, fit, part), minConfidence));
      if (found.seconds !== undefined) seconds = (seconds ?? 0) + found.seconds;
      detections.push(...(part === undefined ? found.detections : fromPart(found.detections, part)));
    }
    return { detections: parts.length > 1 ? withoutRepeats(detections) : detections, seconds };
  }

  /** Undefined where it is to be searched here. */
  async #elsewhere(bytes: Uint8Array, part: Box | undefined, minConfidence: number): Promise<Found | undefined> {
    const { remote, masks, privacy, logger } = this.#options;
    const ask = remote();
    if (ask === undefined) return undefined;
    try {
      const found = await ask(await handedOn(bytes, part ?? ALL, [...masks, ...privacy]), minConfidence);
      return found === undefined ? undefined : { detections: found, seconds: undefined };
    } catch (thrown) {
      if (thrown instanceof ParlmeshError && thrown.code.startsWith('PICTURE_')) throw thrown;
      logger.debug({ cause: messageOf(thrown) }, 'a frame was not searched elsewhere');
      return undefined;
    }
  }
}

function withoutRepeats(detections: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const one of detections.toSorted((a, b) => b.confidence - a.confidence)) {
    if (!kept.some(({ label, box }) => label === one.label && overlap(box, one.box) > SAME_THING)) kept.push(one);
  }
  return kept;
}
