// Models of a few bytes, made as the converted detector is: their outputs are the numbers they are given.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OnnxGraph } from '../../../scripts/tfjs-to-onnx/onnx.ts';
import type { ModelManifest } from '../../../vision/detection/manifest.ts';

/** Of a picture of 32 × 32 pixels, stride 32: one cell. */
export const TINY_CLASSES = ['person', 'car'];

/** A YOLOX of one cell and two classes, with these seven values. */
export function tinyYolox(
  values: readonly number[],
  type: 'float' | 'uint8' = 'float',
  { quantised = false, blackIsNaN = false } = {},
): Uint8Array {
  const graph = new OnnxGraph();
  // The picture takes part, with no weight, so that the graph has an input.
  const shape = [1, 1, values.length];
  const pixels = type === 'float' ? 'images' : graph.node('Cast', ['images'], { to: 1 });
  const picture = graph.node('ReduceMean', [pixels], { axes: [1, 2, 3], keepdims: 0 });
  const one = graph.node('Div', [picture, picture]);
  const nothing = blackIsNaN
    ? graph.node('Sub', [one, graph.floats([1])])
    : graph.node('Mul', [picture, graph.floats([0])]);
  const rows = graph.node('Add', [graph.floats(values, shape), nothing]);
  // Hundredths as bytes.
  const step = graph.floats([0.01], []);
  const bytes = (): string => graph.node('DequantizeLinear', [graph.node('QuantizeLinear', [rows, step]), step]);
  graph.output(quantised ? bytes() : rows, 'output');
  return graph.serialize(
    'test',
    [{ name: 'images', type, shape: [1, 3, 32, 32] }],
    [{ name: 'output', type: 'float', shape }],
  );
}

export function tinyManifest(bytes: Uint8Array, more: Partial<ModelManifest> = {}): ModelManifest {
  return {
    id: 'tiny',
    title: 'Tiny',
    file: 'tiny.onnx',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    licence: 'MIT',
    source: 'made by the test',
    task: 'detect',
    input: {
      ...{ name: 'images', width: 32, height: 32, layout: 'nchw', type: 'float32', order: 'bgr', fit: 'letterbox' },
    },
    output: { decoding: 'yolox', output: 'output', strides: [32] },
    threshold: 0.4,
    classes: TINY_CLASSES,
    ...more,
  };
}

/** Writes a folder's manifest and one model file. */
export async function writeTiny(folder: string, bytes: Uint8Array, more: Partial<ModelManifest> = {}): Promise<void> {
  const manifest = tinyManifest(bytes, more);
  await writeFile(join(folder, manifest.file), bytes);
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ models: [manifest] }));
}
