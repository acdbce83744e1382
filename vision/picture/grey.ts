// Brightness alone, which is all that the motion gate needs of a picture.

/** A byte a pixel, row by row. */
export interface GreyPicture {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** Of red, green and blue bytes: (red + 2 green + blue) / 4. */
export function greyOf(rgb: Uint8Array, width: number, height: number): GreyPicture {
  const pixels = new Uint8Array(width * height);
  for (let at = 0, from = 0; at < pixels.length; at++, from += 3) {
    pixels[at] = (rgb[from]! + 2 * rgb[from + 1]! + rgb[from + 2]!) >> 2;
  }
  return { width, height, pixels };
}
