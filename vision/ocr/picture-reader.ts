// Reads a picture: finds its lines, stands them straight, recognises them, and looks again where it is unsure.

import { batchesOf } from './batches.ts';
import type { LineText } from './ctc.ts';
import { LINE_HEIGHT, type TextNetworks } from './networks.ts';
import { type Raster, resized } from './raster.ts';
import type { Point, Quad, TextReading, TextRegion } from './reading.ts';
import { inReadingOrder } from './reading-order.ts';
import { cornersOf } from './rectangle.ts';
import { looksForeign } from './script.ts';
import { sidesOf, straightened } from './straighten.ts';
import { linesIn, type MapLimits } from './text-map.ts';

/** As published with the detector (PaddleOCR, `det_db_*`); what is beyond `most` is left out. */
const LINES: MapLimits = { pixel: 0.3, mean: 0.6, growth: 1.5, leastSide: 3, most: 400 };
/** The detector's picture: pixels in all, and of its longer side. */
const DETECTION = { pixels: 1_300_000, side: 2_048 };
/** A line is squeezed to this width at most, in pixels at a height of `LINE_HEIGHT`. */
const LONGEST_LINE = 2_400;
/** Below it, what was recognised is called unreadable. */
const READABLE = 0.6;
/** A lower confidence is worth a second look; so many lines of a picture get one. */
const SURE = 0.9;
const MOST_SECOND_LOOKS = 24;
/** Share of a line's height by which its surroundings are taken in for the second look. */
const SURROUNDINGS = 0.08;
/** A line narrower than this, width for height, is stretched too: the recogniser has few steps for its letters else. */
const NARROW = 3;
const STRETCH = 1.7;
/** A picture not higher than this may be a single line, cut out tightly: it is read as one before lines are sought. */
const STRIP_HEIGHT = 128;
/** One with no longer side may still be where its lines are unsure; a larger one only where there is none in it. */
const SMALL_PICTURE = 512;
/** How sure a large one must be as a single line: a wall is read as something too. */
const SURE_OF_WALL = 0.8;
/** Width for height of what may be a single line. */
const LINE_SHAPE = { least: 0.3, most: 40 };
/** A line higher than wide by the first factor may run downwards, or be a single character; from the second on it runs. */
const DOWNWARDS = { from: 1.5, sure: 3 };
/** A picture whose longer side is below it gets a margin of this share: the detector misses what touches the edge. */
const SMALL = { side: 320, margin: 0.25 };
/** Where nothing is found, letters may be too large: it is looked again at this share of the size. */
const LARGE_LETTERS = { scale: 1 / 3, leastSide: 480 };

interface Candidate extends LineText {
  box: Quad;
}

export class PictureReader {
  readonly #networks: TextNetworks;

  constructor(networks: TextNetworks) {
    this.#networks = networks;
  }

  async read(picture: Raster): Promise<Omit<TextReading, 'seconds'>> {
    const { width, height } = picture;
    const candidates = await this.#candidates(picture);
    const readable = candidates.filter(isReadable);
    const lines = inReadingOrder(readable).map((line) => line.map(toRegion));
    return {
      text: lines.map((line) => line.map(({ text }) => text).join(' ')).join('\n'),
      regions: lines.flat(),
      unreadable: candidates
        .filter((candidate) => !readable.includes(candidate))
        .map(({ box, confidence }) => ({ box: rounded(box), confidence })),
      ...{ width, height },
    };
  }

  async #candidates(picture: Raster): Promise<Candidate[]> {
    if (!hasLineShape(picture)) return this.#lines(picture);
    if (picture.height <= STRIP_HEIGHT) {
      const whole = await this.#recognise(picture, [around(picture, 0)]);
      return meanOf(whole) >= SURE ? whole : worthier(whole, await this.#lines(picture));
    }
    const found = await this.#lines(picture);
    if (meanOf(found) >= SURE) return found;
    const isSmall = Math.max(picture.width, picture.height) <= SMALL_PICTURE;
    if (!isSmall && worthOf(found) > 0) return found;
    const whole = await this.#recognise(picture, [around(picture, 0)]);
    return isSmall || meanOf(whole) >= SURE_OF_WALL ? worthier(whole, found) : found;
  }

  async #lines(picture: Raster): Promise<Candidate[]> {
    return this.#recognise(picture, await this.#find(picture));
  }

  /** Boxes of the lines, in pixels of the picture. */
  async #find(picture: Raster): Promise<Quad[]> {
    const { width, height } = picture;
    const longer = Math.max(width, height);
    const scale = Math.min(1, DETECTION.side / longer, Math.sqrt(DETECTION.pixels / (width * height)));
    const found = await this.#findAt(picture, scale);
    if (found.length > 0 || longer < LARGE_LETTERS.leastSide) return found;
    return this.#findAt(picture, scale * LARGE_LETTERS.scale);
  }

  async #findAt(picture: Raster, scale: number): Promise<Quad[]> {
    const longer = Math.max(picture.width, picture.height) * scale;
    const margin = longer < SMALL.side ? Math.round((longer * SMALL.margin) / scale) : 0;
    const [width, height] = [picture.width + 2 * margin, picture.height + 2 * margin];
    const [mapWidth, mapHeight] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const seen =
      margin === 0
        ? resized(picture, mapWidth, mapHeight)
        : straightened(picture, around(picture, margin), mapWidth, mapHeight);
    const map = await this.#networks.detect(seen);
    return linesIn(map, LINES).map(({ rectangle }) => {
      const point = ([x, y]: Point): Point => [(x / mapWidth) * width - margin, (y / mapHeight) * height - margin];
      const [a, b, c, d] = cornersOf(rectangle);
      return [point(a), point(b), point(c), point(d)];
    });
  }

  /** What stands in the boxes. An unsure line is read again: upside down where it seems so, with its surroundings, stretched. */
  async #recognise(picture: Raster, boxes: readonly Quad[]): Promise<Candidate[]> {
    const ways = boxes.flatMap((box, of) => waysToRead(box).map((way) => ({ of, box: way })));
    const first = await this.#recogniseAll(ways.map(({ box }) => lineOf(picture, box)));
    const results: Candidate[] = [];
    ways.forEach(({ of, box }, i) => {
      const surest = results[of];
      if (surest === undefined || first[i]!.confidence > surest.confidence) results[of] = { ...first[i]!, box };
    });
    const unsure = results.filter(({ confidence }) => confidence < SURE).slice(0, MOST_SECOND_LOOKS);
    if (unsure.length === 0) return results;
    const turned = await this.#networks.turned(unsure.map(({ box }) => lineOf(picture, box)));
    const looks = unsure.flatMap((candidate, i) => {
      const box = turned[i]! > 0.5 ? upsideDown(candidate.box) : candidate.box;
      const { width, height } = sidesOf(box);
      const wider = width < NARROW * height ? [{ candidate, box, line: lineOf(picture, box, STRETCH) }] : [];
      return [{ candidate, box, line: lineOf(picture, withSurroundings(box)) }, ...wider];
    });
    const again = await this.#recogniseAll(looks.map(({ line }) => line));
    looks.forEach(({ candidate, box }, i) => {
      const read = again[i]!;
      if (read.confidence > candidate.confidence) Object.assign(candidate, read, { box });
    });
    return results;
  }

  async #recogniseAll(lines: readonly Raster[]): Promise<LineText[]> {
    const results: LineText[] = new Array(lines.length);
    for (const batch of batchesOf(lines.map(({ width }) => width))) {
      const read = await this.#networks.recognise(
        batch.lines.map((index) => lines[index]!),
        batch.width,
      );
      batch.lines.forEach((index, i) => {
        results[index] = read[i]!;
      });
    }
    return results;
  }
}

function isReadable({ text, confidence }: Candidate): boolean {
  return text !== '' && confidence >= READABLE && !looksForeign(text, confidence >= SURE);
}

/** Mean confidence of all characters. */
function meanOf(found: readonly Candidate[]): number {
  const characters = found.reduce((sum, { text }) => sum + text.length, 0);
  return characters === 0
    ? 0
    : found.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / characters;
}

/** What was read, by its length and how much surer it is than what could not be read. */
function worthOf(found: readonly Candidate[]): number {
  return found.reduce((sum, { text, confidence }) => sum + text.length * Math.max(0, confidence - 0.5), 0);
}

function worthier(a: Candidate[], b: Candidate[]): Candidate[] {
  return worthOf(a) >= worthOf(b) ? a : b;
}

function hasLineShape({ width, height }: Raster): boolean {
  return width >= LINE_SHAPE.least * height && width <= LINE_SHAPE.most * height;
}

function around({ width, height }: Raster, margin: number): Quad {
  return [
    [-margin, -margin],
    [width + margin, -margin],
    [width + margin, height + margin],
    [-margin, height + margin],
  ];
}

/** @param stretch how much wider than it is */
function lineOf(picture: Raster, box: Quad, stretch = 1): Raster {
  const { width, height } = sidesOf(box);
  const share = (stretch * width) / Math.max(1, height);
  return straightened(
    picture,
    box,
    Math.min(LONGEST_LINE, Math.max(LINE_HEIGHT / 4, Math.round(share * LINE_HEIGHT))),
    LINE_HEIGHT,
  );
}

/** The box as it stands, or turned so that a line that runs downwards is level; both where it may be either. */
function waysToRead(box: Quad): Quad[] {
  const { width, height } = sidesOf(box);
  const [a, b, c, d] = box;
  const turned: Quad = [b, c, d, a];
  if (height < DOWNWARDS.from * width) return [box];
  return height >= DOWNWARDS.sure * width ? [turned] : [box, turned];
}

function upsideDown([a, b, c, d]: Quad): Quad {
  return [c, d, a, b];
}

function withSurroundings(box: Quad): Quad {
  const { width, height } = sidesOf(box);
  const more = height * SURROUNDINGS;
  const [a, b, c, d] = box;
  const [ux, uy] = [((b[0] - a[0]) / Math.max(1, width)) * more, ((b[1] - a[1]) / Math.max(1, width)) * more];
  const [vx, vy] = [((d[0] - a[0]) / Math.max(1, height)) * more, ((d[1] - a[1]) / Math.max(1, height)) * more];
  return [
    [a[0] - ux - vx, a[1] - uy - vy],
    [b[0] + ux - vx, b[1] + uy - vy],
    [c[0] + ux + vx, c[1] + uy + vy],
    [d[0] - ux + vx, d[1] - uy + vy],
  ];
}

/** Full-width and ligature forms become plain ones: the model knows both, and means the same. */
function toRegion({ box, text, confidence }: Candidate): TextRegion {
  return { box: rounded(box), text: text.normalize('NFKC'), confidence: Number(confidence.toFixed(4)) };
}

function rounded([a, b, c, d]: Quad): Quad {
  const point = ([x, y]: Point): Point => [Number(x.toFixed(1)), Number(y.toFixed(1))];
  return [point(a), point(b), point(c), point(d)];
}
