import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, VirtualClock } from '../../../core/clock.ts';
import { systemClock, systemRandom } from '../../../daemon/clock.ts';
import { CommitLoop, type WriteState } from '../../../daemon/store/commit-loop.ts';
import { databaseFile } from '../../../daemon/store/paths.ts';
import { PendingRows } from '../../../daemon/store/pending-rows.ts';
import { Writer } from '../../../daemon/store/writer.ts';
import { folder } from './open-store.ts';

/** A commit loop on a real writer thread. `reopens` fail as often as told before they work. */
async function opened(options: { failedReopens?: number; clock?: Clock } = {}) {
  const dataDir = await folder();
  const writer = new Writer(dataDir);
  const rows = new PendingRows();
  const states: WriteState['kind'][] = [];
  let left = options.failedReopens ?? 0;
  const loop = new CommitLoop({
    rows,
    writer,
    clock: options.clock ?? systemClock,
    random: systemRandom(),
    flushInterval: 5,
    reopen: async () => {
      if (left-- > 0) throw new Error('no disk');
      await writer.request({ kind: 'open' });
    },
    freeBytes: async () => 1e9,
    onState: ({ kind }) => states.push(kind),
  });
  await writer.request({ kind: 'open' });
  loop.open();
  onTestFinished(async () => {
    await loop.close();
    await writer.close();
  });
  const stored = (): Record<string, unknown> => {
    const db = new Database(databaseFile(dataDir), { readonly: true });
    const found = db.prepare<[], { key: string; value: string }>('SELECT key, value FROM state ORDER BY number').all();
    db.close();
    return Object.fromEntries(found.map(({ key, value }) => [key, JSON.parse(value)]));
  };
  const put = (key: string, value: number): Promise<number> =>
    loop.acknowledge({ table: 'state', key, json: JSON.stringify(value) });
  return { writer, rows, loop, states, stored, put };
}

describe('the writer', () => {
  it('that dies is started again, and what it was asked for is asked once more', async () => {
    const { writer, rows, states, stored, put } = await opened();
    await put('before', 1);
    const event = { id: 1, at: 1, severity: 'info', kind: 'test', subject: 'node', message: 'said' } as const;
    rows.addEvent(event);
    const waiting = Array.from({ length: 100 }, (_, i) => put(`key ${i}`, i));
    setImmediate(() => void writer.terminate());
    await Promise.all(waiting);
    expect(Object.keys(stored())).toHaveLength(101);
    await expect.poll(() => states, { timeout: 10_000 }).toEqual(['open', 'failed', 'open']);
    expect(writer.figures?.rows).toMatchObject({ events: 1, state: 101 });
    expect(rows.size).toBe(0);
  });

  it('that died while nobody wrote is started by the next write', async () => {
    const { writer, put, stored } = await opened();
    await writer.terminate();
    await put('after', 1);
    expect(stored()).toEqual({ after: 1 });
  });

  it('that stays away has those who wait told, and takes writes again once it is back', async () => {
    const clock = new VirtualClock();
    const { writer, loop, put } = await opened({ failedReopens: 4, clock });
    const passing = setInterval(() => clock.advance(500), 5);
    onTestFinished(() => clearInterval(passing));
    const first = put('first', 1);
    setImmediate(() => void writer.terminate());
    // After the third try; the fourth fails too, the fifth works.
    await expect(first).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(put('second', 2)).rejects.toMatchObject({ code: 'STORE_FAILED', message: 'no disk' });
    await expect.poll(() => loop.state.kind, { timeout: 10_000 }).toBe('open');
    await put('third', 3);
  });

  it('commits what comes while it is busy together, in the order it came', async () => {
    const { rows, stored, put, loop } = await opened();
    const taken: number[] = [];
    const take = rows.take.bind(rows);
    rows.take = () => {
      const batch = take();
      if (batch !== undefined) taken.push(batch.writes.length);
      return batch;
    };
    const all = Array.from({ length: 300 }, (_, i) => put('key', i));
    await new Promise(setImmediate);
    all.push(...Array.from({ length: 300 }, (_, i) => put(`key ${i}`, i)));
    await Promise.all(all);
    expect(taken).toEqual([300, 300]);
    expect(stored().key).toBe(299);
    await loop.drain();
  });

  it('leaves out a row that the file refuses, and tells who waits for it', async () => {
    const { loop, stored, put } = await opened();
    const good = put('good', 1);
    const bad = loop.acknowledge({ table: 'state', key: 'bad', json: 'no json' });
    await expect(bad).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await good;
    expect(stored()).toEqual({ good: 1 });
  });
});
