import { describe, expect, it } from 'vitest';
import { PendingRows } from '../../../daemon/store/pending-rows.ts';
import type { EventView } from '../../../daemon/view/schema.ts';
import { observation } from './open-store.ts';

function event(id: number, severity: EventView['severity'] = 'info'): EventView {
  return { id, at: id, severity, kind: 'test', subject: 'node', message: `${id}` };
}

const BOUNDS = { rows: 4, writeBytes: 1000, snapshotBytes: 100 };

describe('the queue before the writer', () => {
  it('gives up measurements first, then snapshots, observations, and events by severity', () => {
    const rows = new PendingRows(BOUNDS);
    rows.addEvent(event(1, 'error'));
    rows.addObservation(observation('o1'));
    rows.addMeasurements({ minute: 1, means: {} });
    rows.addSnapshot({ id: 's1', at: 1, jpeg: new Uint8Array(10) });
    expect(rows.shed).toBe(0);
    rows.addEvent(event(2, 'warning'));
    expect(rows.measurements()).toEqual([]);
    rows.addEvent(event(3));
    expect(rows.snapshot('s1')).toBeUndefined();
    rows.addEvent(event(4, 'error'));
    expect(rows.observations()).toEqual([]);
    rows.addEvent(event(5, 'error'));
    rows.addEvent(event(6, 'error'));
    expect(rows.events().map(({ id }) => id)).toEqual([1, 4, 5, 6]);
    expect(rows.shed).toBe(5);
    expect(rows.size).toBe(4);
  });

  it('bounds the bytes of snapshots', () => {
    const rows = new PendingRows(BOUNDS);
    rows.addSnapshot({ id: 's1', at: 1, jpeg: new Uint8Array(60) });
    rows.addSnapshot({ id: 's2', at: 2, jpeg: new Uint8Array(60) });
    expect(rows.snapshot('s1')).toBeUndefined();
    expect(rows.snapshot('s2')).toBeDefined();
  });

  it('never gives up an acknowledged write; one too many is refused at once', async () => {
    const rows = new PendingRows(BOUNDS);
    const written = [1, 2, 3, 4].map((n) => rows.acknowledge({ table: 'state', key: `${n}`, json: '1' }));
    await expect(rows.acknowledge({ table: 'state', key: '5', json: '1' })).rejects.toMatchObject({
      code: 'STORE_BUSY',
    });
    for (let id = 1; id <= 10; id++) rows.addEvent(event(id));
    expect(rows.take()?.writes).toHaveLength(4);
    rows.settle({
      refused: [{ write: 1, error: { code: 'STORE_REFUSED', message: 'too long' } }],
      added: [1, 0, 1, 1],
    });
    const outcomes = await Promise.allSettled(written);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('bounds the bytes of acknowledged writes, but takes one that is larger when it is alone', async () => {
    const rows = new PendingRows(BOUNDS);
    const append = (events: number): Promise<number> => {
      const rowsOfLog = Array.from({ length: events }, (_, i) => ['j', i + 1, 'x'.repeat(91)]).flat();
      return rows.acknowledge({ table: 'jobs', change: { kind: 'append', rows: rowsOfLog, closed: [] } });
    };
    const first = append(12);
    await expect(append(1)).rejects.toMatchObject({
      code: 'STORE_BUSY',
      message: expect.stringContaining('1210 bytes'),
    });
    rows.take();
    const second = append(9);
    await expect(append(2)).rejects.toMatchObject({ code: 'STORE_BUSY' });
    rows.giveBack();
    await expect(append(1)).rejects.toMatchObject({ code: 'STORE_BUSY' });
    rows.take();
    rows.settle({ refused: [], added: [12, 9] });
    expect(await Promise.all([first, second])).toEqual([12, 9]);
    rows.take();
    void append(10);
    expect(rows.size).toBe(1);
  });

  it('hands rows over in the order they came, and again before newer ones when they were not written', () => {
    const rows = new PendingRows();
    rows.addEvent(event(1));
    rows.addObservation(observation('o1'));
    rows.take();
    rows.addEvent(event(2));
    rows.addObservation(observation('o1', { phase: 'end' }));
    rows.addObservation(observation('o2'));
    expect(rows.events().map(({ id }) => id)).toEqual([1, 2]);
    expect(rows.observations().map(({ id, phase }) => [id, phase])).toEqual([
      ['o1', 'end'],
      ['o2', 'start'],
    ]);
    rows.giveBack();
    const batch = rows.take();
    expect(batch?.events.map(({ id }) => id)).toEqual([1, 2]);
    expect(batch?.observations.map(({ id, phase }) => [id, phase])).toEqual([
      ['o1', 'end'],
      ['o2', 'start'],
    ]);
    rows.settle({ refused: [], added: [] });
    expect(rows.size).toBe(0);
    expect(rows.take()).toBeUndefined();
  });

  it('asks for a sync for all but measurements, snapshots and changes of what is in view', () => {
    const rows = new PendingRows();
    const synced = (): boolean | undefined => {
      const batch = rows.take();
      rows.settle({ refused: [], added: [] });
      return batch?.synced;
    };
    rows.addMeasurements({ minute: 1, means: {} });
    rows.addSnapshot({ id: 's1', at: 1, jpeg: new Uint8Array(1) });
    rows.addObservation(observation('o1', { phase: 'update' }));
    expect(synced()).toBe(false);
    rows.addObservation(observation('o1', { phase: 'start' }));
    rows.addObservation(observation('o1', { phase: 'update' }));
    expect(synced()).toBe(true);
    rows.addEvent(event(1));
    expect(synced()).toBe(true);
  });
});
