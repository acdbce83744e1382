import { describe, expect, it } from 'vitest';
import type { ExperienceShipper } from '../../../../agents/federation/shipping/shipper.ts';
import { runUntil } from '../../exchange.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';
import { config, lived, ownStore, packed, Yard } from './ship-yard.ts';

const soon = new AbortController().signal;
const numbers = (store: MemoryFederationStorage, node = 'north'): number[] =>
  store.rows.filter((row) => row.node === node).map(({ sequence }) => sequence);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

async function stopped(yard: Yard, ...shippers: ExperienceShipper[]): Promise<void> {
  let done = false;
  void Promise.all(shippers.map((shipper) => shipper.stop())).then(() => {
    done = true;
  });
  await runUntil(yard.clock, () => done, 1000);
}

describe('experience on its way to the coordinator', () => {
  it('arrives whole and once, oldest first, and is marked as acknowledged', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    const receiver = yard.receiver('hub', hub);
    const store = ownStore();
    await store.put(lived('north', 1, 300));
    const shipper = yard.shipper('north', store);
    await shipper.start(soon);
    await runUntil(yard.clock, () => hub.rows.length === 300 && shipper.figures.lag.rows === 0, 60_000);
    expect(numbers(hub)).toEqual(upTo(300));
    expect(hub.rows[41]).toMatchObject({ at: 1e12 + 42, version: 1 });
    expect([...hub.rows[41]!.data]).toEqual([...packed(42, 100)]);
    const decisions = upTo(300).reduce((sum, sequence) => sum + (sequence % 100), 0);
    expect(shipper.figures).toMatchObject({
      ...{ acknowledged: { rows: 300, decisions }, received: 300, coordinator: 'hub', leftOut: 0, unanswered: 0 },
      state: { kind: 'idle', why: 'nothing-new' },
    });
    expect(receiver.figures).toMatchObject({ rows: 300, decisions, duplicates: 0, skipped: 0 });
    await stopped(yard, shipper);
    expect(store.acknowledged('hub', 'north')).toBe(300);
  });

  it('sends what comes later within the interval, and at once when it is woken', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    yard.receiver('hub', hub);
    const store = ownStore();
    const shipper = yard.shipper('north', store);
    await shipper.start(soon);
    await runUntil(
      yard.clock,
      () => shipper.figures.state.kind === 'idle' && shipper.figures.coordinator === 'hub',
      1000,
    );
    await runUntil(yard.clock, () => shipper.figures.state.kind === 'idle', 1000);
    await store.put(lived('north', 1, 1));
    await runUntil(yard.clock, () => hub.rows.length === 1, config.interval * 1000 + 100, 50);
    await store.put(lived('north', 2, 1));
    shipper.wake();
    await runUntil(yard.clock, () => hub.rows.length === 2, 100);
    await stopped(yard, shipper);
  });

  it('carries rows that are longer than a message in pieces, also over a way that loses and doubles', async () => {
    const yard = new Yard(3, { loss: 0.2, duplication: 0.2, jitter: 5 });
    const hub = new MemoryFederationStorage();
    yard.receiver('hub', hub);
    const store = ownStore();
    const long = { data: packed(7, 262_144), decisions: 7 };
    await store.put([...lived('north', 1, 2), ...lived('north', 3, 2, long), ...lived('north', 5, 1)]);
    const fast = { ...config, bytesPerSecond: 10_000_000 };
    const shipper = yard.shipper('north', store, { config: fast });
    await shipper.start(soon);
    await runUntil(yard.clock, () => hub.rows.length === 5, 3_600_000, 100);
    expect(numbers(hub)).toEqual([1, 2, 3, 4, 5]);
    expect(Buffer.compare(hub.rows[2]!.data, long.data)).toBe(0);
    await stopped(yard, shipper);
  });

  it('keeps to its bytes a second, and sends what is worth most when more waits than can be sent in time', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    yard.receiver('hub', hub);
    const store = ownStore();
    // 1,000 rows of 1 kB; one in ten is worth something. 1,000 bytes a second for 0.1 hours: 360 kB fit.
    const rows = upTo(1000).map((sequence) => ({
      ...lived('north', sequence, 1, { data: packed(5, 1000), decisions: 5 })[0]!,
      priority: sequence % 10 === 0 ? 9 : 0.1,
    }));
    for (let at = 0; at < 1000; at += 100) await store.put(rows.slice(at, at + 100));
    const slow = { ...config, bytesPerSecond: 1000, horizon: 0.1 };
    const shipper = yard.shipper('north', store, { config: slow });
    await shipper.start(soon);
    await runUntil(yard.clock, () => shipper.figures.received >= 1000, 3_600_000, 250);
    const seconds = yard.clock.now() / 1000;
    const { sent, leftOut, acknowledged } = shipper.figures;
    // Never faster than allowed, after what may go at once.
    expect(sent.bytes).toBeLessThanOrEqual(1000 * seconds + 2 * 45_056);
    expect(acknowledged.rows + leftOut).toBe(1000);
    // C (1 + ln(B / C)) of B = 1,040 kB, as C = 360 kB can be sent in time: about 750 rows.
    expect(acknowledged.rows).toBeGreaterThan(650);
    expect(acknowledged.rows).toBeLessThan(850);
    expect(numbers(hub).filter((sequence) => sequence % 10 === 0)).toHaveLength(100);
    expect(await hub.received('north')).toBe(1000);
    await stopped(yard, shipper);
  });

  it('says of rows that its store had no room for that they will not come', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    const receiver = yard.receiver('hub', hub);
    const store = ownStore({ rows: 50, bytes: 1e9 });
    for (let from = 1; from <= 600; from += 20) await store.put(lived('north', from, 20, { priority: from }));
    const shipper = yard.shipper('north', store);
    await shipper.start(soon);
    await runUntil(yard.clock, () => shipper.figures.received === 600, 60_000);
    const there = numbers(hub);
    expect(there.length).toBeGreaterThan(40);
    expect(there.at(-1)).toBe(600);
    expect(receiver.figures.skipped).toBe(600 - there.length);
    await stopped(yard, shipper);
  });

  it('sends nothing that its owner vetoes, and goes on once it may', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    yard.receiver('hub', hub);
    const store = ownStore();
    await store.put(lived('north', 1, 10));
    let veto: string | undefined = 'the owner said no';
    const asked: unknown[] = [];
    const shipper = yard.shipper('north', store, {
      vetoes: (shipment) => {
        asked.push(shipment);
        return veto;
      },
    });
    await shipper.start(soon);
    await runUntil(yard.clock, () => shipper.figures.state.kind === 'waiting', 1000);
    expect(shipper.figures).toMatchObject({ state: { for: 'consent', cause: 'the owner said no' }, vetoes: 1 });
    expect(asked[0]).toEqual({ coordinator: 'hub', rows: 10, decisions: 55, bytes: 1027 });
    expect(hub.rows).toEqual([]);
    veto = undefined;
    shipper.wake();
    await runUntil(yard.clock, () => hub.rows.length === 10, 1000);
    await stopped(yard, shipper);
  });

  it('does not send to itself what its own store has, and hands it over when the coordinator’s store is another', async () => {
    const yard = new Yard();
    const network = yard.exchange.join('hub');
    const hub = new MemoryFederationStorage();
    const receiver = yard.receiver('hub', hub, { network });
    const store = ownStore();
    await store.put(lived('hub', 1, 10));
    const same = yard.shipper('hub', store, { network });
    await same.start(soon);
    await runUntil(yard.clock, () => yard.clock.now() > 100_000, 200_000, 1000);
    expect(same.figures).toMatchObject({ state: { kind: 'idle', why: 'own-store' }, sent: { batches: 0 } });
    await stopped(yard, same);
    const other = yard.shipper('hub', store, { network, deliverHere: (payload) => receiver.take('hub', payload) });
    await other.start(soon);
    await runUntil(yard.clock, () => hub.rows.length === 10, 1000);
    await stopped(yard, other);
  });

  it('goes on where the next coordinator is, and sends it what is still kept', async () => {
    const yard = new Yard();
    const [first, second] = [new MemoryFederationStorage(), new MemoryFederationStorage()];
    yard.receiver('hub', first);
    yard.receiver('heir', second);
    const store = ownStore();
    await store.put(lived('north', 1, 20));
    const shipper = yard.shipper('north', store);
    await shipper.start(soon);
    await runUntil(yard.clock, () => shipper.figures.received === 20, 10_000);
    yard.exchange.kill('hub');
    yard.elect(undefined);
    await runUntil(yard.clock, () => shipper.figures.state.kind === 'idle' && yard.clock.now() > 500, 10_000);
    await store.put(lived('north', 21, 5));
    yard.elect('heir');
    await runUntil(yard.clock, () => second.rows.length === 25, 10_000);
    expect(numbers(second)).toEqual(upTo(25));
    expect(store.acknowledged('hub', 'north')).toBe(20);
    // And at once, without waiting for the answer of one that is gone.
    yard.exchange.cut('heir', 'north');
    await store.put(lived('north', 26, 1));
    shipper.wake();
    await runUntil(yard.clock, () => shipper.figures.state.kind === 'sending', 100);
    yard.receiver('hub', first);
    yard.elect('hub');
    await runUntil(yard.clock, () => first.rows.length === 26, 1000);
    await stopped(yard, shipper);
  });

  it('goes on after the coordinator’s numbers when its own store was restored from an older one', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    yard.receiver('hub', hub);
    await hub.putExperience(lived('north', 1, 40));
    const store = ownStore();
    await store.put(lived('north', 1, 30));
    const shipper = yard.shipper('north', store);
    await shipper.start(soon);
    await runUntil(yard.clock, () => store.received('north') === 40, 10_000);
    expect(yard.journal.map(({ kind }) => kind)).toEqual(['federation.older-store']);
    await store.put(lived('north', 41, 2));
    shipper.wake();
    await runUntil(yard.clock, () => hub.rows.length === 42, 10_000);
    expect(numbers(hub)).toEqual(upTo(42));
    await stopped(yard, shipper);
  });

  it('keeps rows of a newer form until the coordinator knows it, and leaves out those that nobody reads any more', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    const old = yard.receiver('hub', hub);
    const store = ownStore();
    const newer = { data: packed(3, 100, 2), decisions: 3 };
    await store.put(lived('north', 1, 5, newer));
    const forms = { schema: '2.25.10', count: () => 3 };
    const shipper = yard.shipper('north', store, forms);
    await shipper.start(soon);
    await runUntil(yard.clock, () => shipper.figures.refused['unknown-schema'] > 0, 10_000);
    expect(old.figures.refused['unknown-schema']).toBe(1);
    expect(shipper.figures).toMatchObject({ state: { kind: 'waiting', for: 'coordinator' }, lag: { rows: 5 } });
    expect(shipper.figures.state).toMatchObject({ cause: expect.stringContaining('form 2.25.10') });
    expect(yard.journal.map(({ kind }) => kind)).toEqual(['federation.unknown-form']);
    // The coordinator is brought up to date; then rows of the first form come, which both have left behind.
    yard.exchange.kill('hub');
    yard.receiver('hub', hub, forms);
    await store.put([...lived('north', 6, 2), ...lived('north', 8, 1, newer)]);
    await runUntil(yard.clock, () => shipper.figures.received === 8, 3_600_000, 1000);
    expect(numbers(hub)).toEqual([1, 2, 3, 4, 5, 8]);
    expect(shipper.figures).toMatchObject({ acknowledged: { rows: 6 }, leftOut: 2 });
    await stopped(yard, shipper);
  });

  it('leaves out a row that is damaged here instead of stopping at it', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    yard.receiver('hub', hub);
    const store = ownStore();
    await store.put([
      ...lived('north', 1, 1),
      ...lived('north', 2, 1, { decisions: 77, data: packed(3, 100) }),
      ...lived('north', 3, 1),
    ]);
    const shipper = yard.shipper('north', store);
    await shipper.start(soon);
    await runUntil(yard.clock, () => shipper.figures.received === 3, 10_000);
    expect(numbers(hub)).toEqual([1, 3]);
    expect(shipper.figures.leftOut).toBe(1);
    await stopped(yard, shipper);
  });

  it('waits with back-off for a coordinator that is away for long, then sends all of it', async () => {
    const yard = new Yard(1, { noticeAfter: 10 });
    const hub = new MemoryFederationStorage();
    yard.receiver('hub', hub);
    const store = ownStore();
    const shipper = yard.shipper('north', store);
    yard.exchange.cut('hub', 'north');
    await runUntil(yard.clock, () => yard.clock.now() > 20, 100);
    await shipper.start(soon);
    for (let day = 0; day < 2; day++) {
      await store.put(lived('north', 1 + 20 * day, 20));
      const until = yard.clock.now() + 86_400_000;
      await runUntil(yard.clock, () => yard.clock.now() >= until, 90_000_000, 100_000);
    }
    // At most every five minutes or so, not every second.
    expect(shipper.figures.unanswered).toBeLessThan(1300);
    yard.exchange.cut('hub', 'north', false);
    await runUntil(yard.clock, () => hub.rows.length === 40, 60_000);
    expect(numbers(hub)).toEqual(upTo(40));
    await stopped(yard, shipper);
  });

  it('keeps everything while the coordinator’s store has no room, and counts it', async () => {
    const yard = new Yard();
    const hub = new MemoryFederationStorage();
    const receiver = yard.receiver('hub', hub);
    hub.failing = 'the disk is full';
    const store = ownStore();
    await store.put(lived('north', 1, 20));
    const shipper = yard.shipper('north', store);
    await shipper.start(soon);
    await runUntil(yard.clock, () => shipper.figures.refused['store-failed'] === 3, 120_000, 100);
    expect(receiver.figures.refused['store-failed']).toBe(3);
    expect(shipper.figures.state).toMatchObject({ for: 'coordinator', cause: expect.stringContaining('disk is full') });
    hub.failing = undefined;
    await runUntil(yard.clock, () => hub.rows.length === 20, 60_000, 100);
    await stopped(yard, shipper);
  });
});
