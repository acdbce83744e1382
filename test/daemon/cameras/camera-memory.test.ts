import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { ActivityMaps } from '../../../daemon/cameras/activity-maps.ts';
import { ClipFolder } from '../../../daemon/cameras/clip-folder.ts';
import { folder, observation, openStore } from '../store/open-store.ts';

const DAY = 86_400_000;
const bytes = (length: number): Uint8Array => new Uint8Array(length);

describe('the folder of clips', () => {
  it('gives back what it kept, also after a restart', async () => {
    const dir = await folder();
    const [clock, limits] = [new VirtualClock({ epoch: Date.now() }), { keepDays: 7, maxBytes: 1000 }];
    const clips = new ClipFolder(join(dir, 'clips'), limits, clock);
    await clips.open();
    await clips.save('door-1', bytes(10));
    expect(clips.has('door-1')).toBe(true);
    const again = new ClipFolder(join(dir, 'clips'), limits, clock);
    await again.open();
    expect((await again.read('door-1'))?.picture.byteLength).toBe(10);
    expect(await again.read('../parlmesh')).toBeUndefined();
    await again.save('../out', bytes(10));
    expect(readdirSync(dir)).toEqual(['clips']);
  });

  it('is bounded in bytes and days, the oldest go first, and what was half-written goes', async () => {
    const dir = join(await folder(), 'clips');
    mkdirSync(dir);
    const now = Date.now();
    for (const [name, days] of [
      ['old.webp', 8],
      ['a.webp', 3],
      ['b.webp', 2],
      ['c.webp.part', 0],
    ] as const) {
      writeFileSync(join(dir, name), bytes(400));
      utimesSync(join(dir, name), now / 1000 - days * 86_400, now / 1000 - days * 86_400);
    }
    const clips = new ClipFolder(dir, { keepDays: 7, maxBytes: 1000 }, new VirtualClock({ epoch: now }));
    await clips.open();
    expect(readdirSync(dir).sort()).toEqual(['a.webp', 'b.webp']);
    await clips.save('c', bytes(400));
    expect(readdirSync(dir).sort()).toEqual(['b.webp', 'c.webp']);
    expect([clips.has('a'), clips.has('c')]).toEqual([false, true]);
  });
});

describe('where things were seen', () => {
  it('is counted as observations start and move, kept once an hour and at the stop, and found again', async () => {
    const store = await openStore(await folder());
    const clock = new VirtualClock({ epoch: 1000 * DAY });
    const maps = new ActivityMaps({ store, clock, logger: silentLogger });
    maps.start();
    const box = { x: 0.4, y: 0.4, width: 0.2, height: 0.2 };
    maps.add({ ...observation('a', { phase: 'start', box }), camera: 'door' });
    maps.add({ ...observation('a', { phase: 'update', box }), camera: 'door' });
    maps.add({ ...observation('a', { phase: 'end', box }), camera: 'door' });
    expect(maps.of('door')).toMatchObject({ sightings: 2, busiest: { place: 'middle', share: 1 } });
    expect(store.state('activity/door')).toBeUndefined();
    clock.advance(3_600_000);
    await expect.poll(() => store.state('activity/door')).toBeDefined();
    maps.add({ ...observation('b', { box }), camera: 'door' });
    await maps.stop();
    const later = new ActivityMaps({ store, clock, logger: silentLogger });
    expect(later.of('door').sightings).toBe(3);
    expect(later.of('yard').sightings).toBe(0);
  });
});
