import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { openWritable } from '../../../daemon/store/database.ts';
import { eventWriter } from '../../../daemon/store/events.ts';
import { HourlyBytes } from '../../../daemon/store/hourly-bytes.ts';
import { migrate } from '../../../daemon/store/migrations.ts';
import { type RetentionLimits, retainStep } from '../../../daemon/store/retention.ts';
import { storeConfig } from './new-store.ts';
import { folder, observation, openStore } from './open-store.ts';

const DAY = 86_400_000;

/** Moves the clock on until the store's own schedule has removed what it should. */
async function retained(clock: VirtualClock, condition: () => boolean): Promise<void> {
  clock.advance(60_000);
  const step = (): boolean => {
    clock.advance(1000);
    return condition();
  };
  await expect.poll(step, { timeout: 10_000 }).toBe(true);
}

describe('retention', () => {
  it('removes history by age, on its own schedule, and keeps the newest event for its number', async () => {
    const clock = new VirtualClock();
    const dataDir = await folder();
    const store = await openStore(dataDir, { clock });
    const start = clock.wall();
    for (let i = 0; i < 600; i++) {
      store.journal.record({ severity: 'info', kind: 'test.old', subject: 'node', message: `${i}` });
      store.recordObservation(observation(`o${i}`, { startedAt: start, updatedAt: start }));
    }
    store.measure('load', start, 1);
    store.saveSnapshot('o1', new Uint8Array(100), start);
    clock.advance(60_000);
    await store.checkpoint();
    clock.advance(29 * DAY);
    await store.checkpoint();
    expect(store.status().rows).toMatchObject({ events: 600, observations: 600, measurements: 1 });
    store.recordObservation(observation('new', { startedAt: clock.wall(), updatedAt: clock.wall() }));
    await store.checkpoint();
    clock.advance(2 * DAY);
    await retained(clock, () => store.status().rows.observations === 1);
    expect(store.status().rows).toMatchObject({ events: 1, observations: 1, measurements: 0, snapshots: 0 });
    expect(store.observations({}).map(({ id }) => id)).toEqual(['new']);
    expect(existsSync(join(dataDir, 'snapshots', 'o1.jpg'))).toBe(false);
    store.journal.record({ severity: 'info', kind: 'test.new', subject: 'node', message: 'next' });
    expect(store.events({}).map(({ id }) => id)).toEqual([601, 600]);
  });

  it('removes the oldest snapshots over their size, and what showed them says so', async () => {
    const clock = new VirtualClock();
    const dataDir = await folder();
    const store = await openStore(dataDir, { clock, snapshots: { keepDays: 7, maxBytes: 10_000 } });
    for (let i = 0; i < 20; i++) {
      store.recordObservation(
        observation(`o${i}`, { snapshot: `observations/o${i}/picture`, startedAt: clock.wall() }),
      );
      store.saveSnapshot(`o${i}`, new Uint8Array(1000), clock.wall());
    }
    await store.checkpoint();
    await retained(clock, () => store.status().rows.snapshots === 10);
    expect(readdirSync(join(dataDir, 'snapshots')).toSorted()).toEqual(
      Array.from({ length: 10 }, (_, i) => `o${i + 10}.jpg`),
    );
    const shown = store.observations({}).filter(({ snapshot }) => snapshot !== undefined);
    expect(shown.map(({ id }) => id).toSorted()).toEqual(Array.from({ length: 10 }, (_, i) => `o${i + 10}`));
  });

  it('brings a file over its size below it in steps, taking from the largest table, and gives the space back', async () => {
    const dataDir = await folder();
    const file = join(dataDir, 'parlmesh.db');
    const db = openWritable(file);
    migrate(db);
    const write = eventWriter(db);
    db.transaction(() => {
      for (let id = 1; id <= 20_000; id++) {
        write({ id, at: id, severity: 'info', kind: 'test', subject: 'node', message: 'x'.repeat(300) });
      }
      db.exec(`INSERT INTO measurements VALUES (1, '{"load": 1}')`);
    })();
    db.pragma('wal_checkpoint(TRUNCATE)');
    const full = statSync(file).size;
    const snapshots = { keepDays: 7, maxBytes: 0 };
    const limits: RetentionLimits = { keepDays: 30, auditDays: 365, maxBytes: full / 3, snapshots };
    let steps = 0;
    let longest = 0;
    for (let more = true; more; steps++) {
      const began = performance.now();
      ({ more } = retainStep(db, dataDir, limits, 20_000));
      longest = Math.max(longest, performance.now() - began);
    }
    db.pragma('wal_checkpoint(TRUNCATE)');
    expect(statSync(file).size).toBeLessThan(full * 0.6);
    const left = db.prepare<[], { n: number; newest: number }>('SELECT count(*) n, max(id) newest FROM events').get();
    expect(left).toMatchObject({ newest: 20_000 });
    expect(left?.n).toBeGreaterThan(4_000);
    expect(db.prepare('SELECT count(*) FROM measurements').pluck().get()).toBe(1);
    expect(steps).toBeGreaterThan(20);
    // Generous for a loaded machine: a step is some milliseconds.
    expect(longest).toBeLessThan(500);
    expect(db.pragma('quick_check', { simple: true })).toBe('ok');
    db.close();
  });
});

describe('the write budget', () => {
  it('is told when an hour takes more, and measurements become a fifth as many', async () => {
    const clock = new VirtualClock();
    const store = await openStore(await folder(), { clock, config: { ...storeConfig, writeBudgetPerHour: 100_000 } });
    for (let i = 0; i < 50; i++) await store.putState('key', `${i}`.repeat(1500));
    expect(store.status().writtenBytesLastHour).toBeGreaterThan(100_000);
    clock.advance(60_000);
    expect(store.events({ kind: 'store.budget.exceeded' })).toHaveLength(1);
    await store.checkpoint();
    const before = store.status().rows.measurements ?? 0;
    for (let minute = 0; minute < 20; minute++) {
      store.measure('load', clock.wall(), minute);
      clock.advance(60_000);
    }
    await store.checkpoint();
    expect((store.status().rows.measurements ?? 0) - before).toBeLessThanOrEqual(5);
    expect(store.events({ kind: 'store.budget.exceeded' })).toHaveLength(1);
  });

  it('holds for a quiet node: a measurement every five seconds and an event a minute cost under 2.5 MB an hour', async () => {
    const clock = new VirtualClock();
    const store = await openStore(await folder(), { clock });
    const before = store.status().writtenBytes;
    for (let minute = 0; minute < 60; minute++) {
      for (let second = 0; second < 60; second += 5) {
        for (let series = 0; series < 20; series++) store.measure(`series ${series}`, clock.wall(), Math.sin(second));
        clock.advance(5000);
      }
      store.journal.record({ severity: 'info', kind: 'test.said', subject: 'node', message: `minute ${minute}` });
      await store.checkpoint();
    }
    expect(store.status().writtenBytes - before).toBeLessThan(2_500_000);
  });

  it('counts the last hour only', () => {
    const bytes = new HourlyBytes();
    for (let minute = 0; minute <= 180; minute++) bytes.read(minute * 60_000, minute * 10);
    expect(bytes.lastHour(1800)).toBe(600);
  });
});
