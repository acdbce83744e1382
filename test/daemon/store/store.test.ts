import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import type { EventView } from '../../../daemon/view/schema.ts';
import { newStore } from './new-store.ts';
import { folder, observation, openStore } from './open-store.ts';

function entry(message: string, changes: Partial<JournalEntry> = {}): JournalEntry {
  return { severity: 'info', kind: 'test.said', subject: 'node', message, ...changes };
}

describe('events', () => {
  it('are told and listed at once, numbered, and found again after a restart', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    const told: EventView[] = [];
    store.on('event', (event) => told.push(event));
    store.journal.record(entry('first'));
    store.journal.record(entry('second', { data: { why: 'because' } }));
    expect(told.map(({ id, message }) => [id, message])).toEqual([
      [1, 'first'],
      [2, 'second'],
    ]);
    expect(store.events({})).toEqual(told.toReversed());
    await store.checkpoint();
    expect(store.events({})).toEqual(told.toReversed());
    await store.stop();

    const again = await openStore(dataDir);
    again.journal.record(entry('third'));
    expect(again.events({}).map(({ id, message }) => [id, message])).toEqual([
      [3, 'third'],
      [2, 'second'],
      [1, 'first'],
    ]);
  });

  it('recorded before the start are kept until then, with their own times', async () => {
    const clock = new VirtualClock();
    const store = newStore(await folder(), { clock });
    const told: EventView[] = [];
    store.on('event', (event) => told.push(event));
    store.journal.record(entry('early'));
    clock.advance(5_000);
    expect(store.events({})).toEqual([]);
    await store.start(new AbortController().signal);
    onTestFinished(() => store.stop());
    expect(told).toEqual([expect.objectContaining({ id: 1, message: 'early', at: clock.wall() - 5_000 })]);
    expect(store.events({})).toEqual(told);
  });

  it('are filtered and paged alike whether they are in the file or still wait', async () => {
    const store = await openStore(await folder());
    for (let i = 1; i <= 30; i++) {
      const severity = i % 10 === 0 ? 'error' : i % 5 === 0 ? 'warning' : 'info';
      store.journal.record(
        entry(`${i}`, { severity, kind: i % 2 ? 'camera.lost' : 'route.changed', subject: `s/${i % 3}` }),
      );
      if (i === 17) await store.checkpoint();
    }
    const ids = (query: Parameters<typeof store.events>[0]): number[] => store.events(query).map(({ id }) => id);
    expect(ids({ limit: 3 })).toEqual([30, 29, 28]);
    expect(ids({ after: 15, limit: 4 })).toEqual([16, 17, 18, 19]);
    expect(ids({ before: 19, limit: 3 })).toEqual([18, 17, 16]);
    expect(ids({ severity: 'error' })).toEqual([30, 20, 10]);
    expect(ids({ kind: 'camera.', after: 14 })).toEqual([15, 17, 19, 21, 23, 25, 27, 29]);
    expect(ids({ subject: 's/0', before: 20 })).toEqual([18, 15, 12, 9, 6, 3]);
  });

  it('with evidence that is too large or not JSON are kept without it', async () => {
    const store = await openStore(await folder());
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    store.journal.record(entry('circle', { data: circle }));
    store.journal.record(entry('large', { data: { text: 'x'.repeat(10_000) } }));
    expect(store.events({}).map(({ data }) => data)).toEqual([{ tooLarge: 10_011 }, { notJson: true }]);
  });

  it('do not fail their recorder when a listener fails', async () => {
    const store = await openStore(await folder());
    store.on('event', () => {
      throw new Error('listener');
    });
    expect(() => store.journal.record(entry('said'))).not.toThrow();
    expect(store.events({})).toHaveLength(1);
  });

  it('are read back as recorded, whatever they say', async () => {
    const store = await openStore(await folder());
    const text = fc.string({ unit: 'grapheme', maxLength: 50 });
    const entries = fc.record(
      {
        severity: fc.constantFrom('info' as const, 'warning' as const, 'error' as const),
        kind: text,
        subject: text,
        message: text,
        data: fc.dictionary(
          text.filter((key) => key !== '__proto__'),
          fc.jsonValue({ maxDepth: 2 }),
        ),
      },
      { requiredKeys: ['severity', 'kind', 'subject', 'message'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entries, { minLength: 1, maxLength: 10 }), async (list) => {
        const told: EventView[] = [];
        const listen = (event: EventView): void => void told.push(event);
        store.on('event', listen);
        for (const one of list) store.journal.record(one);
        store.off('event', listen);
        const after = told[0]!.id - 1;
        expect(store.events({ after })).toEqual(told);
        await store.checkpoint();
        expect(store.events({ after })).toEqual(told);
        for (const [index, one] of list.entries()) {
          const { data, ...rest } = one;
          expect(told[index]).toMatchObject(rest);
          if (data !== undefined && JSON.stringify(data).length <= 4096) {
            expect(told[index]!.data).toEqual(JSON.parse(JSON.stringify(data)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('observations', () => {
  it('have one row from start to end, newest form shown at once', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    store.recordObservation(observation('a'));
    store.recordObservation(observation('b', { camera: 'south', label: 'car', startedAt: 2_000 }));
    await store.checkpoint();
    store.recordObservation(observation('a', { phase: 'update', confidence: 0.95, updatedAt: 3_000 }));
    expect(store.observations({}).map(({ id, phase }) => [id, phase])).toEqual([
      ['b', 'start'],
      ['a', 'update'],
    ]);
    const ended = observation('a', {
      phase: 'end',
      updatedAt: 4_000,
      endedAt: 4_000,
      snapshot: 'observations/a/picture',
    });
    store.recordObservation(ended);
    expect(store.observations({ camera: 'north' })).toEqual([ended]);
    expect(store.observations({ label: 'car' }).map(({ id }) => id)).toEqual(['b']);
    expect(store.observations({ since: 1_500 }).map(({ id }) => id)).toEqual(['b']);
    expect(store.observations({ until: 1_500 }).map(({ id }) => id)).toEqual(['a']);
    await store.checkpoint();
    expect(store.observations({ camera: 'north' })).toEqual([ended]);
    expect(store.status().rows.observations).toBe(2);
  });

  it('that were in view when the node went down are ended at the next start', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    store.recordObservation(observation('a', { updatedAt: 7_000 }));
    await store.stop();
    const again = await openStore(dataDir);
    expect(again.observations({})).toEqual([observation('a', { phase: 'end', updatedAt: 7_000, endedAt: 7_000 })]);
  });
});

describe('snapshots', () => {
  it('are there at once, on the disk as files, and found after a restart even without their row', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    const jpeg = Uint8Array.from({ length: 5_000 }, (_, i) => i % 251);
    store.saveSnapshot('north-1', jpeg, 1_000);
    expect(await store.snapshot('north-1')).toEqual({ picture: jpeg, at: 1_000 });
    await store.checkpoint();
    expect(statSync(join(dataDir, 'snapshots', 'north-1.jpg')).size).toBe(5_000);
    const kept = await store.snapshot('north-1');
    expect(Buffer.compare(kept!.picture, jpeg)).toBe(0);
    expect(await store.snapshot('north-2')).toBeUndefined();
  });

  it('with an id that leads out of their folder, or too large, are not kept', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    store.saveSnapshot('../outside', new Uint8Array(10), 1_000);
    store.saveSnapshot('large', new Uint8Array(3_000_000), 1_000);
    await store.checkpoint();
    expect(existsSync(join(dataDir, 'outside.jpg'))).toBe(false);
    expect(await store.snapshot('../parlmesh.db')).toBeUndefined();
    expect(store.status()).toMatchObject({ shed: 2, rows: { snapshots: 0 } });
  });
});

describe('measurements', () => {
  it('are exact for the last minutes and means of a minute before, in one row a minute', async () => {
    const dataDir = await folder();
    const clock = new VirtualClock();
    const start = clock.wall();
    const store = await openStore(dataDir, { clock });
    for (let second = 0; second < 20 * 60; second += 10) {
      store.measure('load', clock.wall(), second);
      store.measure('temp "°C"', clock.wall(), 50);
      clock.advance(10_000);
    }
    const history = store.history('load', 0);
    const recent = history.filter(([at]) => at >= clock.wall() - 10 * 60_000 - 10_000);
    expect(recent.slice(0, 2)).toEqual([
      [start + 590_000, 590],
      [start + 600_000, 600],
    ]);
    expect(history[0]).toEqual([start, 25]);
    expect(history.map(([at]) => at)).toEqual(history.map(([at]) => at).toSorted((a, b) => a - b));
    await store.stop();

    const again = await openStore(dataDir, { clock });
    expect(again.history('temp "°C"', 0)).toHaveLength(20);
    expect(again.history('load', start + 60_000)[0]).toEqual([start + 60_000, 85]);
    expect(again.history('nothing', 0)).toEqual([]);
    expect(again.status().rows.measurements).toBe(20);
  });

  it('refuse more series than a chart page could name', async () => {
    const store = await openStore(await folder());
    for (let i = 0; i < 300; i++) store.measure(`series ${i}`, Date.now(), 1);
    store.measure('series 0', Date.now(), Number.NaN);
    expect(store.status().shed).toBe(300 - 256 + 1);
  });
});

describe('state and tokens', () => {
  it('keep the last value put, seen at once', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    const first = store.putState('sequence', 1);
    const second = store.putState('sequence', { next: 2 });
    expect(store.state('sequence')).toEqual({ next: 2 });
    await Promise.all([first, second]);
    expect(store.state('sequence')).toEqual({ next: 2 });
    expect(store.state('other')).toBeUndefined();
    await store.stop();
    expect((await openStore(dataDir)).state('sequence')).toEqual({ next: 2 });
  });

  it('keep what was recorded before an acknowledged write with it', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir, { flushInterval: 1_000 });
    store.journal.record(entry('before'));
    await store.putState('key', 'value');
    expect(store.status()).toMatchObject({ queued: 0, rows: { events: 1, state: 1 } });
  });

  it('keep tokens by id', async () => {
    const store = await openStore(await folder());
    const token = { id: 'abc', name: 'page', hash: 'ff', scopes: ['read' as const], createdAt: 5 };
    const written = store.tokens.put(token);
    expect(store.tokens.list()).toEqual([token]);
    await written;
    await store.tokens.put({ ...token, revokedAt: 9, expiresAt: 10, lastUsedAt: 7 });
    expect(store.tokens.list()).toEqual([{ ...token, revokedAt: 9, expiresAt: 10, lastUsedAt: 7 }]);
  });

  it('refuse what is no JSON, and everything once closed', async () => {
    const store = await openStore(await folder());
    await expect(store.putState('key', undefined)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await store.stop();
    await expect(store.putState('key', 1)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(() => store.tokens.list()).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }));
  });
});

describe('lifecycle', () => {
  it('flushes within its interval without being asked', async () => {
    const store = await openStore(await folder());
    store.journal.record(entry('said'));
    await expect.poll(() => store.status(), { timeout: 10_000 }).toMatchObject({ queued: 0, rows: { events: 1 } });
  });

  it('leaves one whole file behind, and starts again', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    store.journal.record(entry('said'));
    await store.stop();
    await store.stop();
    expect(existsSync(join(dataDir, 'parlmesh.db-wal'))).toBe(false);
    await store.start(new AbortController().signal);
    expect(store.events({})).toHaveLength(1);
  });

  it('does not start when it was aborted before', async () => {
    const store = newStore(await folder());
    await expect(store.start(AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
});
