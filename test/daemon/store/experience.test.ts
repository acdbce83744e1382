import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExperienceRow } from '../../../agents/parl/experience-storage.ts';
import { openWritable } from '../../../daemon/store/database.ts';
import { type ExperienceBounds, experienceWriter, StoredExperience } from '../../../daemon/store/experience.ts';
import { migrate } from '../../../daemon/store/migrations.ts';
import { newStore, storeConfig } from './new-store.ts';
import { folder, openStore } from './open-store.ts';

function row(sequence: number, changes: Partial<ExperienceRow> = {}): ExperienceRow {
  const data = Uint8Array.from({ length: 100 }, (_, i) => (sequence + i) % 256);
  return { node: 'north', sequence, at: 1000.5, version: 3, priority: sequence, decisions: 5, data, ...changes };
}

function rows(from: number, to: number, changes: Partial<ExperienceRow> = {}): ExperienceRow[] {
  return Array.from({ length: to - from + 1 }, (_, i) => row(from + i, changes));
}

/** The tables alone, on one connection: what the writer's thread does, without the thread. */
function bare(most: ExperienceBounds = { rows: 1e6, bytes: 1e9 }) {
  const db = new Database(':memory:');
  migrate(db);
  const write = experienceWriter(db);
  const experience = new StoredExperience(
    {
      write: async (item) => (item.table === 'experience' ? write(item.change).count : 0),
      waiting: () => [],
      read: (query) => query(db),
    },
    most,
  );
  const sequences = (node = 'north'): number[] => experience.after(0, 1000, node).map(({ sequence }) => sequence);
  return { db, experience, sequences };
}

describe('experience in the store', () => {
  it('is read back exactly, after a restart and from a backup too', async () => {
    const dataDir = await folder();
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    const list = [row(1), row(1, { node: 'south', data: new Uint8Array(262_144).fill(7) }), row(2)];
    expect(await store.experience.put(list)).toBe(3);
    await store.experience.acknowledge('coordinator', 'north', 2);
    const { file } = await store.backup();
    await store.experience.put([row(3)]);
    await store.stop();
    const again = await openStore(dataDir);
    expect(again.status().rows).toMatchObject({ experience: 4, experience_marks: 3 });
    await again.restore(file);
    const found = again.experience
      .after(0, 10)
      .map(({ id, data, ...rest }) => ({ ...rest, data: new Uint8Array(data) }));
    expect(found).toEqual(list);
    expect(again.experience.acknowledged('coordinator', 'north')).toBe(2);
    expect(again.experience.received('south')).toBe(1);
    expect(again.experience.size()).toEqual({ rows: 3, bytes: 262_344 });
  });

  it('keeps what it was given, whatever its giver does with the memory afterwards', async () => {
    const store = await openStore(await folder());
    const memory = new Uint8Array(1000);
    const written = store.experience.put([row(1, { data: memory.subarray(10, 13) })]);
    memory.fill(9);
    await written;
    expect([...store.experience.after(0, 1)[0]!.data]).toEqual([0, 0, 0]);
  });

  it('refuses rows that are too large or make no sense', async () => {
    const { experience } = bare();
    const bad: Partial<ExperienceRow>[] = [
      { data: new Uint8Array(262_145) },
      { sequence: 0 },
      { sequence: 1.5 },
      { priority: Number.NaN },
      { decisions: -1 },
      { node: 'n'.repeat(200) },
    ];
    for (const changes of bad) {
      expect(() => experience.put([row(1), row(2, changes)])).toThrow(
        expect.objectContaining({ code: 'STORE_REFUSED' }),
      );
    }
    await expect(experience.setPriorities([{ id: 1, priority: Number.POSITIVE_INFINITY }])).rejects.toThrow('Infinity');
    expect(experience.size().rows).toBe(0);
  });

  it('gives the greatest priority first, as it is set', async () => {
    const { experience } = bare();
    await experience.put(rows(1, 5));
    const byPriority = (limit: number): number[] => experience.highestPriority(limit).map(({ sequence }) => sequence);
    expect(byPriority(2)).toEqual([5, 4]);
    const [first] = experience.after(0, 1);
    await experience.setPriorities([
      { id: first!.id, priority: 100 },
      { id: 999, priority: 1000 },
    ]);
    expect(byPriority(3)).toEqual([1, 5, 4]);
  });
});

describe('exactly once', () => {
  it('counts each row once in whatever order and however often rows come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }), { maxLength: 12 }),
        async (puts) => {
          const { db, experience, sequences } = bare();
          const expected = new Set<number>();
          for (const numbers of puts) {
            const fresh = numbers.filter((number) => !expected.has(number)).length;
            for (const number of numbers) expected.add(number);
            expect(await experience.put(numbers.map((number) => row(number)))).toBe(fresh);
          }
          let received = 0;
          while (expected.has(received + 1)) received += 1;
          expect(experience.received('north')).toBe(received);
          expect(sequences().toSorted((a, b) => a - b)).toEqual([...expected].toSorted((a, b) => a - b));
          db.close();
        },
      ),
    );
  });

  it('does not count again what was removed', async () => {
    const { experience, sequences } = bare({ rows: 20, bytes: 1e9 });
    expect(await experience.put(rows(1, 40))).toBe(40);
    expect(sequences()).toHaveLength(19);
    expect(await experience.put(rows(1, 40))).toBe(0);
    expect(experience.received('north')).toBe(40);
    expect(await experience.put([row(41)])).toBe(1);
  });

  it('takes what comes early, but nothing far ahead', async () => {
    const { experience, sequences } = bare();
    expect(await experience.put([row(2), row(256), row(257), row(1_000_000)])).toBe(2);
    expect(experience.received('north')).toBe(0);
    expect(await experience.put([row(1)])).toBe(1);
    expect(experience.received('north')).toBe(2);
    expect(sequences()).toEqual([2, 256, 1]);
  });

  it('goes on behind rows that their node no longer has', async () => {
    const { experience } = bare();
    await experience.put([row(1), row(101), row(102)]);
    await experience.skipTo('north', 101);
    expect(experience.received('north')).toBe(102);
    await experience.skipTo('north', 50);
    expect(experience.received('north')).toBe(102);
    expect(await experience.put([row(50)])).toBe(0);
    await experience.skipTo('stranger', 1);
    expect(experience.received('stranger')).toBe(0);
  });
});

describe('the bounds', () => {
  it('let go first what others have, oldest first, then what is worth least', async () => {
    const { experience, sequences } = bare({ rows: 20, bytes: 1e9 });
    await experience.put(rows(1, 10, { priority: 99 }));
    await experience.put(rows(11, 20));
    await experience.acknowledge('coordinator', 'north', 5);
    await experience.acknowledge('coordinator', 'north', 3);
    expect(experience.acknowledged('coordinator', 'north')).toBe(5);
    await experience.put([row(21)]);
    expect(sequences()).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
    await experience.put(rows(22, 24));
    expect(sequences()).toEqual(Array.from({ length: 19 }, (_, i) => i + 6));
    await experience.put([row(25), row(26, { priority: 0 })]);
    expect(sequences()).toEqual([6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26]);
  });

  it('hold for bytes, and against rows that come before their turn', async () => {
    const { experience, sequences } = bare({ rows: 1000, bytes: 2_000 });
    await experience.put(rows(1, 10));
    await experience.put(rows(50, 70, { node: 'flood' }));
    const { bytes } = experience.size();
    expect(bytes).toBeLessThanOrEqual(2_000);
    // What is known to have come goes before; the newest row stays for its id.
    expect(sequences()).toEqual([]);
    expect(sequences('flood').length).toBeGreaterThan(15);
    await experience.put(rows(100, 130, { node: 'flood' }));
    expect(experience.size().bytes).toBeLessThanOrEqual(2_000);
    expect(Math.max(...experience.after(0, 1000).map(({ id }) => id))).toBe(62);
  });

  it('are at most a quarter of the store', async () => {
    const config = { ...storeConfig, maxBytes: 1_000_000 };
    const store = await openStore(await folder(), { config });
    for (let i = 1; i <= 10; i++) await store.experience.put([row(i, { data: new Uint8Array(100_000) })]);
    expect(store.experience.size()).toEqual({ rows: 2, bytes: 200_000 });
    expect(store.status().rows.experience).toBe(2);
  });
});

it('jobs and experience are salvaged from a file whose schema is gone', async () => {
  const dataDir = await folder();
  const model = newStore(dataDir);
  await model.start(new AbortController().signal);
  await model.experience.put(rows(1, 50, { data: new Uint8Array(20_000).fill(5) }));
  await model.jobs.append(Array.from({ length: 300 }, (_, i) => ({ job: 'a', number: i + 1, event: 'e'.repeat(100) })));
  await model.jobs.putReceipt('key', '{}', Date.now());
  await model.stop();
  const damaged = await folder();
  cpSync(dataDir, damaged, { recursive: true });
  const file = join(damaged, 'parlmesh.db');
  const content = readFileSync(file);
  writeFileSync(file, content.fill(0xa5, 100, 4096));
  const store = await openStore(damaged);
  expect(store.events({ kind: 'store.repaired' })).toHaveLength(1);
  expect(store.experience.after(0, 1000)).toHaveLength(50);
  expect(Buffer.from(store.experience.after(49, 1)[0]!.data).equals(Buffer.alloc(20_000, 5))).toBe(true);
  expect(store.experience.received('north')).toBe(50);
  expect(store.jobs.log('a')).toHaveLength(300);
  expect(store.jobs.receipt('key')).toBe('{}');
  // The file that it was salvaged into is like any other.
  const db = openWritable(file);
  expect(db.pragma('quick_check', { simple: true })).toBe('ok');
  db.close();
});
