// What kind of file some bytes are, by their first bytes. Only picture formats of pixels are let in: no SVG, PDF or
// video reaches a decoder through a file's name.

export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, Math.min(to, bytes.length)));

export function formatOf(bytes: Uint8Array): PictureFormat | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP') return 'webp';
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return 'gif';
  if (['II*\0', 'MM\0*'].includes(ascii(bytes, 0, 4))) return 'tiff';
  if (/^ftypavi[fs]$/.test(ascii(bytes, 4, 12))) return 'avif';
  return undefined;
}

/** False for a JPEG or PNG whose end is not there yet, as while it is being copied; true for what has no end mark. */
export function looksComplete(bytes: Uint8Array): boolean {
  const tail = Buffer.from(bytes.subarray(-4096));
  switch (formatOf(bytes)) {
    case 'jpeg':
      return tail.includes(Buffer.from([0xff, 0xd9]));
    case 'png':
      return tail.includes('IEND');
    case 'webp':
      return bytes.length >= new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) + 8;
    case undefined:
      return bytes.length >= 16;
    default:
      return true;
  }
}
