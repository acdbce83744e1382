// Reads a drawing of a network: page flat, ground and ink apart, writing, nodes, and the links between them.

import { type Raster, resized } from '../ocr/raster.ts';
import type { Point, Quad } from '../ocr/reading.ts';
import { straightened } from '../ocr/straighten.ts';
import { framesAmong, withoutFrames } from './frames.ts';
import type { DrawnEdge, DrawnGraph, DrawnNode, LabelReader } from './graph.ts';
import { distanceFromGround, grainOf, groundOf, inkOf, softened } from './light.ts';
import { type FoundLink, linksBetween } from './links.ts';
import { type Plane, quantileOf } from './mask.ts';
import { type FoundNode, nodesAmong } from './nodes.ts';
import { findPage, pageToPicture } from './page.ts';
import { type Levels, labelsBeside, textsInBlank, withoutTwins } from './second-look.ts';
import { enclosedAreas, filledAreas } from './shapes.ts';
import { coveredBy, cutOut, isLevel, paintedOver, type TextBox, textBox, usualHeight, withoutText } from './text.ts';

/** Pixels of the longer side that drawings are looked at with; small pictures are made larger, up to three times. */
const SIDE = { least: 1_600, most: 2_200, growth: 3 };

/** Laid flat and scaled, with the way back to the picture. */
interface Sheet {
  picture: Raster;
  toPicture(x: number, y: number): Point;
}

export async function readDrawing(source: Raster, reader: LabelReader): Promise<DrawnGraph> {
  const { picture, toPicture } = sheetOf(source);
  const { regions, unreadable } = await reader.read(picture);
  const texts = regions.filter(isLevel).map(textBox);
  const noText = unreadable.filter(isLevel).map(({ box }) => textBox({ box, text: '', confidence: 0 }));
  const line = usualHeight(texts);
  const contrast = contrastOf(picture);
  const hidden = coveredBy([...texts, ...noText], picture.width, picture.height, 2);
  let shapes = shapesIn(contrast, texts, hidden, line);
  const frames = framesAmong(shapes.candidates, texts, line);
  if (frames.length > 0) {
    contrast.distance = withoutFrames(contrast.distance, frames, shapes.thin);
    shapes = shapesIn(contrast, texts, hidden, line);
  }
  const { candidates, ink, thin } = shapes;
  const look = { picture, distance: contrast.distance, reader, line };
  texts.push(...(await textsInBlank(look, candidates, texts)));
  const { nodes: found, outside } = nodesAmong(candidates, texts, line, thin);
  const nodes =
    outside === undefined
      ? found
      : withoutTwins(
          await labelsBeside(
            look,
            found,
            outside,
            contrast.soft ? undefined : levelsOf(ink, hidden, contrast.distance),
          ),
          line,
        );
  const covered = coveredBy([...texts, ...noText], picture.width, picture.height, 2);
  // Letters that a line runs through hang on it and would lead it astray: it is bridged behind them instead.
  const words = coveredBy(texts, picture.width, picture.height, 0);
  const links = linksBetween(nodes, cutOut(withoutText(ink, covered), words), covered, thin, line);
  return graphOf(nodes, links, source, toPicture);
}

/** What may be nodes, and the ink that they and their links are drawn with. */
function shapesIn(
  { distance, threshold, fill, soft }: Contrast,
  texts: readonly TextBox[],
  covered: Plane,
  line: number,
) {
  const ink = inkOf(distance, threshold);
  const strokes = withoutText(ink, covered);
  const thin = strokeWidth(strokes);
  const least = Math.max(9, line * 0.4);
  const blank = paintedOver(distance, texts, fill);
  // In a photograph a stroke's blur is wider than the stroke, and well above where a filled area starts.
  const skirt = soft ? strokeWidth({ ...blank, data: blank.data.map((value) => (value >= fill ? 1 : 0)) }) : thin;
  const candidates = [...filledAreas(blank, fill, Math.max(thin, skirt), least), ...enclosedAreas(strokes, least)];
  return { candidates, ink, thin };
}

/** How far lines, and letters, usually are from the ground. */
function levelsOf({ data }: Plane, writing: Plane, distance: Plane): Levels {
  const [lines, letters] = [new Uint32Array(256), new Uint32Array(256)];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 1) (writing.data[i] === 1 ? letters : lines)[distance.data[i]!]!++;
  }
  return { lines: quantileOf(lines, 0.75), letters: quantileOf(letters, 0.9) };
}

function sheetOf(source: Raster): Sheet {
  const page = findPage(source);
  const sides = page === undefined ? { width: source.width, height: source.height } : sidesOfPage(page);
  const longer = Math.max(sides.width, sides.height);
  const scale = longer < SIDE.least ? Math.min(SIDE.growth, SIDE.least / longer) : Math.min(1, SIDE.most / longer);
  const [width, height] = [Math.max(1, Math.round(sides.width * scale)), Math.max(1, Math.round(sides.height * scale))];
  if (page === undefined) {
    const [across, down] = [source.width / width, source.height / height];
    return { picture: resized(source, width, height), toPicture: (x, y) => [x * across, y * down] };
  }
  const inset = insetOf(page);
  const place = pageToPicture(inset);
  return { picture: straightened(source, inset, width, height), toPicture: (x, y) => place(x / width, y / height) };
}

function sidesOfPage([a, b, c, d]: Quad): { width: number; height: number } {
  const between = (p: Point, q: Point): number => Math.hypot(p[0] - q[0], p[1] - q[1]);
  return { width: (between(a, b) + between(d, c)) / 2, height: (between(a, d) + between(b, c)) / 2 };
}

/** A little inside of the page's edge, which is a line itself. */
function insetOf(page: Quad): Quad {
  const place = pageToPicture(page);
  const e = 0.008;
  return [place(e, e), place(1 - e, e), place(1 - e, 1 - e), place(e, 1 - e)];
}

interface Contrast {
  distance: Plane;
  /** Distances from the ground from which on it is a stroke, and a filled area. */
  threshold: number;
  fill: number;
  /** Whether it has grain, as photographs have. */
  soft: boolean;
}

function contrastOf(picture: Raster): Contrast {
  const ground = groundOf(picture);
  const plain = distanceFromGround(picture, ground);
  const grain = grainOf(plain);
  if (grain < 2) return { distance: plain, threshold: 20, fill: 9, soft: false };
  const distance = distanceFromGround(softened(picture, grain < 6 ? 1 : 2), ground);
  const left = grainOf(distance);
  return { distance, threshold: Math.max(20, 5 * left + 6), fill: Math.max(11, 4 * left + 3), soft: true };
}

/** Pixels of the usual stroke: of a long thin area, twice its area over its outline. */
function strokeWidth({ width, data }: Plane): number {
  const runs = new Uint32Array(24);
  const count = (step: number, from: number): void => {
    let run = 0;
    for (let at = from; at < data.length; at += step) {
      if (data[at] === 1) run++;
      else {
        if (run > 0 && run < runs.length) runs[run]!++;
        run = 0;
      }
      if (step === 1 && at % width === width - 1) run = 0;
    }
  };
  count(1, 0);
  for (let x = 0; x < width; x += 2) count(width, x);
  let [best, most] = [2, 0];
  for (let run = 1; run < 20; run++) {
    const sum = runs[run]! + (runs[run + 1]! + runs[run - 1]!) / 2;
    if (sum > most) [best, most] = [run, sum];
  }
  return best;
}

function graphOf(
  found: readonly FoundNode[],
  links: readonly FoundLink[],
  source: Raster,
  toPicture: Sheet['toPicture'],
): DrawnGraph {
  const line = found.length === 0 ? 1 : Math.min(...found.map(({ top, bottom }) => bottom - top)) * 0.6;
  const order = found
    .map((node, i) => ({ node, i }))
    .sort((a, b) => {
      const [ay, by] = [a.node.top + a.node.bottom, b.node.top + b.node.bottom];
      return Math.abs(ay - by) > 2 * line ? ay - by : a.node.left - b.node.left;
    });
  const ids = new Map(order.map(({ i }, place) => [i, `n${place + 1}`]));
  const nodes = order.map(({ node, i }): DrawnNode => {
    const [x, y] = toPicture((node.left + node.right + 1) / 2, (node.top + node.bottom + 1) / 2);
    const corners = [
      toPicture(node.left, node.top),
      toPicture(node.right + 1, node.top),
      toPicture(node.right + 1, node.bottom + 1),
      toPicture(node.left, node.bottom + 1),
    ];
    const [left, top] = [Math.min(...corners.map(([u]) => u)), Math.min(...corners.map(([, v]) => v))];
    const box = {
      x: round(left),
      y: round(top),
      width: round(Math.max(...corners.map(([u]) => u)) - left),
      height: round(Math.max(...corners.map(([, v]) => v)) - top),
    };
    return {
      id: ids.get(i)!,
      label: node.label,
      x: round(x),
      y: round(y),
      shape: node.shape,
      box,
      confidence: round(node.confidence, 1000),
    };
  });
  const rank = new Map(nodes.map(({ id }, place) => [id, place]));
  const edges = links.map((link): DrawnEdge => {
    const [a, b] = [ids.get(link.from)!, ids.get(link.to)!];
    const [atA, atB] = link.heads;
    const forward = atA === atB ? rank.get(a)! < rank.get(b)! : atB;
    return {
      source: forward ? a : b,
      target: forward ? b : a,
      arrows: atA && atB ? 'both' : atA || atB ? 'forward' : 'none',
      line: link.line,
      confidence: round(1 / (1 + link.cost / 4), 1000),
    };
  });
  return { width: source.width, height: source.height, nodes, edges };
}

const round = (value: number, per = 10): number => Math.round(value * per) / per;
