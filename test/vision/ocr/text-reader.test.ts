import { copyFile, mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { textModelFolder } from '../../../vision/ocr/model-files.ts';
import { TextReader, type TextReaderState } from '../../../vision/ocr/text-reader.ts';
import { temporaryFolder } from '../support/journal.ts';

const parts = { threads: 2, clock: systemClock, random: seededRandom(1) };
/** One for all tests of this file: it loads once. */
const reader = new TextReader(parts);
afterAll(() => reader.stop());

interface Line {
  text: string;
  x: number;
  y: number;
  size?: number;
  turn?: number;
}

/** A sign with black letters, in whichever font there is. */
function sign(lines: readonly Line[], { width = 640, height = 480 } = {}): Promise<Buffer> {
  const texts = lines.map(
    ({ text, x, y, size = 36, turn = 0 }) =>
      `<text x="${x}" y="${y}" font-size="${size}" font-family="sans-serif" transform="rotate(${turn} ${x} ${y})">${text}</text>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#dde"/>${texts.join('')}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

describe('TextReader', () => {
  it('reads lines in order, with where they stand', async () => {
    const picture = await sign([
      { text: 'Pump 7', x: 300, y: 250 },
      { text: 'Station North', x: 40, y: 90 },
      { text: '21.5 bar', x: 300, y: 320 },
    ]);
    const { text, regions, unreadable, width, height } = await reader.read(picture);
    expect(text).toBe('Station North\nPump 7\n21.5 bar');
    expect(unreadable).toEqual([]);
    expect([width, height]).toEqual([640, 480]);
    const [[x, y]] = regions[0]!.box;
    expect(x).toBeGreaterThan(20);
    expect(x).toBeLessThan(50);
    expect(y).toBeGreaterThan(40);
    expect(y).toBeLessThan(75);
    for (const { confidence } of regions) expect(confidence).toBeGreaterThan(0.85);
  });

  it('reads what is tilted, what runs downwards, and what stands on its head', async () => {
    const tilted = await reader.read(await sign([{ text: 'Emergency exit', x: 100, y: 150, turn: 15 }]));
    expect(tilted.text).toBe('Emergency exit');
    const down = await reader.read(await sign([{ text: 'High voltage', x: 300, y: 60, turn: 90 }]));
    expect(down.text).toBe('High voltage');
    const turned = await reader.read(await sign([{ text: 'Generator room', x: 500, y: 200, turn: 180 }]));
    expect(turned.text).toBe('Generator room');
  });

  it('reads a word that fills its picture', async () => {
    const { text } = await reader.read(
      await sign([{ text: 'Valve', x: 2, y: 22, size: 24 }], { width: 68, height: 30 }),
    );
    expect(text).toBe('Valve');
  });

  it('reads a zone alone, and tells where in the whole picture', async () => {
    const picture = await sign([
      { text: 'Noise', x: 40, y: 60 },
      { text: '1234 kWh', x: 340, y: 310 },
    ]);
    const zone = [
      [0.5, 0.45],
      [0.95, 0.45],
      [0.95, 0.8],
      [0.5, 0.8],
    ];
    const { text, regions } = await reader.read(picture, { zone });
    expect(text).toBe('1234 kWh');
    expect(regions[0]!.box[0][0]).toBeGreaterThan(320);
    expect(regions[0]!.box[0][1]).toBeGreaterThan(250);
  });

  it('finds nothing where nothing is written', async () => {
    const { text, regions } = await reader.read(await sign([]));
    expect({ text, regions }).toEqual({ text: '', regions: [] });
    const dot = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#808080' } })
      .png()
      .toBuffer();
    expect((await reader.read(dot)).text).toBe('');
  });

  it('calls what is in a script it does not know unreadable', async () => {
    const { text, unreadable } = await reader.read(await sign([{ text: 'Привет мир как дела', x: 60, y: 200 }]));
    expect(text).toBe('');
    expect(unreadable.length).toBeGreaterThan(0);
  });

  it('refuses what is no picture and goes on', async () => {
    await expect(reader.read(Buffer.from('%PDF-1.4 and more'))).rejects.toMatchObject({ code: 'PICTURE_UNREADABLE' });
    const whole = await sign([{ text: 'cut', x: 40, y: 90 }]);
    await expect(reader.read(whole.subarray(0, whole.length / 2))).rejects.toMatchObject({
      code: 'PICTURE_UNREADABLE',
    });
    const raster = { width: 8, height: 8, pixels: new Uint8Array(3) };
    await expect(reader.read(raster)).rejects.toMatchObject({ code: 'PICTURE_INVALID' });
  });

  it('lets go of what is not wanted any more', async () => {
    const picture = await sign([{ text: 'late', x: 40, y: 90 }]);
    const gone = new AbortController();
    const asked = reader.read(picture, { signal: gone.signal });
    gone.abort(new Error('not wanted'));
    await expect(asked).rejects.toThrow('not wanted');
  });
});

describe('a TextReader whose files are broken', () => {
  it('says which, and does not try again at once', async () => {
    const folder = join(await temporaryFolder(), 'models');
    await mkdir(folder);
    const file = 'ch_PP-OCRv4_det_infer.onnx';
    await copyFile(join(textModelFolder(), file), join(folder, file));
    await truncate(join(folder, file), 1_000_000);
    const states: TextReaderState[] = [];
    const broken = new TextReader({ ...parts, folder, onState: (state) => states.push(state) });
    onTestFinished(() => broken.stop());
    const raster = { width: 4, height: 4, pixels: new Uint8Array(48) };
    await expect(broken.read(raster)).rejects.toThrow('damaged or another file');
    expect(states.at(-1)).toMatchObject({ kind: 'failed', code: 'MODEL_BROKEN' });
    await expect(broken.read(raster)).rejects.toMatchObject({ code: 'TEXT_READER_UNAVAILABLE' });
    expect(states.filter(({ kind }) => kind === 'loading')).toHaveLength(1);
    await broken.stop();
    await expect(broken.read(raster)).rejects.toThrow('it is stopped');
  });
});
