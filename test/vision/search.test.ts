import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../core/logger.ts';
import type { Detection } from '../../vision/detection/detector.ts';
import { fromPart } from '../../vision/detection/tiles.ts';
import { Annotator } from '../../vision/picture/draw.ts';
import { type RemoteDetect, Searcher } from '../../vision/search.ts';
import { SquareDetector } from './support/square-detector.ts';

/** A dark picture of 400 × 200 with a white square of 10 × 10 pixels at (300, 100). */
function picture(): Promise<Buffer> {
  const square = Buffer.from(
    '<svg width="400" height="200"><rect x="300" y="100" width="10" height="10" fill="#fff"/></svg>',
  );
  return sharp({ create: { width: 400, height: 200, channels: 3, background: '#222' } })
    .composite([{ input: square }])
    .png()
    .toBuffer();
}

const searcher = (more: { remote?: RemoteDetect; privacy?: number[][][] } = {}) =>
  new Searcher({ masks: [], privacy: more.privacy ?? [], remote: () => more.remote, logger: silentLogger });
const crop = { kind: 'crops', crops: [{ x: 0.7, y: 0.4, width: 0.16, height: 0.32 }] } as const;

describe('a search', () => {
  it('finds in a crop what the whole picture shows too small, where it is in the picture', async () => {
    const detector = new SquareDetector();
    const use = { detector, fit: 'letterbox' } as const;
    const whole = await searcher().search(use, await picture(), { kind: 'all' }, 0.5);
    const [found] = (await searcher().search(use, await picture(), crop, 0.5)).detections;
    expect(whole.detections).toHaveLength(0);
    expect(found!.box.x).toBeCloseTo(0.75, 1);
    expect(found!.box.y).toBeCloseTo(0.5, 1);
    expect(found!.box.width).toBeCloseTo(0.025, 1);
  });

  it('keeps a thing that two crops show once', async () => {
    const twice = { kind: 'crops', crops: [...crop.crops, { x: 0.68, y: 0.38, width: 0.16, height: 0.32 }] } as const;
    const { detections } = await searcher().search(
      { detector: new SquareDetector(), fit: 'stretch' },
      await picture(),
      twice,
      0.5,
    );
    expect(detections).toHaveLength(1);
  });

  it('drops what a crop’s edge cuts, not what the picture’s edge does', () => {
    const at = (x: number): Detection => ({ label: 'a', confidence: 1, box: { x, y: 0.4, width: 0.2, height: 0.2 } });
    expect(
      fromPart([at(0), at(0.4), at(0.8)], { x: 0.5, y: 0.2, width: 0.5, height: 0.5 }).map(({ box }) => box.x),
    ).toEqual([0.7, 0.9]);
  });

  it('asks elsewhere where it may, without what is private, and searches here where nobody helps', async () => {
    const sent: Buffer[] = [];
    const remote: RemoteDetect = async (jpeg) => {
      sent.push(Buffer.from(jpeg));
      return sent.length === 1
        ? [{ label: 'there', confidence: 0.8, box: { x: 0.5, y: 0.5, width: 0.1, height: 0.1 } }]
        : undefined;
    };
    const detector = new SquareDetector();
    const privacy = [
      [
        [0.7, 0.4],
        [0.9, 0.4],
        [0.9, 0.9],
        [0.7, 0.9],
      ],
    ];
    const search = searcher({ remote, privacy });
    const use = { detector, fit: 'stretch' } as const;
    const first = await search.search(use, await picture(), crop, 0.5);
    expect(first).toMatchObject({
      seconds: undefined,
      detections: [{ label: 'there', box: { x: expect.closeTo(0.78), width: expect.closeTo(0.016) } }],
    });
    expect(detector.seen).toEqual([]);
    const { dominant } = await sharp(sent[0]!).stats();
    expect(Math.max(dominant.r, dominant.g, dominant.b)).toBeLessThan(20);
    expect((await search.search(use, await picture(), crop, 0.5)).detections).toMatchObject([{ label: 'square' }]);
  });

  it('searches here where the other node fails', async () => {
    const remote: RemoteDetect = () => Promise.reject(new Error('gone'));
    const use = { detector: new SquareDetector(), fit: 'stretch' } as const;
    expect((await searcher({ remote }).search(use, await picture(), crop, 0.5)).detections).toHaveLength(1);
  });
});

describe('a picture for people', () => {
  /** Stripes of 4 pixels. */
  async function stripes(): Promise<Buffer> {
    const pixels = Buffer.alloc(320 * 240 * 3);
    for (let i = 0; i < 320 * 240; i++) pixels.fill(i % 8 < 4 ? 230 : 20, i * 3, i * 3 + 3);
    return sharp(pixels, { raw: { width: 320, height: 240, channels: 3 } })
      .png()
      .toBuffer();
  }
  const contrast = async (jpeg: Buffer, left: number): Promise<number> => {
    const part = await sharp(jpeg).extract({ left, top: 60, width: 80, height: 80 }).png().toBuffer();
    const { channels } = await sharp(part).stats();
    return channels[0]!.stdev;
  };

  it('hides areas and boxes, and nothing else', async () => {
    const left = [
      [0, 0],
      [0.4, 0],
      [0.4, 1],
      [0, 1],
    ];
    const jpeg = await new Annotator().draw(await stripes(), [], { areas: [left], boxes: [] });
    expect(await contrast(jpeg, 20)).toBeLessThan(12);
    expect(await contrast(jpeg, 200)).toBeGreaterThan(80);
    const boxed = await new Annotator().draw(await stripes(), [], {
      areas: [],
      boxes: [{ x: 0.6, y: 0.2, width: 0.35, height: 0.6 }],
    });
    expect(await contrast(boxed, 20)).toBeGreaterThan(80);
    expect(await contrast(boxed, 205)).toBeLessThan(12);
  });
});
