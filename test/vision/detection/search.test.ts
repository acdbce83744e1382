import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { Detector } from '../../../vision/detection/detector.ts';
import { searchPicture } from '../../../vision/detection/search.ts';

/** Sees one small thing in the middle of whatever it is shown. */
function middleSeer(): Detector & { looks: number } {
  return {
    model: 'middle',
    inputSize: { width: 64, height: 64 },
    looks: 0,
    async detect() {
      this.looks++;
      const box = { x: 0.45, y: 0.45, width: 0.1, height: 0.1 };
      return { detections: [{ label: 'dot', confidence: 0.9, box }], seconds: 0.5 };
    },
  };
}

const picture = (): Promise<Buffer> =>
  sharp({ create: { width: 200, height: 100, channels: 3, background: '#456' } })
    .png()
    .toBuffer();

it('looks at a picture once, or at its parts as well', async () => {
  const detector = middleSeer();
  const search = { detector, fit: 'stretch', minConfidence: 0.5 } as const;
  const whole = await searchPicture(await picture(), { ...search, tiles: 1 });
  expect(whole).toMatchObject({ width: 200, height: 100, seconds: 0.5, detections: [{ box: { x: 0.45 } }] });
  const tiled = await searchPicture(await picture(), { ...search, tiles: 2 });
  expect(detector.looks).toBe(6);
  expect(tiled.seconds).toBe(2.5);
  const middles = tiled.detections.map(({ box }) => [box.x + box.width / 2, box.y + box.height / 2]);
  const places = middles.map((middle) => middle.map((at) => at.toFixed(2)).join(' ')).sort();
  expect(places).toEqual(['0.28 0.28', '0.28 0.72', '0.50 0.50', '0.72 0.28', '0.72 0.72']);
});

it('refuses what is no picture before anything is searched', async () => {
  const detector = middleSeer();
  const search = { detector, fit: 'letterbox', tiles: 2, minConfidence: 0.5 } as const;
  await expect(searchPicture(new Uint8Array(99), search)).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' });
  expect(detector.looks).toBe(0);
});
