// Nothing lost, nothing doubled: whatever is cut, killed, delayed, lost or said twice, on virtual time.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExperienceShipper } from '../../../../agents/federation/shipping/shipper.ts';
import type { StoredExperience } from '../../../../daemon/store/experience.ts';
import { runUntil } from '../../exchange.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';
import { config, lived, ownStore, packed, Yard } from './ship-yard.ts';

const NODES = ['north', 'south', 'east'];

type Step =
  | { kind: 'live'; node: number; rows: number; long: boolean }
  | { kind: 'run'; millis: number }
  | { kind: 'cut' | 'mend' | 'kill-node'; node: number }
  | { kind: 'kill-coordinator' | 'lose-coordinator' | 'move' | 'orphan' | 'disk-full' };

const node = fc.nat(NODES.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('live' as const),
      node,
      rows: fc.integer({ min: 1, max: 30 }),
      long: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('run' as const), millis: fc.integer({ min: 1, max: 40_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'mend' as const, 'kill-node' as const), node }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'kill-coordinator' as const,
        'lose-coordinator' as const,
        'move' as const,
        'orphan' as const,
        'disk-full' as const,
      ),
    }),
  },
);

/** A coordinator's store that fails in the middle of a batch now and then, after the rows or before. */
class FragileStorage extends MemoryFederationStorage {
  readonly breaks: () => boolean;

  constructor(breaks: () => boolean) {
    super();
    this.breaks = breaks;
  }

  override async putExperience(rows: Parameters<MemoryFederationStorage['putExperience']>[0]): Promise<number> {
    const count = await super.putExperience(rows);
    if (this.breaks()) throw new Error('killed after the commit');
    return count;
  }

  override async skipTo(node: string, next: number): Promise<void> {
    if (this.breaks()) throw new Error('killed before the mark');
    await super.skipTo(node, next);
  }
}

async function play(seed: number, steps: readonly Step[]): Promise<void> {
  const yard = new Yard(seed, { loss: 0.1, duplication: 0.1, jitter: 300, noticeAfter: 50 });
  let breaking = true;
  const breaks = (): boolean => breaking && yard.random.next() < 0.1;
  const hubs = { hub: new FragileStorage(breaks), heir: new FragileStorage(breaks) };
  const stores = new Map<string, StoredExperience>(NODES.map((id) => [id, ownStore()]));
  const alive = new Map<string, ExperienceShipper>();
  const ship = { ...config, bytesPerSecond: 1_000_000 };
  const begin = async (id: string): Promise<void> => {
    const shipper = yard.shipper(id, stores.get(id)!, { config: ship });
    alive.set(id, shipper);
    await shipper.start(new AbortController().signal);
  };
  for (const [id, storage] of Object.entries(hubs)) yard.receiver(id, storage);
  for (const id of NODES) await begin(id);
  const written = new Map(NODES.map((id) => [id, 0]));
  const pass = (millis: number) => {
    const end = yard.clock.now() + millis;
    return runUntil(yard.clock, () => yard.clock.now() >= end, millis + 100, 97);
  };

  for (const each of steps) {
    const id = 'node' in each ? NODES[each.node]! : '';
    switch (each.kind) {
      case 'live': {
        const from = written.get(id)! + 1;
        const changes = each.long ? { data: packed(3, 60_000), decisions: 3 } : {};
        await stores.get(id)!.put(lived(id, from, each.long ? Math.min(2, each.rows) : each.rows, changes));
        written.set(id, stores.get(id)!.received(id));
        break;
      }
      case 'run':
        await pass(each.millis);
        break;
      case 'cut':
      case 'mend':
        for (const other of Object.keys(hubs)) yard.exchange.cut(id, other, each.kind === 'cut');
        break;
      case 'kill-node':
        // Its life ends without a word; what is under way to it is lost.
        yard.exchange.kill(id);
        await pass(1);
        void alive.get(id)!.stop();
        await begin(id);
        break;
      // The second comes back without its disk, and the senders are not told.
      case 'lose-coordinator':
      case 'kill-coordinator': {
        const at = yard.coordinator;
        if (at !== 'hub' && at !== 'heir') break;
        yard.exchange.kill(at);
        await pass(500);
        if (each.kind === 'lose-coordinator') hubs[at] = new FragileStorage(breaks);
        yard.receiver(at, hubs[at]);
        break;
      }
      case 'move':
        yard.elect(yard.coordinator === 'hub' ? 'heir' : 'hub');
        break;
      case 'orphan':
        yard.elect(undefined);
        break;
      case 'disk-full': {
        const storage = yard.coordinator === 'heir' ? hubs.heir : hubs.hub;
        storage.failing = 'the disk is full';
        await pass(20_000);
        storage.failing = undefined;
        break;
      }
    }
  }

  // Peace: the coordinator there is then has everything, once.
  breaking = false;
  yard.exchange.options.loss = 0;
  for (const id of NODES) for (const other of Object.keys(hubs)) yard.exchange.cut(id, other, false);
  if (yard.coordinator === undefined) yard.elect('hub');
  const last = yard.coordinator === 'heir' ? hubs.heir : hubs.hub;
  const total = [...written.values()].reduce((a, b) => a + b);
  await runUntil(yard.clock, () => last.rows.length >= total, 3_600_000, 500);
  await pass(2000);
  for (const storage of Object.values(hubs)) {
    const keys = storage.rows.map((row) => `${row.node} ${row.sequence}`);
    expect(new Set(keys).size).toBe(keys.length);
  }
  for (const id of NODES) {
    const sequences = last.rows.filter((row) => row.node === id).map(({ sequence }) => sequence);
    expect(sequences.sort((a, b) => a - b)).toEqual(Array.from({ length: written.get(id)! }, (_, index) => index + 1));
    // And as they were lived.
    for (const row of stores.get(id)!.following(id, 0, 1000)) {
      const there = last.rows.find((other) => other.node === id && other.sequence === row.sequence)!;
      expect(there.decisions).toBe(row.decisions);
      expect(Buffer.compare(there.data, row.data)).toBe(0);
    }
  }
  for (const shipper of alive.values()) void shipper.stop();
}

describe('experience under faults', () => {
  it('is all there, once, at whoever coordinates in the end', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.array(step, { minLength: 3, maxLength: 25 }), play),
      { numRuns: 25, seed: 42 },
    );
  });

  it('outlives a coordinator that is killed at every point of a batch', { timeout: 60_000 }, async () => {
    const steps: Step[] = [{ kind: 'live', node: 0, rows: 30, long: false }];
    for (let millis = 1; millis < 1200; millis += 131) {
      steps.push({ kind: 'live', node: 1, rows: 3, long: true }, { kind: 'run', millis }, { kind: 'kill-coordinator' });
    }
    await play(5, steps);
  });

  it('is sent again to a coordinator that lost its disk, while new rows come', async () => {
    const live: Step = { kind: 'live', node: 0, rows: 10, long: false };
    const run: Step = { kind: 'run', millis: 40_000 };
    await play(9, [live, run, { kind: 'lose-coordinator' }, live, run]);
  });
});
