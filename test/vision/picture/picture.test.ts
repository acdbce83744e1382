import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { MOST_BYTES, openPicture } from '../../../vision/picture/decode.ts';
import { Annotator, overlayOf } from '../../../vision/picture/draw.ts';
import { formatOf, looksComplete } from '../../../vision/picture/format.ts';
import { Mask } from '../../../vision/picture/mask.ts';
import { preparePicture, toPicture } from '../../../vision/picture/prepare.ts';
import { jpeg } from '../support/camera.ts';

const SIZE = { width: 64, height: 64 };
const plain = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } });

/** A PNG of a few hundred bytes that declares `width` × `height` black pixels. */
function pngBomb(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const framed = Buffer.alloc(8);
    framed.writeUInt32BE(data.length, 0);
    framed.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([framed.subarray(0, 4), body, framed.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe('openPicture', () => {
  it('refuses a small file that declares 30000 × 30000 pixels', async () => {
    const bomb = pngBomb(30_000, 30_000);
    expect(bomb.length).toBeLessThan(500);
    await expect(openPicture(bomb)).rejects.toMatchObject({ code: 'PICTURE_TOO_LARGE' });
  });

  it('refuses a file over the limit without reading it', async () => {
    const large = Buffer.alloc(MOST_BYTES + 1);
    (await jpeg()).copy(large);
    await expect(openPicture(large)).rejects.toMatchObject({ code: 'PICTURE_TOO_LARGE' });
  });

  it.each([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['PDF', '%PDF-1.4'],
    ['nothing', ''],
  ])('refuses %s', async (_what, content) => {
    await expect(openPicture(Buffer.from(content))).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' });
  });
});

describe('preparePicture', () => {
  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('reads %s', async (format) => {
    const bytes = await plain(40, 20, '#ff0000').toFormat(format).toBuffer();
    const { input, width, height, used } = await preparePicture(bytes, SIZE, 'letterbox');
    expect({ width, height, used }).toEqual({ width: 40, height: 20, used: { width: 1, height: 0.5 } });
    expect(input.pixels).toHaveLength(64 * 64 * 3);
    expect(input.pixels[0]).toBeGreaterThan(240);
    expect(input.pixels[1]).toBeLessThan(15);
    expect([...input.pixels.subarray(-3)]).toEqual([114, 114, 114]);
  });

  it.each([
    ['grey', async () => plain(8, 8, '#808080').greyscale().jpeg().toBuffer()],
    ['transparent', async () => plain(8, 8, '#808080').ensureAlpha(0.5).png().toBuffer()],
    ['16-bit', async () => plain(8, 8, '#808080').toColourspace('rgb16').png().toBuffer()],
    ['CMYK', async () => plain(8, 8, '#808080').toColourspace('cmyk').jpeg().toBuffer()],
    ['palette', async () => plain(8, 8, '#808080').png({ palette: true }).toBuffer()],
    ['one-pixel', async () => plain(1, 1, '#808080').png().toBuffer()],
    ['very flat', async () => plain(4000, 1, '#808080').png().toBuffer()],
  ])('takes a %s picture as red, green and blue', async (_what, make) => {
    const { input } = await preparePicture(await make(), SIZE, 'stretch');
    expect(input.pixels).toHaveLength(64 * 64 * 3);
    for (const value of input.pixels.subarray(0, 3)) expect(value).toSatisfy((v: number) => v > 95 && v < 145);
  });

  it('turns a picture as its file asks', async () => {
    const bytes = await plain(40, 20, '#00ff00').withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await preparePicture(bytes, SIZE, 'letterbox')).toMatchObject({
      width: 20,
      height: 40,
      used: { width: 0.5, height: 1 },
    });
  });

  it('refuses a truncated picture', async () => {
    const bytes = await jpeg(800, 600);
    await expect(preparePicture(bytes.subarray(0, bytes.length / 2), SIZE, 'letterbox')).rejects.toMatchObject({
      code: 'PICTURE_UNREADABLE',
    });
  });

  it('blackens masks where the picture is, not where the padding is', async () => {
    const bytes = await plain(64, 32, '#ffffff').png().toBuffer();
    const mask = new Mask([
      [
        [0.5, 0],
        [1, 0],
        [1, 1],
        [0.5, 1],
      ],
    ]);
    const { input } = await preparePicture(bytes, SIZE, 'letterbox', mask);
    const at = (x: number, y: number) => input.pixels[(y * 64 + x) * 3];
    expect([at(31, 10), at(32, 10), at(63, 31), at(63, 33)]).toEqual([255, 0, 0, 114]);
  });

  it('maps boxes back from the letterbox', () => {
    const detection = { label: 'cat', confidence: 1, box: { x: 0.1, y: 0.25, width: 0.5, height: 0.5 } };
    const [mapped] = toPicture([detection], { width: 1, height: 0.5 });
    expect(mapped!.box).toEqual({ x: 0.1, y: 0.5, width: 0.5, height: 0.5 });
    const inPadding = { ...detection, box: { x: 0, y: 0.6, width: 0.2, height: 0.2 } };
    expect(toPicture([inPadding], { width: 1, height: 0.5 })).toEqual([]);
  });
});

describe('looksComplete', () => {
  it('knows whether the end of a picture is there', async () => {
    for (const bytes of [
      await jpeg(),
      await plain(30, 30, 'red').png().toBuffer(),
      await plain(30, 30, 'red').webp().toBuffer(),
    ]) {
      expect(formatOf(bytes)).toBeDefined();
      expect(looksComplete(bytes)).toBe(true);
      expect(looksComplete(bytes.subarray(0, bytes.length - 20))).toBe(false);
    }
  });
});

describe('Annotator', () => {
  const box = { box: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 }, label: 'person', confidence: 0.87 };

  it('draws boxes into a picture of at most 1280 pixels', async () => {
    const drawn = await new Annotator().draw(await jpeg(2000, 1000, '#000'), [box]);
    const { data, info } = await sharp(drawn).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 1280, height: 640 });
    const blue = (x: number, y: number) => data[(y * info.width + x) * 3 + 2]!;
    expect(blue(320, 320)).toBeGreaterThan(150);
    expect(blue(640, 320)).toBeLessThan(40);
  });

  it('writes labels as text, or leaves them out where there is no font', () => {
    expect(overlayOf([box], 640, 480, true)).toContain('person 87 %');
    expect(overlayOf([box], 640, 480, false)).not.toContain('<text');
    expect(overlayOf([{ ...box, label: '<b>&' }], 640, 480, true)).toContain('&#60;b&#62;&#38; 87 %');
  });
});
