// What a model says of itself: `manifest.json` beside the model files names each one, where it comes from, under
// which licence, and how pictures go in and objects come out. A file that does not fit it is never run.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

const Size = Type.Integer({ minimum: 32, maximum: 2048, multipleOf: 32 });
const Name = Type.String({ minLength: 1, maxLength: 200 });
const Stride = Type.Integer({ minimum: 1, maximum: 128, description: 'Input pixels for one cell of the outputs.' });
const Bins = Type.Integer({
  minimum: 2,
  maximum: 64,
  description: 'Steps of the distribution that tells the distance of a side.',
});
const channels = (bound: number, description: string) =>
  Type.Optional(
    Type.Array(Type.Number({ minimum: -bound, maximum: bound }), { minItems: 3, maxItems: 3, description }),
  );

const Input = Type.Object(
  {
    name: Name,
    width: Size,
    height: Size,
    layout: Type.Union([Type.Literal('nhwc'), Type.Literal('nchw')], {
      description: 'Colours of a pixel together, or one plane for each colour.',
    }),
    type: Type.Union([Type.Literal('uint8'), Type.Literal('float32')]),
    order: Type.Union([Type.Literal('rgb'), Type.Literal('bgr')]),
    mean: channels(255, 'Taken from the bytes first, in the order of the colours; with float32 only. Default: 0.'),
    scale: channels(255, 'What the rest is multiplied with; with float32 only. Default: 1.'),
    fit: Type.Union([Type.Literal('letterbox'), Type.Literal('stretch')], {
      description: 'letterbox: scaled whole into the upper left corner, the rest grey; stretch: sides scaled apart.',
    }),
  },
  { additionalProperties: false },
);

const OUTPUTS = {
  centernet: Type.Object(
    { decoding: Type.Literal('centernet'), scores: Name, sides: Name, stride: Stride },
    { additionalProperties: false },
  ),
  picodet: Type.Object(
    {
      decoding: Type.Literal('picodet'),
      levels: Type.Array(Type.Object({ stride: Stride, scores: Name, sides: Name }, { additionalProperties: false }), {
        minItems: 1,
        maxItems: 8,
      }),
      bins: Bins,
    },
    { additionalProperties: false },
  ),
  nanodet: Type.Object(
    {
      decoding: Type.Literal('nanodet'),
      output: Name,
      strides: Type.Array(Stride, { minItems: 1, maxItems: 8 }),
      bins: Bins,
      centre: Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'Where in its cell a point lies: 0 in the corner (NanoDet-Plus), 0.5 in the middle (NanoDet).',
      }),
    },
    { additionalProperties: false },
  ),
  yolox: Type.Object(
    {
      decoding: Type.Literal('yolox'),
      output: Name,
      strides: Type.Array(Stride, { minItems: 1, maxItems: 8 }),
    },
    { additionalProperties: false },
  ),
};

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
    input: Input,
    output: Type.Union([OUTPUTS.centernet, OUTPUTS.picodet, OUTPUTS.nanodet, OUTPUTS.yolox]),
    threshold: Type.Number({ minimum: 0, maximum: 1, description: 'Least confidence where a camera sets none.' }),
    classes: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 1000 }),
  },
  { additionalProperties: false },
);
export type ModelManifest = Static<typeof ModelManifest>;
export type ModelInputLayout = ModelManifest['input'];
/** How boxes are read from a model's outputs. */
export type ModelOutput = ModelManifest['output'];

/** Models in one manifest at most. */
export const MOST_MODELS = 64;
const ManifestFile = Type.Object(
  { models: Type.Array(ModelManifest, { maxItems: MOST_MODELS }) },
  { additionalProperties: false },
);
/** A manifest has some kilobytes; what is larger is none. */
const MOST_CHARACTERS = 4_000_000;

/** The models that a folder's `manifest.json` names; none where there is no such file. */
export async function readManifest(folder: string): Promise<ModelManifest[]> {
  const path = join(folder, 'manifest.json');
  try {
    return parseManifest(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (error instanceof ParlmeshError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new ParlmeshError('MODEL_MANIFEST_UNREADABLE', `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Throws `MODEL_MANIFEST_INVALID` with the place of what is wrong. @param path named in messages */
export function parseManifest(text: string, path: string): ModelManifest[] {
  let content: unknown;
  try {
    if (text.length > MOST_CHARACTERS) throw new Error('it is too long');
    content = JSON.parse(text);
  } catch (error) {
    throw new ParlmeshError('MODEL_MANIFEST_INVALID', `${path} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (!Value.Check(ManifestFile, content)) throw invalid(path, firstMistake(content));
  for (const [index, { input }] of content.models.entries()) {
    if (input.type === 'uint8' && (input.mean !== undefined || input.scale !== undefined)) {
      throw invalid(path, { at: `/models/${index}/input`, what: 'mean and scale go with the type float32 only' });
    }
  }
  return content.models;
}

interface Mistake {
  at: string;
  what: string;
}

/** Of the outputs only the kind that is meant is looked at: what other kinds would want says nothing. */
function firstMistake(content: unknown): Mistake {
  for (const [index, decoding] of decodingsOf(content).entries()) {
    const at = `/models/${index}/output`;
    const kinds = Object.keys(OUTPUTS).join(', ');
    if (!isDecoding(decoding)) return { at: `${at}/decoding`, what: `must be one of ${kinds}` };
    const mistake = mistakeIn(OUTPUTS[decoding], Value.Pointer.Get(content, at));
    if (mistake !== undefined) return { at: at + mistake.at, what: mistake.what };
  }
  return mistakeIn(ManifestFile, content) ?? { at: '', what: 'is wrong' };
}

/** What each model says of its decoding; models without an output are left to the schema. */
function decodingsOf(content: unknown): unknown[] {
  const Loose = Type.Object({ models: Type.Array(Type.Object({ output: Type.Object({}) })) });
  if (!Value.Check(Loose, content)) return [];
  return content.models.map(({ output }) => ('decoding' in output ? output.decoding : undefined));
}

const isDecoding = (decoding: unknown): decoding is keyof typeof OUTPUTS =>
  typeof decoding === 'string' && Object.hasOwn(OUTPUTS, decoding);

function mistakeIn(schema: TSchema, content: unknown): Mistake | undefined {
  const [first] = Value.Errors(schema, content);
  return first && { at: first.instancePath, what: first.message };
}

function invalid(path: string, { at, what }: Mistake): ParlmeshError {
  return new ParlmeshError('MODEL_MANIFEST_INVALID', `${path}${at}: ${what}`, {
    hint: 'docs/models.md describes every field',
  });
}
