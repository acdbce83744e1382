import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { cameraOf } from '../../vision/config.ts';
import { ZoneText } from '../../vision/zone-text.ts';
import { MemoryJournal } from './support/journal.ts';

const points = [
  [0.1, 0.1],
  [0.9, 0.1],
  [0.9, 0.9],
  [0.1, 0.9],
];
const config = cameraOf({
  name: 'cellar',
  source: 'test',
  zones: [{ name: 'gas', points, labels: [], minSize: 0, loiterSeconds: 0 }],
  readings: [
    { zone: 'gas', interval: 10, pattern: '[0-9.]+', number: true, unit: 'm³', minConfidence: 0.5, agreeing: 2 },
  ],
});

function reading(texts: (string | Error)[]) {
  const clock = new VirtualClock();
  const journal = new MemoryJournal();
  let asked = 0;
  const text = new ZoneText({
    ...{ config, clock, journal, logger: silentLogger, onChange: () => {} },
    readText: async (picture, { zone }) => {
      expect([picture.width, zone]).toEqual([120, points]);
      const said = texts[Math.min(asked++, texts.length - 1)]!;
      if (said instanceof Error) throw said;
      const box = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ] as const;
      return { text: said, regions: [{ box, text: said, confidence: 0.9 }], unreadable: [] };
    },
  });
  const show = async (background: string): Promise<void> => {
    const bytes = await sharp({ create: { width: 120, height: 80, channels: 3, background } })
      .png()
      .toBuffer();
    clock.advance(10_000);
    text.offer(bytes, clock.now(), clock.wall());
    await text.close();
  };
  return { text, show, journal, asked: () => asked };
}

describe('what a zone says', () => {
  it('becomes a value once two readings agree, and is told', async () => {
    const { text, show, journal } = reading(['gas 12.5', 'gas 12.5']);
    expect(text.snapshot()).toEqual([{ zone: 'gas', unit: 'm³', why: 'not read yet' }]);
    await show('#111');
    await show('#999');
    expect(text.snapshot()).toMatchObject([{ zone: 'gas', number: 12.5, unit: 'm³', at: expect.any(Number) }]);
    expect(journal.entries).toMatchObject([{ kind: 'zone.read', message: 'Camera cellar: zone gas says 12.5 m³' }]);
  });

  it('is tried again after the reader failed', async () => {
    const { text, show, asked } = reading([new Error('busy'), '7', '7']);
    for (const colour of ['#111', '#999', '#333', '#777']) await show(colour);
    expect(asked()).toBeGreaterThanOrEqual(3);
    expect(text.snapshot()).toMatchObject([{ number: 7 }]);
  });
});
