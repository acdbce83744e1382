import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameOf } from '../../../../agents/federation/messages.ts';
import { type Batch, type Receipt, readReceipt } from '../../../../agents/federation/shipping/messages.ts';
import type { ExperienceReceiver } from '../../../../agents/federation/shipping/receiver.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';
import { config, packed, SCHEMA, Yard } from './ship-yard.ts';

function hub(parts: Parameters<Yard['receiver']>[2] = {}) {
  const yard = new Yard();
  const storage = new MemoryFederationStorage();
  const receiver = yard.receiver('hub', storage, parts);
  return { yard, storage, receiver };
}

const HEAD = { format: 1, sentAt: Date.UTC(2026, 0, 1), schema: SCHEMA, more: false } as const;

function batch(after: number, until: number, sequences: readonly number[], changes: Partial<Batch> = {}): Uint8Array {
  const data = sequences.map((sequence) => packed(sequence % 50, 40));
  const rows = sequences.map((sequence) => ({
    ...{ sequence, at: 1e12 + sequence, version: 1, priority: 1, decisions: sequence % 50, bytes: 40 },
  }));
  return frameOf({ ...HEAD, after, until, rows, ...changes }, Buffer.concat(data));
}

async function told(receiver: ExperienceReceiver, payload: Uint8Array, origin = 'north'): Promise<Receipt> {
  const receipt = readReceipt(await receiver.take(origin, payload));
  if (receipt === undefined) throw new Error('no receipt');
  return receipt;
}

describe('a coordinator that takes experience', () => {
  it('tells how far all have come, and takes each row once, in whatever order batches come', async () => {
    const { receiver, storage } = hub();
    expect(await told(receiver, batch(0, 0, []))).toEqual({ received: 0, wait: 0 });
    expect(await told(receiver, batch(3, 5, [4, 5]))).toMatchObject({
      received: 0,
      refused: { reason: 'out-of-order' },
    });
    expect(await told(receiver, batch(0, 3, [1, 2, 3]))).toEqual({ received: 3, wait: 0 });
    expect(await told(receiver, batch(0, 3, [1, 2, 3]))).toEqual({ received: 3, wait: 0 });
    expect(await told(receiver, batch(1, 6, [2, 5]))).toEqual({ received: 6, wait: 0 });
    expect(await told(receiver, batch(0, 4, [3, 4]))).toEqual({ received: 6, wait: 0 });
    expect(storage.rows.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 5]);
    expect(receiver.figures).toMatchObject({ rows: 4, duplicates: 6, skipped: 2 });
  });

  it('does not wait for what a node says that it has no more', async () => {
    const { receiver } = hub();
    expect(await told(receiver, batch(0, 9000, []))).toEqual({ received: 9000, wait: 0 });
    expect(await told(receiver, batch(9000, 20_255, [20_000, 20_255]))).toEqual({ received: 20_255, wait: 0 });
  });

  it('makes a clock good that is wrong by a day, and leaves one that is right', async () => {
    const { receiver, storage, yard } = hub();
    const day = 86_400_000;
    const rows = [
      { sequence: 1, at: yard.clock.wall() + day - 5000, version: 1, priority: 1, decisions: 1, bytes: 40 },
    ];
    const sentAt = yard.clock.wall() + day;
    await told(receiver, frameOf({ ...HEAD, after: 0, until: 1, rows, sentAt }, packed(1, 40)));
    expect(storage.rows[0]!.at).toBe(yard.clock.wall() - 5000);
    await told(
      receiver,
      frameOf({ ...HEAD, after: 0, until: 1, rows: [{ ...rows[0], at: 7 }] }, packed(1, 40)),
      'south',
    );
    expect(storage.rows[1]!.at).toBe(7);
  });

  it.each<[string, Uint8Array, string]>([
    ['a hundred megabytes', new Uint8Array(100_000_000), 'too-large'],
    ['noise', Buffer.from('what is this'), 'malformed'],
    ['nothing', new Uint8Array(0), 'malformed'],
    ['a batch of another format', frameOf({ format: 2, rows: 'other' }), 'unknown-format'],
    ['decisions of another form', batch(0, 1, [1], { schema: '9.9.9' }), 'unknown-schema'],
    ['rows out of order', batch(0, 2, [2, 1]), 'malformed'],
    ['a row twice', batch(0, 2, [2, 2]), 'malformed'],
    ['rows beyond its end', batch(0, 1, [1, 2]), 'malformed'],
    ['rows before its beginning', batch(0, 1, [], { after: 5, until: 3 }), 'out-of-order'],
    ['rows that are too far apart', batch(0, 500, [1, 300]), 'malformed'],
    [
      'fewer bytes than it says',
      frameOf({ ...HEAD, after: 0, until: 1, rows: [rowOf({ bytes: 41 })] }, packed(1, 40)),
      'malformed',
    ],
    [
      'more decisions than there are',
      frameOf({ ...HEAD, after: 0, until: 1, rows: [rowOf({ decisions: 60_000 })] }, packed(1, 40)),
      'forged-count',
    ],
    [
      'bytes that are no decisions',
      frameOf({ ...HEAD, after: 0, until: 1, rows: [rowOf({})] }, new Uint8Array(40)),
      'invalid-row',
    ],
    ['a piece of two rows', batch(0, 2, [1, 2], { offset: 0 }), 'malformed'],
  ])('refuses %s by name, stores nothing of it and counts it', async (_, payload, reason) => {
    const { receiver, storage } = hub();
    const receipt = await told(receiver, payload);
    expect(receipt.refused?.reason).toBe(reason);
    expect(receipt.refused?.message.length).toBeGreaterThan(10);
    expect(storage.rows).toEqual([]);
    expect(receiver.figures.refused).toMatchObject({ [reason]: 1 });
    expect(await told(receiver, batch(0, 1, [1]))).toEqual({ received: 1, wait: 0 });
  });

  it('takes nothing from strangers, nor when it does not coordinate', async () => {
    const stranger = hub({ refuses: (node) => (node === 'mallory' ? 'mallory is no member' : undefined) });
    const refused = await told(stranger.receiver, batch(0, 1, [1]), 'mallory');
    expect(refused.refused).toMatchObject({ reason: 'stranger', message: 'mallory is no member' });
    expect((await told(stranger.receiver, batch(0, 1, [1]))).received).toBe(1);
    const idle = hub({ coordinates: () => false });
    expect((await told(idle.receiver, batch(0, 1, [1]))).refused?.reason).toBe('not-coordinator');
  });

  it('refuses a second batch of a node while the first is being stored', async () => {
    const { receiver, storage } = hub();
    let release = (): void => {};
    storage.before = () => new Promise((resolve) => (release = resolve));
    const first = told(receiver, batch(0, 1, [1]));
    expect((await told(receiver, batch(0, 1, [1]))).refused?.reason).toBe('busy');
    storage.before = async () => {};
    release();
    expect((await first).received).toBe(1);
  });

  it('never throws and never stores a row that was not in a batch, whatever comes', async () => {
    const { receiver, storage } = hub();
    const valid = batch(0, 3, [1, 2, 3]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (flips) => {
          const damaged = Uint8Array.from(valid);
          for (const [at, value] of flips) damaged[at] = value;
          expect(readReceipt(await receiver.take('north', damaged))).toBeDefined();
        },
      ),
      { numRuns: 300, seed: 11 },
    );
    for (const { decisions, data } of storage.rows) expect(decisions).toBe((data[6]! << 8) | data[7]!);
  });

  it('lets a thousand senders take turns: each gets the same, none waits for ever, and no more than its rate is taken', async () => {
    const yard = new Yard();
    const storage = {
      putExperience: async (rows: readonly unknown[]) => rows.length,
      received: async () => 0,
      skipTo: async () => {},
    };
    const rate = 100_000;
    const receiver = yard.receiver('hub', storage, { config: { ...config, takeBytesPerSecond: rate } });
    // Each batch takes 40 kB; the greedy come again at once whatever they were told.
    const payload = batch(0, 1, [1], { more: true });
    const padded = frameOf(
      { ...HEAD, after: 0, until: 1, more: true, rows: [rowOf({ bytes: 40_000 })] },
      packed(1, 40_000),
    );
    expect(payload.length).toBeLessThan(padded.length);
    const taken = new Map<string, number>();
    const due = new Map(Array.from({ length: 1000 }, (_, index) => [`n${index}`, 0]));
    const seconds = 1600;
    for (let now = 0; now < seconds * 1000; now += 200) {
      for (const [node, at] of due) {
        const isGreedy = node.endsWith('7');
        if (at > now && !(isGreedy && now % 20_000 === 0)) continue;
        const { wait, refused } = await told(receiver, padded, node);
        if (refused === undefined) taken.set(node, (taken.get(node) ?? 0) + 1);
        due.set(node, now + Math.max(wait, 1));
      }
      yard.clock.advance(200);
    }
    const counts = [...due.keys()].map((node) => taken.get(node) ?? 0);
    const sum = counts.reduce((a, b) => a + b);
    expect(sum * padded.length).toBeLessThanOrEqual(rate * seconds + 5 * rate);
    expect(sum * padded.length).toBeGreaterThan(0.9 * rate * seconds);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
  });

  it('keeps to the bytes an hour that its flash may take', async () => {
    const { receiver, yard } = hub({ config: { takeBytesPerSecond: 1_000_000, takeBytesPerHour: 100_000 } });
    const payload = frameOf({ ...HEAD, after: 0, until: 1, rows: [rowOf({ bytes: 40_000 })] }, packed(1, 40_000));
    const waits = [];
    for (const node of ['a', 'b', 'c', 'd']) waits.push((await told(receiver, payload, node)).wait);
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(waits[3]).toBeGreaterThan(600_000);
    yard.clock.advance(waits[3]! + 1);
    expect((await told(receiver, payload, 'd')).received).toBe(1);
  });
});

function rowOf(changes: Partial<Batch['rows'][number]>): Batch['rows'][number] {
  return { ...{ sequence: 1, at: 1, version: 1, priority: 1, decisions: 1, bytes: 40 }, ...changes };
}
