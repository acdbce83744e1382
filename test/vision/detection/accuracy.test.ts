import { expect, it } from 'vitest';
import { findAll, scoreOf, VEHICLES } from '../../../bench/detect/accuracy.ts';
import { averagePrecision, type Found, LARGE, type Truth } from '../../../bench/detect/average-precision.ts';
import { readCoco } from '../../../bench/detect/coco.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { findModel, PACKAGED_MODELS } from '../../../vision/detection/model-file.ts';
import { OnnxDetector } from '../../../vision/detection/onnx-detector.ts';
import { cocoFolder } from '../support/journal.ts';

it('finds large people and vehicles that people have marked', { timeout: 120_000 }, async (test) => {
  const folder = cocoFolder();
  if (folder === undefined) return test.skip('no test pictures; set PARLMESH_TEST_DATA');
  const all = await readCoco(folder);
  const large = all.truths.filter(({ label, area }) => area >= LARGE && ['person', ...VEHICLES].includes(label));
  const images = all.images.filter(({ id }) => large.some(({ image }) => image === id)).slice(0, 40);
  const ids = new Set(images.map(({ id }) => id));
  const coco = { images, truths: all.truths.filter(({ image }) => ids.has(image)) };
  const model = await findModel([PACKAGED_MODELS], 'mb3-centernet-512');
  const detector = new OnnxDetector({ model, threads: 2, clock: systemClock, random: seededRandom(1) });
  test.onTestFinished(() => detector.close());
  detector.open();
  const accuracy = scoreOf(coco, await findAll(coco.images, detector, model.manifest.input.fit));
  expect(accuracy.personLarge).toBeGreaterThan(0.85);
  expect(accuracy.vehicleLarge).toBeGreaterThan(0.8);
});

it('counts average precision as COCO does', () => {
  const box = (x: number) => [x, 0, 100, 100] as const;
  const truths: Truth[] = [0, 200].map((x) => ({ image: 1, label: 'cat', box: box(x), area: 10_000, crowd: false }));
  const found = (xs: number[]): Found[] =>
    xs.map((x, i) => ({ image: 1, label: 'cat', confidence: 1 - i / 10, box: box(x) }));
  const score = (xs: number[]) => averagePrecision(truths, found(xs), { labels: ['cat'], overlap: 0.5 });
  expect(score([0, 200])).toBe(1);
  expect(score([0])).toBeCloseTo(51 / 101);
  expect(score([0, 0, 200])).toBeCloseTo((51 + 50 * (2 / 3)) / 101);
  expect(score([500])).toBe(0);
});
