// A picture for people: scaled down, boxes and labels drawn over it, as JPEG.

import type { Sharp } from 'sharp';
import { escapeXml } from '../drawing/svg.ts';
import { type Box, clipped, cornersOf, grown, type Polygon } from '../geometry.ts';
import { loadSharp, openPicture, readable } from './decode.ts';
import { Mask } from './mask.ts';

export interface DrawnBox {
  box: Box;
  label: string;
  confidence: number;
}

/** What must not be recognised in a picture. */
export interface Hidden {
  areas: readonly Polygon[];
  boxes: readonly Box[];
}

/** All of a picture. */
export const ALL: Box = { x: 0, y: 0, width: 1, height: 1 };
/** Blocks across a picture where something is hidden: a face that fills half of it becomes ten blocks. */
const BLOCKS = 20;
/** How much a hidden box is grown on every side: its owner may have moved on since it was found. */
const ROOM = 0.15;
/** Pixels of the drawn picture's width at most. */
const MOST_WIDTH = 1280;
const QUALITY = 80;
const FONT = "'DejaVu Sans', 'Liberation Sans', 'Noto Sans', sans-serif";
const CHARACTER_WIDTH = 0.62;

export class Annotator {
  /** Whether the system has a font: boards are often without one, and text would be empty frames. */
  #hasFont: Promise<boolean> | undefined;

  /** The picture with its boxes. Rejects with `PICTURE_UNREADABLE` or `PICTURE_TOO_LARGE`. */
  async draw(bytes: Uint8Array, boxes: readonly DrawnBox[], hidden?: Hidden): Promise<Buffer> {
    const picture = await openPicture(bytes);
    const scale = Math.min(1, MOST_WIDTH / picture.width);
    const width = Math.round(picture.width * scale);
    const height = Math.max(1, Math.round(picture.height * scale));
    this.#hasFont ??= rendersText();
    const overlay = Buffer.from(overlayOf(boxes, width, height, await this.#hasFont));
    return readable(async () => {
      const scaled = picture.image
        .resize(width, height, { fit: 'fill' })
        .flatten({ background: '#000' })
        .toColourspace('srgb');
      const shown =
        hidden === undefined || isEmpty(hidden) ? scaled : await pixelated(scaled, { width, height }, hidden);
      return shown
        .composite(boxes.length === 0 ? [] : [{ input: overlay }])
        .jpeg({ quality: QUALITY })
        .toBuffer();
    });
  }
}

const isEmpty = ({ areas, boxes }: Hidden): boolean => areas.length === 0 && boxes.length === 0;

async function pixelated(
  image: Sharp,
  size: { width: number; height: number },
  { areas, boxes }: Hidden,
): Promise<Sharp> {
  const { data } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const mask = new Mask([...areas, ...boxes.map((box) => cornersOf(clipped(grown(box, ROOM))))]);
  mask.pixelate(data, size, Math.max(8, Math.ceil(size.width / BLOCKS)));
  const sharp = await loadSharp();
  return sharp(data, { raw: { ...size, channels: 3 } });
}

/** The boxes as SVG, on a transparent ground of the picture's size. */
export function overlayOf(boxes: readonly DrawnBox[], width: number, height: number, withText: boolean): string {
  const line = Math.max(2, Math.round(width / 320));
  const size = Math.max(12, Math.round(width / 45));
  const drawn = boxes.map(({ box, label, confidence }) => {
    const [x, y] = [box.x * width, box.y * height];
    const text = `${label} ${Math.round(confidence * 100)} %`;
    const textWidth = text.length * size * CHARACTER_WIDTH + size / 2;
    const left = Math.max(0, Math.min(x, width - textWidth));
    const top = y >= size * 1.4 ? y - size * 1.4 : y;
    const caption = `<rect x="${left}" y="${top}" width="${textWidth}" height="${size * 1.4}" fill="#0b5fff"/>
      <text x="${left + size / 4}" y="${top + size * 1.02}" font-family="${FONT}" font-size="${size}" fill="#fff">${escapeXml(text)}</text>`;
    return `<rect x="${x}" y="${y}" width="${box.width * width}" height="${box.height * height}" fill="none" stroke="#fff" stroke-width="${line + 2}"/>
      <rect x="${x}" y="${y}" width="${box.width * width}" height="${box.height * height}" fill="none" stroke="#0b5fff" stroke-width="${line}"/>
      ${withText ? caption : ''}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawn.join('\n')}</svg>`;
}

/** Draws an `i` and a `W`: with a font they differ in width; without one they are nothing or the same empty frame. */
async function rendersText(): Promise<boolean> {
  const [narrow, wide] = await Promise.all(['iiii', 'WWWW'].map(inkOf));
  return narrow! > 0 && wide! > narrow! * 1.3;
}

async function inkOf(text: string): Promise<number> {
  const sharp = await loadSharp();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="32"><rect width="120" height="32" fill="#fff"/><text x="2" y="24" font-family="${FONT}" font-size="20">${text}</text></svg>`;
  const pixels = await sharp(Buffer.from(svg)).greyscale().raw().toBuffer();
  return pixels.reduce((ink, value) => ink + 255 - value, 0);
}
