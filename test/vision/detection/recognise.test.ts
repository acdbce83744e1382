import { describe, expect, it } from 'vitest';
import { COCO_CLASSES, cocoIdOf } from '../../../vision/detection/coco-classes.ts';
import { type ModelForm, recognise, type TensorForm } from '../../../vision/detection/recognise.ts';

const tensor = (name: string, ...shape: (number | string)[]): TensorForm => ({ name, type: 'float32', shape });
const YOLOX: ModelForm = { inputs: [tensor('images', 1, 3, 416, 416)], outputs: [tensor('output', 1, 3549, 85)] };

describe('recognise', () => {
  it('knows YOLOX: bytes, blue first, in a letterbox', () => {
    expect(recognise(YOLOX)).toMatchObject({
      family: 'YOLOX',
      input: { name: 'images', width: 416, height: 416, layout: 'nchw', order: 'bgr', fit: 'letterbox' },
      output: { decoding: 'yolox', output: 'output', strides: [8, 16, 32] },
      classes: COCO_CLASSES,
    });
  });

  it('knows NanoDet-Plus by its rows of classes and distances', () => {
    const found = recognise({ inputs: [tensor('data', 1, 3, 320, 320)], outputs: [tensor('output', 1, 2125, 112)] });
    expect(found).toMatchObject({
      family: 'NanoDet-Plus',
      input: { order: 'bgr', fit: 'stretch', mean: [103.53, 116.28, 123.675] },
      output: { decoding: 'nanodet', strides: [8, 16, 32, 64], bins: 8, centre: 0 },
    });
  });

  it('knows PicoDet by two outputs for each of four levels, in any order', () => {
    const cells = [1600, 400, 100, 25];
    const outputs = [
      ...cells.map((n) => tensor(`sides${n}`, 1, n, 32)),
      ...cells.map((n) => tensor(`s${n}`, 1, n, 80)),
    ];
    expect(recognise({ inputs: [tensor('image', 1, 3, 320, 320)], outputs })).toMatchObject({
      family: 'PicoDet',
      input: { order: 'rgb', fit: 'stretch', mean: [123.675, 116.28, 103.53] },
      output: { levels: [{ stride: 8, scores: 's1600', sides: 'sides1600' }, {}, {}, { stride: 64, scores: 's25' }] },
    });
  });

  it.each<[string, ModelForm]>([
    ['three boxes a cell, as in YOLOv5', { ...YOLOX, outputs: [tensor('output', 1, 10_647, 85)] }],
    ['another number of classes', { ...YOLOX, outputs: [tensor('output', 1, 3549, 25)] }],
    ['a size that is not told', { ...YOLOX, inputs: [tensor('images', 1, 3, 'height', 'width')] }],
    ['two inputs', { ...YOLOX, inputs: [...YOLOX.inputs, tensor('scale', 1, 2, 1, 1)] }],
    ['bytes', { ...YOLOX, inputs: [{ ...YOLOX.inputs[0]!, type: 'uint8' }] }],
    ['nothing', { inputs: [], outputs: [] }],
  ])('leaves what could be something else: %s', (_what, form) => {
    expect(recognise(form)).toBeUndefined();
  });
});

it('knows the numbers of COCO’s classes, which have gaps', () => {
  expect(['person', 'fire hydrant', 'stop sign', 'toothbrush'].map(cocoIdOf)).toEqual([1, 11, 13, 90]);
  expect(cocoIdOf('dragon')).toBeUndefined();
});
