// Reads a folder of pictures with boxes in COCO's form.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Truth } from './average-precision.ts';

const Annotations = Type.Object({
  images: Type.Array(Type.Object({ id: Type.Integer(), file_name: Type.String() })),
  annotations: Type.Array(
    Type.Object({
      image_id: Type.Integer(),
      category_id: Type.Integer(),
      bbox: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
      area: Type.Number(),
      iscrowd: Type.Integer(),
    }),
  ),
  categories: Type.Array(Type.Object({ id: Type.Integer(), name: Type.String() })),
});

export interface CocoSet {
  images: { id: number; path: string }[];
  truths: Truth[];
}

export async function readCoco(folder: string): Promise<CocoSet> {
  const set = Value.Parse(Annotations, JSON.parse(await readFile(join(folder, 'annotations.json'), 'utf8')));
  const names = new Map(set.categories.map(({ id, name }) => [id, name]));
  return {
    images: set.images.map(({ id, file_name }) => ({ id, path: join(folder, file_name) })),
    truths: set.annotations.map(({ image_id, category_id, bbox, area, iscrowd }) => ({
      image: image_id,
      label: names.get(category_id) ?? String(category_id),
      box: bbox,
      area,
      crowd: iscrowd !== 0,
    })),
  };
}
