import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { sceneSvg } from '../../../vision/camera/rendered-scenes.ts';
import { findModel, PACKAGED_MODELS } from '../../../vision/detection/model-file.ts';
import { OnnxDetector } from '../../../vision/detection/onnx-detector.ts';
import { preparePicture } from '../../../vision/picture/prepare.ts';

const moment = (elapsed: number) => ({ elapsed, wall: Date.UTC(2026, 10, 24, 10, 15, 30) });

it('draws the same picture for the same scene, seed and moment', () => {
  expect(sceneSvg('street', 3, 'north', moment(5))).toBe(sceneSvg('street', 3, 'north', moment(5)));
  expect(sceneSvg('street', 3, 'north', moment(5))).not.toBe(sceneSvg('street', 4, 'north', moment(5)));
  expect(sceneSvg('street', 3, 'north', moment(5))).not.toBe(sceneSvg('street', 3, 'north', moment(6)));
});

it('shows its name and the time to be read, escaped', () => {
  expect(sceneSvg('desk', 1, '<n>', moment(0))).toContain('&#60;n&#62;  2026-11-24 10:15:30');
});

it.each([
  ['street', { 'stop sign': 0.5, clock: 0.5, person: 0.5, car: 0.5 }],
  ['desk', { tv: 0.5, clock: 0.5 }],
] as const)('draws a %s in which the real detector sees things', async (scene, expected) => {
  const model = await findModel([PACKAGED_MODELS], 'mb3-centernet-512');
  const detector = new OnnxDetector({ model, threads: 2, clock: systemClock, random: seededRandom(1) });
  onTestFinished(() => detector.close());
  detector.open();
  const best = new Map<string, number>();
  for (const seed of [1, 2]) {
    for (const elapsed of [0, 4]) {
      const picture = await sharp(Buffer.from(sceneSvg(scene, seed, 'north', moment(elapsed))))
        .jpeg()
        .toBuffer();
      const { input } = await preparePicture(picture, detector.inputSize, model.manifest.input.fit);
      for (const { label, confidence } of (await detector.detect(input, 0.3)).detections) {
        best.set(label, Math.max(confidence, best.get(label) ?? 0));
      }
    }
  }
  for (const [label, least] of Object.entries(expected)) expect(best.get(label), label).toBeGreaterThan(least);
});
