// The three networks as functions of pixels: each with its own size, normalisation and output. Runs in the reader's
// thread only, as onnxruntime blocks the thread that it runs on.

import ort from 'onnxruntime-node';
import { ParlmeshError } from '../../core/errors.ts';
import { type Alphabet, alphabetOf, decodeLine, type LineText } from './ctc.ts';
import { readCharacters, readTextModel } from './model-files.ts';
import type { Raster } from './raster.ts';
import type { TextMap } from './text-map.ts';

/** Pixels that the networks want the lines to be high. */
export const LINE_HEIGHT = 48;
/** Pixels that the orientation network sees of a line. */
const ORIENTATION_WIDTH = 192;
/** Sides of the detector's picture are multiples of it. */
const DETECTION_STEP = 32;
/** Of ImageNet, in the order blue, green, red: the networks learned from pictures in that order. */
const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;

export class TextNetworks {
  readonly #detection: ort.InferenceSession;
  readonly #orientation: ort.InferenceSession;
  readonly #recognition: ort.InferenceSession;
  readonly #alphabet: Alphabet;

  private constructor(sessions: ort.InferenceSession[], alphabet: Alphabet) {
    [this.#detection, this.#orientation, this.#recognition] = sessions as [
      ort.InferenceSession,
      ort.InferenceSession,
      ort.InferenceSession,
    ];
    this.#alphabet = alphabet;
  }

  /** @param threads cores that one inference uses */
  static async open(folder: string, threads: number): Promise<TextNetworks> {
    const sessions: ort.InferenceSession[] = [];
    for (const what of ['detection', 'orientation', 'recognition'] as const) {
      sessions.push(await ort.InferenceSession.create(await readTextModel(folder, what), sessionOptions(threads)));
    }
    return new TextNetworks(sessions, alphabetOf(await readCharacters(folder)));
  }

  /** Where text is, at the picture's own size. */
  async detect(picture: Raster): Promise<TextMap> {
    const width = Math.ceil(picture.width / DETECTION_STEP) * DETECTION_STEP;
    const height = Math.ceil(picture.height / DETECTION_STEP) * DETECTION_STEP;
    // What is added right and below stays 0, which is the mean.
    const input = new Float32Array(3 * width * height);
    const plane = width * height;
    for (let channel = 0; channel < 3; channel++) {
      const offset = MEAN[channel]! / DEVIATION[channel]!;
      const factor = 1 / (255 * DEVIATION[channel]!);
      for (let y = 0; y < picture.height; y++) {
        let from = y * picture.width * 3 + 2 - channel;
        let to = channel * plane + y * width;
        for (let x = 0; x < picture.width; x++, from += 3) input[to++] = picture.pixels[from]! * factor - offset;
      }
    }
    const values = await run(this.#detection, input, [1, 3, height, width]);
    return { width, height, values };
  }

  /** For each line, how likely it stands on its head, 0 to 1. */
  async turned(lines: readonly Raster[]): Promise<number[]> {
    const values = await run(this.#orientation, stripsOf(lines, ORIENTATION_WIDTH), [
      ...[lines.length, 3],
      ...[LINE_HEIGHT, ORIENTATION_WIDTH],
    ]);
    return lines.map((_, i) => values[2 * i + 1]!);
  }

  /** Reads lines that are `LINE_HEIGHT` high. @param width pixels that each is filled up to */
  async recognise(lines: readonly Raster[], width: number): Promise<LineText[]> {
    const values = await run(this.#recognition, stripsOf(lines, width), [lines.length, 3, LINE_HEIGHT, width]);
    const count = this.#alphabet.characters.length;
    const steps = values.length / lines.length / count;
    if (!Number.isInteger(steps)) {
      throw new ParlmeshError('MODEL_MISFIT', `the recogniser knows other characters than the ${count} of its list`);
    }
    return lines.map((_, i) =>
      decodeLine(values.subarray(i * steps * count, (i + 1) * steps * count), steps, this.#alphabet),
    );
  }

  async close(): Promise<void> {
    for (const session of [this.#detection, this.#orientation, this.#recognition]) await session.release();
  }
}

function sessionOptions(threads: number): ort.InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Every picture has another size: a plan for one is of no use for the next.
    enableMemPattern: false,
    // Waiting threads sleep: on a board without a fan, spinning between pictures is heat.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

/** Lines beside each other as -1 to 1, blue first; the rest of the width stays 0, as in the networks' training. */
function stripsOf(lines: readonly Raster[], width: number): Float32Array {
  const plane = LINE_HEIGHT * width;
  const input = new Float32Array(lines.length * 3 * plane);
  lines.forEach((line, i) => {
    const used = Math.min(width, line.width);
    for (let channel = 0; channel < 3; channel++) {
      for (let y = 0; y < LINE_HEIGHT; y++) {
        let from = y * line.width * 3 + 2 - channel;
        let to = (3 * i + channel) * plane + y * width;
        for (let x = 0; x < used; x++, from += 3) input[to++] = line.pixels[from]! / 127.5 - 1;
      }
    }
  });
  return input;
}

async function run(session: ort.InferenceSession, input: Float32Array, dims: number[]): Promise<Float32Array> {
  const results = await session.run({ [session.inputNames[0]!]: new ort.Tensor('float32', input, dims) });
  const data = results[session.outputNames[0]!]?.data;
  if (data instanceof Float32Array) return data;
  throw new ParlmeshError('MODEL_MISFIT', 'a network for reading text has no float32 output');
}
