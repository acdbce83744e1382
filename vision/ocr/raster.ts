// Pixels in memory, and their scaling. What is made smaller is averaged, so that thin strokes do not break up.

/** Bytes of red, green, blue, row by row. */
export interface Raster {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** The picture at another size. */
export function resized(source: Raster, width: number, height: number): Raster {
  if (width === source.width && height === source.height) return source;
  const columns = weights(source.width, width);
  const rows = weights(source.height, height);
  // Across first: each row of the source once, then down.
  const across = new Float32Array(width * source.height * 3);
  for (let y = 0; y < source.height; y++) {
    for (let x = 0; x < width; x++) {
      const { from, parts } = columns[x]!;
      let red = 0;
      let green = 0;
      let blue = 0;
      let at = (y * source.width + from) * 3;
      for (const part of parts) {
        red += part * source.pixels[at]!;
        green += part * source.pixels[at + 1]!;
        blue += part * source.pixels[at + 2]!;
        at += 3;
      }
      const to = (y * width + x) * 3;
      across[to] = red;
      across[to + 1] = green;
      across[to + 2] = blue;
    }
  }
  const pixels = new Uint8Array(width * height * 3);
  const stride = width * 3;
  for (let y = 0; y < height; y++) {
    const { from, parts } = rows[y]!;
    for (let i = 0; i < stride; i++) {
      let sum = 0.5;
      let at = from * stride + i;
      for (const part of parts) {
        sum += part * across[at]!;
        at += stride;
      }
      pixels[y * stride + i] = sum;
    }
  }
  return { width, height, pixels };
}

interface Weights {
  from: number;
  parts: Float32Array;
}

/** What each target pixel takes from which source pixels: a triangle as wide as a target pixel, at least two sources. */
function weights(source: number, target: number): Weights[] {
  const scale = source / target;
  const reach = Math.max(1, scale);
  return Array.from({ length: target }, (_, i) => {
    const middle = (i + 0.5) * scale - 0.5;
    const from = Math.max(0, Math.ceil(middle - reach + 1e-6));
    const to = Math.min(source - 1, Math.floor(middle + reach - 1e-6));
    const parts = new Float32Array(Math.max(1, to - from + 1));
    let sum = 0;
    for (let k = 0; k < parts.length; k++) {
      parts[k] = Math.max(0, 1 - Math.abs(from + k - middle) / reach);
      sum += parts[k]!;
    }
    if (sum === 0) return { from: Math.min(source - 1, Math.max(0, Math.round(middle))), parts: Float32Array.of(1) };
    for (let k = 0; k < parts.length; k++) parts[k]! /= sum;
    return { from, parts };
  });
}
