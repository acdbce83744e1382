// A detector whose answers are known: it finds what is white, as one box.

import type { Detection, Detector, ModelInput } from '../../../vision/detection/detector.ts';

const SIZE = { width: 64, height: 64 };
export class SquareDetector implements Detector {
  readonly model = 'square';
  readonly inputSize = SIZE;
  readonly seen: ModelInput[] = [];
  readonly label: string;

  constructor(label = 'square') {
    this.label = label;
  }

  async detect(input: ModelInput): Promise<{ detections: Detection[]; seconds: number }> {
    this.seen.push(input);
    const bright: [number, number][] = [];
    for (let i = 0; i < SIZE.width * SIZE.height; i++) {
      const [red, green] = [input.pixels[i * 3]!, input.pixels[i * 3 + 1]!];
      if (red > 200 && green > 200) bright.push([i % SIZE.width, Math.floor(i / SIZE.width)]);
    }
    if (bright.length === 0) return { detections: [], seconds: 0.01 };
    const xs = bright.map(([x]) => x);
    const ys = bright.map(([, y]) => y);
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const box = {
      x: x / SIZE.width,
      y: y / SIZE.height,
      width: (Math.max(...xs) + 1 - x) / SIZE.width,
      height: (Math.max(...ys) + 1 - y) / SIZE.height,
    };
    return { detections: [{ label: this.label, confidence: 0.9, box }], seconds: 0.01 };
  }
}
