// That a scene never seen before is told from what a camera sees every day.

import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { drawHeatmap } from '../../../vision/anomaly/heatmap.ts';
import { type SceneScore, UnusualScene } from '../../../vision/anomaly/unusual-scene.ts';
import { HEIGHT, WIDTH } from '../../../vision/anomaly/working-picture.ts';
import { loadSharp } from '../../../vision/picture/decode.ts';
import { fill, lit, type Picture, sensed, view } from './made-view.ts';

const place = view(3);
/** Every six seconds somebody in blue crosses. */
const usual = (frame: number): Picture =>
  fill(
    lit(place, 1 + 0.1 * Math.sin(frame / 9)),
    { x: (frame % 6) * 40 - 20, y: 90, width: 14, height: 36 },
    [30, 40, 160],
  );
const strange = (frame: number): Picture =>
  fill(
    fill(usual(frame), { x: 96, y: 24, width: 60, height: 48 }, [240, 120, 20]),
    { x: 110, y: 36, width: 30, height: 6 },
    [10, 10, 10],
  );

function show(scene: UnusualScene, from: number, frames: number, make: (frame: number) => Picture): SceneScore[] {
  const random = seededRandom(from + 1);
  return Array.from({ length: frames }, (_, i) =>
    scene.look({ pixels: sensed(make(from + i), random), now: (from + i) * 1000 }),
  );
}

describe('an unusual scene', () => {
  const scene = new UnusualScene();
  const healthy = show(scene, 0, 150, usual);
  const packed = scene.packed();

  it('is learned for while before anything is judged', () => {
    expect(
      healthy.slice(0, 40).every(({ learning, unusual, likelihood }) => learning && !unusual && likelihood === 0),
    ).toBe(true);
    expect(healthy.at(-1)!.learning).toBe(false);
  });

  it('is not what happens every day', () => {
    expect(healthy.filter(({ unusual }) => unusual)).toEqual([]);
  });

  it('is told in its second picture, with the place', () => {
    const [, second] = show(new UnusualScene(packed), 150, 2, strange);
    expect(second).toMatchObject({ unusual: true, learning: false });
    expect(second!.likelihood).toBeGreaterThan(0.75);
    const { values, columns } = second!.heatmap;
    const hottest = values.indexOf(Math.max(...values));
    const [x, y] = [((hottest % columns) + 0.5) * (WIDTH / columns), (Math.floor(hottest / columns) + 0.5) * 12];
    expect(x).toBeGreaterThan(84);
    expect(x).toBeLessThan(168);
    expect(y).toBeGreaterThan(12);
    expect(y).toBeLessThan(84);
  });

  it('becomes usual when it stays', () => {
    const scores = show(new UnusualScene(packed), 150, 60, strange);
    expect(scores.at(-1)!.unusual).toBe(false);
  });

  it('needs less than a megabyte, and bytes that are none are no memory', () => {
    expect(packed.length).toBeLessThan(1_000_000);
    expect(
      new UnusualScene(new Uint8Array(5)).look({ pixels: new Uint8Array(WIDTH * HEIGHT * 3), now: 0 }).learning,
    ).toBe(true);
  });

  it('is drawn over the picture', async () => {
    const sharp = await loadSharp();
    const jpeg = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#808080' } })
      .jpeg()
      .toBuffer();
    const values = new Float32Array(192);
    values[0] = 1;
    const png = await drawHeatmap(jpeg, { columns: 16, rows: 12, values });
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([640, 480]);
    expect(data[0]! - data[1]!).toBeGreaterThan(80);
    expect(data.at(-3)).toBe(data.at(-1));
  });
});
