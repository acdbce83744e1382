// What the made recordings show: real photographs and drawn scenes as places, cut-out people and vehicles that pass.
// Places and passers-by for tuning and for scoring are kept apart.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Random } from '../../core/random.ts';
import { sceneSvg } from '../../vision/camera/rendered-scenes.ts';
import { loadSharp } from '../../vision/picture/decode.ts';
import type { Canvas } from './canvas.ts';
import type { CocoAnnotations, CocoImage } from './coco-files.ts';

export type Part = 'tuning' | 'scoring';

/** A place is this much larger than the view, so that a camera can be turned. */
export const MARGIN = 1.5;

export interface Cutout {
  canvas: Canvas;
  /** Elliptic edge, so that no rectangle passes by. */
  alpha: Uint8Array;
}

/** Every fourth place is a drawn scene. */
const DRAWN_OF = 4;
const MOVING_CLASSES = new Set([0, 1, 2, 3, 5, 7, 16]);

export class Places {
  readonly #folder: string;
  readonly #part: Part;
  readonly #images: readonly CocoImage[];
  readonly #annotations: CocoAnnotations['annotations'];

  private constructor(folder: string, part: Part, { images, annotations }: CocoAnnotations) {
    this.#folder = folder;
    this.#part = part;
    this.#images = images.filter(({ id }) => (hash(id) % 2 === 0) === (part === 'tuning'));
    const ids = new Set(this.#images.map(({ id }) => id));
    this.#annotations = annotations.filter(
      ({ image_id, category_id, bbox }) =>
        ids.has(image_id) && MOVING_CLASSES.has(category_id) && bbox[2] > 50 && bbox[3] > 80,
    );
  }

  /** Undefined where the photographs are absent. */
  static async open(part: Part): Promise<Places | undefined> {
    const folder = resolve(process.env.PARLMESH_TEST_DATA ?? '../shared/data', 'vision/coco-dev');
    if (!existsSync(folder)) return undefined;
    const text = await readFile(join(folder, 'annotations.json'), 'utf8');
    return new Places(folder, part, JSON.parse(text) as CocoAnnotations);
  }

  /** The place with this number, `MARGIN` times `width × height`. */
  async place(number: number, width: number, height: number): Promise<Canvas> {
    const sharp = await loadSharp();
    const size = { width: Math.round(width * MARGIN), height: Math.round(height * MARGIN) };
    const image =
      number % DRAWN_OF === DRAWN_OF - 1
        ? sharp(Buffer.from(this.#drawn(number)))
        : sharp(join(this.#folder, this.#images[number % this.#images.length]!.file_name));
    const pixels = await image
      .resize(size.width, size.height, { fit: 'fill' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer();
    return { ...size, pixels };
  }

  /** Somebody or something that moves, `height` pixels tall. */
  async passer(random: Random, height: number): Promise<Cutout> {
    const sharp = await loadSharp();
    const { image_id, bbox } = this.#annotations[random.below(this.#annotations.length)]!;
    const image = this.#images.find(({ id }) => id === image_id)!;
    const [left, top] = [Math.max(0, Math.floor(bbox[0])), Math.max(0, Math.floor(bbox[1]))];
    const region = {
      left,
      top,
      width: Math.min(image.width - left, Math.floor(bbox[2])),
      height: Math.min(image.height - top, Math.floor(bbox[3])),
    };
    const width = Math.max(4, Math.round((region.width / region.height) * height));
    const pixels = await sharp(join(this.#folder, image.file_name))
      .extract(region)
      .resize(width, height, { fit: 'fill' })
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    const alpha = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const out = Math.abs((2 * x) / width - 1) ** 4 + Math.abs((2 * y) / height - 1) ** 4;
        alpha[y * width + x] = Math.max(0, Math.min(255, (1 - out) * 1000));
      }
    }
    return { canvas: { width, height, pixels }, alpha };
  }

  #drawn(number: number): string {
    const seed = number * 2 + (this.#part === 'tuning' ? 0 : 1);
    return sceneSvg(number % 8 === 3 ? 'street' : 'desk', seed, `cam-${seed}`, {
      elapsed: seed * 7,
      wall: 1.7e12 + seed * 1e7,
    });
  }
}

const hash = (id: number): number => (Math.imul(id, 0x9e3779b1) >>> 16) & 0xff;
