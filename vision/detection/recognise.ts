// Knows the published forms of some families by the names and shapes of their inputs and outputs, and writes their
// manifest. What could be something else is not recognised.

import { COCO_CLASSES } from './coco-classes.ts';
import type { ModelInputLayout, ModelManifest, ModelOutput } from './manifest.ts';

export interface TensorForm {
  name: string;
  /** As ONNX Runtime names it. */
  type: string;
  /** Names stand for sizes that are free. */
  shape: readonly (number | string)[];
}

export interface ModelForm {
  inputs: readonly TensorForm[];
  outputs: readonly TensorForm[];
}

/** What a manifest says of how a model is used. */
export interface Recognised {
  family: string;
  input: ModelInputLayout;
  output: ModelOutput;
  threshold: ModelManifest['threshold'];
  classes: string[];
}

const CLASSES = COCO_CLASSES.length;
/** Steps of the distributions in the published PicoDet and NanoDet-Plus. */
const BINS = 8;
/** Of ImageNet, for bytes: red, green, blue. */
const MEAN = [123.675, 116.28, 103.53];
const DEVIATION = [58.395, 57.12, 57.375];

export function recognise(form: ModelForm): Recognised | undefined {
  const [input] = form.inputs;
  if (form.inputs.length !== 1 || input?.type !== 'float32' || input.shape.length !== 4) return undefined;
  const [batch, colours, height, width] = input.shape;
  if (batch !== 1 || colours !== 3 || !isSize(height) || !isSize(width)) return undefined;
  const layout = { name: input.name, width, height, layout: 'nchw', type: 'float32' } as const;
  const found = yolox(form, layout) ?? nanodetPlus(form, layout) ?? picodet(form, layout);
  return found && { ...found, classes: [...COCO_CLASSES] };
}

const isSize = (value: number | string | undefined): value is number =>
  typeof value === 'number' && value >= 32 && value <= 2048 && value % 32 === 0;

type Layout = Pick<ModelInputLayout, 'name' | 'width' | 'height' | 'layout' | 'type'>;
type Found = Omit<Recognised, 'classes'>;

const cellsOf = ({ width, height }: Layout, stride: number): number =>
  Math.ceil(width / stride) * Math.ceil(height / stride);

const cellsOfAll = (layout: Layout, strides: readonly number[]): number =>
  strides.reduce((sum, stride) => sum + cellsOf(layout, stride), 0);

/** The only output of a model, when it is [1, rows, columns]. */
function onlyOutput({ outputs }: ModelForm, rows: number, columns: number): string | undefined {
  const [output] = outputs;
  return outputs.length === 1 && output !== undefined && isShape(output, rows, columns) ? output.name : undefined;
}

function isShape({ type, shape }: TensorForm, rows: number, columns: number): boolean {
  return type === 'float32' && [`1,${rows},${columns}`, `${rows},${columns}`].includes(shape.join());
}

/** Bytes as they are, blue first; a letterbox. */
function yolox(form: ModelForm, layout: Layout): Found | undefined {
  const strides = [8, 16, 32];
  const output = onlyOutput(form, cellsOfAll(layout, strides), 5 + CLASSES);
  // YOLOv5 has rows of the same length, three for each cell.
  if (output === undefined) return undefined;
  return {
    family: 'YOLOX',
    input: { ...layout, order: 'bgr', fit: 'letterbox' },
    output: { decoding: 'yolox', output, strides },
    threshold: 0.4,
  };
}

function nanodetPlus(form: ModelForm, layout: Layout): Found | undefined {
  const strides = [8, 16, 32, 64];
  const output = onlyOutput(form, cellsOfAll(layout, strides), CLASSES + 4 * BINS);
  if (output === undefined) return undefined;
  return {
    family: 'NanoDet-Plus',
    input: { ...layout, order: 'bgr', mean: MEAN.toReversed(), scale: scaleOf(DEVIATION).toReversed(), fit: 'stretch' },
    output: { decoding: 'nanodet', output, strides, bins: BINS, centre: 0 },
    threshold: 0.4,
  };
}

/** Two outputs for each of four levels. */
function picodet(form: ModelForm, layout: Layout): Found | undefined {
  const strides = [8, 16, 32, 64];
  if (form.outputs.length !== 2 * strides.length) return undefined;
  const named = (stride: number, columns: number): string | undefined =>
    form.outputs.find((output) => isShape(output, cellsOf(layout, stride), columns))?.name;
  const levels = strides.flatMap((stride) => {
    const scores = named(stride, CLASSES);
    const sides = named(stride, 4 * BINS);
    return scores === undefined || sides === undefined ? [] : [{ stride, scores, sides }];
  });
  if (levels.length !== strides.length) return undefined;
  return {
    family: 'PicoDet',
    input: { ...layout, order: 'rgb', mean: MEAN, scale: scaleOf(DEVIATION), fit: 'stretch' },
    output: { decoding: 'picodet', levels, bins: BINS },
    threshold: 0.4,
  };
}

/** Six digits: what the networks were trained with has no more. */
const scaleOf = (deviation: readonly number[]): number[] =>
  deviation.map((value) => Number((1 / value).toPrecision(6)));
