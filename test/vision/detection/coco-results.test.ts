import { describe, expect, it } from 'vitest';
import { COCO_NUMBERS, cocoResults, numbersFrom } from '../../../vision/detection/coco-results.ts';

const DETECTIONS = [
  { label: 'person', confidence: 0.987654, box: { x: 0.1, y: 0.2, width: 0.33333, height: 0.5 } },
  { label: 'dragon', confidence: 0.9, box: { x: 0, y: 0, width: 1, height: 1 } },
  { label: 'stop sign', confidence: 0.5, box: { x: 0, y: 0, width: 1, height: 1 } },
];

describe('COCO’s results', () => {
  it('are pixels, COCO’s numbers of classes, and a score; other classes are left out', () => {
    expect(cocoResults(DETECTIONS, { id: 285, width: 640, height: 480 }, COCO_NUMBERS)).toEqual([
      { image_id: 285, category_id: 1, bbox: [64, 96, 213.33, 240], score: 0.98765 },
      { image_id: 285, category_id: 13, bbox: [0, 0, 640, 480], score: 0.5 },
    ]);
  });

  it.each([
    ['val2017/000000000285.jpg', 285],
    ['COCO_val2014_000000581929.jpg', 581_929],
    ['42.PNG', 42],
    ['yard.jpg', undefined],
    ['2024/yard.jpg', undefined],
  ])('number %s by its name', (file, id) => {
    expect(COCO_NUMBERS.imageOf(file)).toBe(id);
  });

  it('take the numbers of an annotation file', () => {
    const images = [{ id: 7, file_name: 'images/yard.jpg' }];
    const numbers = numbersFrom(JSON.stringify({ images, categories: [{ id: 0, name: 'person' }] }), 'a.json');
    expect(numbers.imageOf('/somewhere/yard.jpg')).toBe(7);
    expect(numbers.imageOf('/somewhere/285.jpg')).toBeUndefined();
    expect(cocoResults(DETECTIONS, { id: 7, width: 1, height: 1 }, numbers).map((one) => one.category_id)).toEqual([0]);
    expect(numbersFrom(JSON.stringify({ images }), 'a.json').categoryOf('stop sign')).toBe(13);
  });

  it.each([
    ['{', 'a.json is not JSON'],
    ['{"images":[{"id":"x","file_name":"y"}]}', 'a.json/images/0/id'],
  ])('name what is wrong with an annotation file', (text, message) => {
    expect(() => numbersFrom(text, 'a.json')).toThrow(message);
  });
});
