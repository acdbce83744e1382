// The size of a camera's JPEG, read from its header: a thousandth of the time that a decoder takes to tell it.

/** Segments that are looked at before the picture's own. */
const MOST_SEGMENTS = 64;
const EXIF = 0xe1;
/** Frames: baseline, extended, progressive. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2]);

/** Undefined where a decoder has to be asked: no JPEG, one that may be turned (Exif), or one whose header is unusual. */
export function plainJpegSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let segment = 0, at = 2; segment < MOST_SEGMENTS && at + 9 < bytes.length; segment++) {
    const kind = bytes[at + 1]!;
    if (bytes[at] !== 0xff || kind === EXIF) return undefined;
    if (FRAMES.has(kind)) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return width > 0 && height > 0 ? { width, height } : undefined;
    }
    const length = view.getUint16(at + 2);
    if (kind < 0xc0 || kind === 0xff || length < 2) return undefined;
    at += 2 + length;
  }
  return undefined;
}
