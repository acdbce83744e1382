// Measures what a model costs on this board: whole frames, from JPEG to boxes, beside the session alone.

import { readFile } from 'node:fs/promises';
import { ParlmeshError } from '../../core/errors.ts';
import { openBareSession } from '../../vision/detection/bare-session.ts';
import type { Model } from '../../vision/detection/model-file.ts';
import { OnnxDetector } from '../../vision/detection/onnx-detector.ts';
import { preparePicture } from '../../vision/picture/prepare.ts';
import { systemClock, systemRandom } from '../clock.ts';

export interface ModelSpeed {
  id: string;
  threads: number;
  frames: number;
  /** Seconds from a frame's bytes to its boxes, one frame after the other: the median and the 95th of 100. */
  frameP50: number;
  frameP95: number;
  /** Median seconds of a run of the session alone. */
  bareP50: number;
  /** `frameP50` over `bareP50`. */
  ratio: number;
}

/** Frames of one kind before the other has its turn: what else the machine does falls on both. */
const ROUND = 5;
const LEAST_CONFIDENCE = 0.4;

/** Takes turns with the bare session. */
export async function benchModel(
  model: Model,
  options: { threads: number; frames: number; picture: Uint8Array; signal: AbortSignal },
): Promise<ModelSpeed> {
  const { threads, frames, picture, signal } = options;
  const { fit } = model.manifest.input;
  const detector = new OnnxDetector({ model, threads, clock: systemClock, random: systemRandom() });
  detector.open();
  try {
    const look = async (): Promise<number> => {
      const from = performance.now();
      const { input } = await preparePicture(picture, detector.inputSize, fit);
      await detector.detect(input, LEAST_CONFIDENCE);
      return (performance.now() - from) / 1000;
    };
    await look();
    const { input } = await preparePicture(picture, detector.inputSize, fit);
    const bare = await openBareSession({ model, threads, pixels: input.pixels });
    try {
      await bare.run(1);
      const times = { frame: [] as number[], bare: [] as number[] };
      while (times.frame.length < frames && !signal.aborted) {
        const round = Math.min(ROUND, frames - times.frame.length);
        times.bare.push(...(await bare.run(round)));
        for (let frame = 0; frame < round; frame++) times.frame.push(await look());
      }
      signal.throwIfAborted();
      const frameP50 = quantile(times.frame, 0.5);
      const bareP50 = quantile(times.bare, 0.5);
      const frameP95 = quantile(times.frame, 0.95);
      return { id: model.manifest.id, threads, frames, frameP50, frameP95, bareP50, ratio: frameP50 / bareP50 };
    } finally {
      bare.close();
    }
  } finally {
    await detector.close();
  }
}

/** A picture that is named, or one that is drawn: 1280 × 720, as a camera gives it. */
export async function benchPicture(path: string | undefined): Promise<Uint8Array> {
  if (path !== undefined) {
    return readFile(path).catch((cause: unknown) => {
      throw new ParlmeshError('PICTURE_NOT_FOUND', `${path} cannot be read`, { cause });
    });
  }
  const { sceneSvg } = await import('../../vision/camera/rendered-scenes.ts');
  const { loadSharp } = await import('../../vision/picture/decode.ts');
  const sharp = await loadSharp();
  const svg = sceneSvg('street', 1, 'bench', { elapsed: 1, wall: 0 });
  return sharp(Buffer.from(svg)).resize(1280, 720, { fit: 'cover' }).jpeg({ quality: 85 }).toBuffer();
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
