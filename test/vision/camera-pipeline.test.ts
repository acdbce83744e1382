// One camera's pictures from gate to observation, with a detector whose answers are known and a clock that is moved.

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { CameraPipeline, type RecordedObservation } from '../../vision/camera-pipeline.ts';
import { type CameraConfig, cameraOf } from '../../vision/config.ts';
import { Annotator } from '../../vision/picture/draw.ts';
import { SnapshotBudget } from '../../vision/snapshot-budget.ts';
import { Turns } from '../../vision/turns.ts';
import { ViewWatch } from '../../vision/view-watch.ts';
import { ZoneText } from '../../vision/zone-text.ts';
import { MemoryJournal } from './support/journal.ts';
import { SquareDetector } from './support/square-detector.ts';

/** A dark place of 640 × 360 with a white square of 40 pixels, or none. */
function picture(square?: [x: number, y: number]): Promise<Buffer> {
  const rect =
    square === undefined ? '' : `<rect x="${square[0]}" y="${square[1]}" width="40" height="40" fill="#fff"/>`;
  const svg = `<svg width="640" height="360"><rect width="640" height="360" fill="#333"/><rect x="60" y="50" width="90" height="200" fill="#556"/>${rect}</svg>`;
  return sharp(Buffer.from(svg)).jpeg({ quality: 90 }).toBuffer();
}

function pipelineOf(more: Partial<CameraConfig> = {}, options: { label?: string; pressure?: number } = {}) {
  const clock = new VirtualClock();
  const detector = new SquareDetector(options.label);
  const told: RecordedObservation[] = [];
  const zones: string[] = [];
  const config = cameraOf({ name: 'yard', source: 'test', tamper: false, unusual: false, ...more });
  const journal = new MemoryJournal();
  const common = { clock, journal, onChange: () => {} };
  let ids = 0;
  const pipeline = new CameraPipeline({
    ...{ config, pace: 'video', period: 200, clock, logger: silentLogger, turns: new Turns({ atOnce: 2 }) },
    view: new ViewWatch({ ...common, camera: 'yard', pace: 'video', tamper: false, unusual: false }),
    text: new ZoneText({ ...common, config, readText: undefined, logger: silentLogger }),
    detector: () => ({ detector, fit: 'stretch' }),
    pressure: () => options.pressure ?? 0,
    remote: () => undefined,
    annotator: new Annotator(),
    budget: new SnapshotBudget(clock, { bytesPerHour: 0 }),
    newId: () => `id-${ids++}`,
    onObservation: (observation) => void told.push(observation),
    onZone: ({ zone, what }) => void zones.push(`${what} ${zone}`),
    saveSnapshot: async () => '',
  });
  /** Shows a picture; resolves when all that it brings about has happened. */
  const show = async (bytes: Buffer, after = 200): Promise<void> => {
    clock.advance(after);
    await pipeline.look({ bytes, at: clock.wall() });
    await pipeline.settled();
  };
  return { pipeline, detector, told, zones, show, clock };
}

describe('a camera’s pipeline', () => {
  it('searches the first picture, nothing while nothing moves, and all of it after ten seconds', async () => {
    const { pipeline, show } = pipelineOf();
    const place = await picture();
    for (let i = 0; i < 10; i++) await show(place);
    expect(pipeline.counts()).toMatchObject({ searched: 1, moving: 0 });
    await show(place, 10_000);
    expect(pipeline.counts().searched).toBe(2);
    await pipeline.close();
  });

  it('finds a thing that moves in a crop, follows it, and keeps it in view while it stands', async () => {
    const points = [
      [0.5, 0],
      [1, 0],
      [1, 1],
      [0.5, 1],
    ];
    const zone = { name: 'right', points, labels: [], minSize: 0, loiterSeconds: 0 };
    const { pipeline, told, zones, show } = pipelineOf({ zones: [zone] });
    const place = await picture();
    for (let i = 0; i < 5; i++) await show(place);
    for (let x = 260; x <= 400; x += 20) await show(await picture([x, 200]));
    expect(told[0]).toMatchObject({ phase: 'start', label: 'square' });
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(zones).toEqual(['entered right']);
    expect(pipeline.zoneCounts().get('right')).toEqual({ present: 1, entered: 1, left: 0 });
    const stands = await picture([400, 200]);
    for (let i = 0; i < 30; i++) await show(stands, 1_000);
    const [object] = pipeline.objects();
    expect(object).toMatchObject({ stationary: true });
    expect(object!.box.x).toBeCloseTo(400 / 640, 1);
    expect(told.filter(({ phase }) => phase === 'end')).toEqual([]);
    for (let i = 0; i < 15; i++) await show(place, 1_000);
    expect(pipeline.objects()).toEqual([]);
    expect(zones).toEqual(['entered right', 'left right']);
    await pipeline.close();
  });

  it('leaves frames out under pressure, before they are decoded', async () => {
    const { pipeline, show } = pipelineOf({ priority: 0 }, { pressure: 1 });
    const place = await picture();
    for (let i = 0; i < 20; i++) await show(place);
    expect(pipeline.counts().spared).toBeGreaterThanOrEqual(17);
    await pipeline.close();
  });

  it('shows persons to nobody: nothing is recognisable before the first search, and they are not after it', async () => {
    const { pipeline, show } = pipelineOf({ blurPersons: true }, { label: 'person' });
    const contrast = async (from: CameraPipeline): Promise<number> => {
      const shown = await from.picture(false);
      const part = { left: 290, top: 190, width: 60, height: 60 };
      const { channels } = await sharp(await sharp(shown!.picture).extract(part).png().toBuffer()).stats();
      return channels[0]!.max - channels[0]!.min;
    };
    await show(await picture([300, 200]));
    // The edges of the square are gone: what was 204 levels is a mosaic.
    expect(await contrast(pipeline)).toBeLessThan(170);
    await pipeline.close();
    const open = pipelineOf({}, { label: 'person' });
    await open.show(await picture([300, 200]));
    expect(await contrast(open.pipeline)).toBeGreaterThan(190);
    await open.pipeline.close();
  });
});
