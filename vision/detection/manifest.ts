// What a model says of itself: `manifest.json` beside the model files names each one, where it comes from, under
// which licence, and how pictures go in and objects come out. A file that does not fit it is never run.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

const Size = Type.Integer({ minimum: 32, maximum: 2048, multipleOf: 32 });

export const ModelManifest = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$', description: 'Named in `vision.detector` and profiles.' }),
    title: Type.String({ minLength: 1, maxLength: 200 }),
    file: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*\\.onnx$',
      maxLength: 128,
      description: 'In the same folder as this manifest.',
    }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of the file; another file is refused.' }),
    licence: Type.String({ minLength: 1, maxLength: 100 }),
    source: Type.String({ minLength: 1, maxLength: 500, description: 'Where the network and its weights come from.' }),
    task: Type.Literal('detect'),
    input: Type.Object(
      {
        name: Type.String(),
        width: Size,
        height: Size,
        layout: Type.Literal('nhwc'),
        type: Type.Literal('uint8'),
        order: Type.Literal('rgb'),
        fit: Type.Union([Type.Literal('letterbox'), Type.Literal('stretch')], {
          description:
            'letterbox: scaled whole into the upper left corner, the rest grey; stretch: sides scaled apart.',
        }),
      },
      { additionalProperties: false },
    ),
    output: Type.Object(
      {
        decoding: Type.Literal('centernet'),
        scores: Type.String(),
        sides: Type.String(),
        stride: Type.Integer({ minimum: 1, maximum: 64, description: 'Input pixels for one cell of the outputs.' }),
      },
      { additionalProperties: false },
    ),
    threshold: Type.Number({ minimum: 0, maximum: 1, description: 'Least confidence where a camera sets none.' }),
    classes: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 1000 }),
  },
  { additionalProperties: false },
);
export type ModelManifest = Static<typeof ModelManifest>;

const ManifestFile = Type.Object(
  { models: Type.Array(ModelManifest, { maxItems: 64 }) },
  { additionalProperties: false },
);

/** The models that a folder's `manifest.json` names; none where there is no such file. */
export async function readManifest(folder: string): Promise<ModelManifest[]> {
  const path = join(folder, 'manifest.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new ParlmeshError('MODEL_MANIFEST_UNREADABLE', `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new ParlmeshError('MODEL_MANIFEST_INVALID', `${path} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (Value.Check(ManifestFile, content)) return content.models;
  const [first] = Value.Errors(ManifestFile, content);
  throw new ParlmeshError(
    'MODEL_MANIFEST_INVALID',
    `${path}${first?.instancePath ?? ''}: ${first?.message ?? 'is wrong'}`,
    {
      hint: 'docs/models.md describes every field',
    },
  );
}
