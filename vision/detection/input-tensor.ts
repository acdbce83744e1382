// From a picture's bytes (red, green, blue) to the tensor that a model takes. Runs in the detector's thread.

import type { ModelInputLayout } from './manifest.ts';

const COLOURS = 3;

/** Fills one array again and again: a picture is done with before the next one comes. */
export class InputTensor {
  readonly dims: readonly number[];
  readonly type: 'uint8' | 'float32';
  readonly #layout: ModelInputLayout;
  /** What each byte of each colour becomes, in the model's order of colours. */
  readonly #values: readonly Float32Array[];
  readonly #data: Uint8Array | Float32Array;
  readonly #asItIs: boolean;

  constructor(layout: ModelInputLayout) {
    const { width, height, type, order } = layout;
    this.#layout = layout;
    this.type = type;
    this.dims = layout.layout === 'nhwc' ? [1, height, width, COLOURS] : [1, COLOURS, height, width];
    this.#asItIs = layout.layout === 'nhwc' && type === 'uint8' && order === 'rgb';
    const length = this.#asItIs ? 0 : width * height * COLOURS;
    this.#data = type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
    const { mean = [0, 0, 0], scale = [1, 1, 1] } = layout;
    this.#values = mean.map((least, colour) =>
      Float32Array.from({ length: 256 }, (_, byte) => (byte - least) * scale[colour]!),
    );
  }

  /** Throws for a picture of another size. The result is valid until the next call. */
  of(pixels: Uint8Array): Uint8Array | Float32Array {
    const { width, height, layout, order } = this.#layout;
    const count = width * height;
    if (pixels.length !== count * COLOURS) {
      throw new RangeError(`a picture of ${pixels.length} bytes is not one of ${width} × ${height} pixels`);
    }
    if (this.#asItIs) return pixels;
    const data = this.#data;
    const [pixelStep, colourStep] = layout === 'nhwc' ? [COLOURS, 1] : [1, count];
    for (let colour = 0; colour < COLOURS; colour++) {
      const values = this.#values[colour]!;
      const from = order === 'rgb' ? colour : COLOURS - 1 - colour;
      for (let pixel = 0, to = colour * colourStep; pixel < count; pixel++, to += pixelStep) {
        data[to] = values[pixels[pixel * COLOURS + from]!]!;
      }
    }
    return data;
  }
}
