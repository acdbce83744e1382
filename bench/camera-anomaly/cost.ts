// What a look costs, on pictures that are decoded already.

import { seededRandom } from '../../core/random.ts';
import { measure } from '../../vision/anomaly/measures.ts';
import { TamperWatch } from '../../vision/anomaly/tamper-watch.ts';
import { UnusualScene } from '../../vision/anomaly/unusual-scene.ts';
import { HEIGHT, WIDTH } from '../../vision/anomaly/working-picture.ts';
import { Noise } from './canvas.ts';
import type { Places } from './places.ts';

const PICTURES = 200;

/** Processor time of this thread, in milliseconds a picture: healthy, and where a shift is looked for every time. */
export async function measureCost(places: Places, print: (line: Record<string, unknown>) => void): Promise<void> {
  const random = seededRandom(1);
  const noise = new Noise(random);
  const [here, elsewhere] = await Promise.all([0, 1].map((number) => places.place(number, WIDTH / 1.5, HEIGHT / 1.5)));
  const looks = (pixels: Uint8Array): Uint8Array => {
    const canvas = { width: WIDTH, height: HEIGHT, pixels: pixels.slice() };
    noise.add(canvas, 1.5, random);
    return canvas.pixels;
  };
  const watch = new TamperWatch({ pace: 'video' });
  const scene = new UnusualScene();
  const timed = (name: string, pixels: Uint8Array, look: (pixels: Uint8Array, now: number) => unknown): void => {
    const pictures = Array.from({ length: 20 }, () => looks(pixels));
    for (let i = 0; i < 20; i++) look(pictures[i]!, i * 1000);
    const before = process.threadCpuUsage();
    for (let i = 0; i < PICTURES; i++) look(pictures[i % 20]!, (20 + i) * 1000);
    const { user, system } = process.threadCpuUsage(before);
    print({
      case: name,
      metric: 'processor time a picture',
      value: (user + system) / 1000 / PICTURES,
      unit: 'ms',
      target: 3,
    });
  };
  timed('tamper, healthy', here!.pixels, (pixels, now) => watch.look({ pixels, now, wall: now }));
  timed('tamper, moved', elsewhere!.pixels, (pixels, now) => watch.look({ pixels, now: 1e6 + now, wall: now }));
  timed('unusual scene, measures included', here!.pixels, (pixels, now) => scene.look({ pixels, now }));
  timed('measures alone', here!.pixels, (pixels) => measure(pixels));
}
