// COCO's files: which number a picture and a class have there, and what was found in COCO's form for results.

import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { cocoIdOf } from './coco-classes.ts';
import type { Detection } from './detector.ts';

/** One object, as the tools that score detectors read it. */
export interface CocoResult {
  image_id: number;
  category_id: number;
  /** Left, top, width, height in pixels. */
  bbox: [number, number, number, number];
  score: number;
}

/** The numbers that pictures and classes go by. */
export interface CocoNumbers {
  /** Undefined for a picture that has no number. @param file path or name */
  imageOf(file: string): number | undefined;
  categoryOf(label: string): number | undefined;
}

const Annotations = Type.Object({
  images: Type.Array(Type.Object({ id: Type.Integer(), file_name: Type.String({ maxLength: 4096 }) }), {
    maxItems: 1_000_000,
  }),
  categories: Type.Optional(
    Type.Array(Type.Object({ id: Type.Integer(), name: Type.String({ maxLength: 256 }) }), { maxItems: 10_000 }),
  ),
});

const nameOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1);

/** COCO's own: the number in a picture's name, and classes from 1 to 90. */
export const COCO_NUMBERS: CocoNumbers = {
  imageOf: (file) => {
    const digits = /(\d{1,15})\.[A-Za-z]+$/.exec(nameOf(file))?.[1];
    return digits === undefined ? undefined : Number(digits);
  },
  categoryOf: cocoIdOf,
};

/** Those of an annotation file. Throws `ANNOTATIONS_INVALID`. @param path named in messages */
export function numbersFrom(text: string, path: string): CocoNumbers {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new ParlmeshError('ANNOTATIONS_INVALID', `${path} is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (!Value.Check(Annotations, content)) {
    const [first] = Value.Errors(Annotations, content);
    throw new ParlmeshError(
      'ANNOTATIONS_INVALID',
      `${path}${first?.instancePath ?? ''}: ${first?.message ?? 'is wrong'}`,
      {
        hint: 'Expected COCO’s form: images with id and file_name, categories with id and name',
      },
    );
  }
  const images = new Map(content.images.map(({ id, file_name }) => [nameOf(file_name), id]));
  const categories = content.categories && new Map(content.categories.map(({ id, name }) => [name, id]));
  return {
    imageOf: (file) => images.get(nameOf(file)),
    categoryOf: (label) => (categories === undefined ? cocoIdOf(label) : categories.get(label)),
  };
}

/** Classes without a number are left out. */
export function cocoResults(
  detections: readonly Detection[],
  picture: { id: number; width: number; height: number },
  { categoryOf }: CocoNumbers,
): CocoResult[] {
  return detections.flatMap(({ label, confidence, box }) => {
    const category = categoryOf(label);
    if (category === undefined) return [];
    const { width, height } = picture;
    const bbox = [box.x * width, box.y * height, box.width * width, box.height * height].map((value) =>
      rounded(value, 2),
    );
    const [x = 0, y = 0, w = 0, h = 0] = bbox;
    return [{ image_id: picture.id, category_id: category, bbox: [x, y, w, h], score: rounded(confidence, 5) }];
  });
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
