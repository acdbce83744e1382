// What every store of a coordinator must do, whatever it is made of.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FederationStorage } from '../../../agents/federation/storage.ts';
import type { ExperienceRow } from '../../../agents/parl/experience-storage.ts';

export interface StorageSetup {
  /** An empty store that keeps at most `experience` rows; the test that opened it ends it. */
  open(bounds?: { rows: number; bytes: number }): Promise<FederationStorage>;
  /** Ends it and opens it again, as a restart does; left out where nothing outlives one. */
  reopen?(storage: FederationStorage): Promise<FederationStorage>;
}

export function row(node: string, sequence: number, changes: Partial<ExperienceRow> = {}): ExperienceRow {
  const data = Uint8Array.from({ length: 100 }, (_, index) => (sequence + index) % 256);
  return { node, sequence, at: 1000.5, version: 3, priority: sequence, decisions: 5, data, ...changes };
}

const rows = (node: string, from: number, to: number): ExperienceRow[] =>
  Array.from({ length: to - from + 1 }, (_, index) => row(node, from + index));

const round = (number: number, ended = false, state = `{"round":${number}}`) => ({
  ...{ learner: 'parl-policy', number, state, ended },
});

const update = (number: number, node: string, bytes = [1, 2, 3]) => ({
  ...{ learner: 'parl-policy', round: number, node, header: `{"node":"${node}"}`, data: Uint8Array.from(bytes) },
});

const model = (version: string, lineage = `{"version":"${version}"}`) => ({
  ...{ learner: 'parl-policy', version, lineage, parameters: Uint8Array.from([0, 0, 128, 63]) },
});

/** Bytes as plain ones, whatever kind of buffer a store returns. */
function plain<T extends object>(value: T): T {
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [
    key,
    each instanceof Uint8Array ? [...each] : each,
  ]);
  return Object.assign({ ...value }, Object.fromEntries(entries));
}

export function describeFederationStorage(name: string, { open, reopen }: StorageSetup): void {
  describe(`the coordinator's store: ${name}`, () => {
    it('keeps a round as it was last written, for each learner, newest first', async () => {
      const store = await open();
      expect(await store.round('parl-policy', 1)).toBeUndefined();
      for (const number of [1, 2, 3]) await store.putRound(round(number));
      await store.putRound(round(2, true, '{"said":"ünd \\u0000 so"}'));
      await store.putRound({ ...round(1), learner: 'repairs' });
      expect(await store.round('parl-policy', 2)).toEqual(round(2, true, '{"said":"ünd \\u0000 so"}'));
      expect((await store.rounds('parl-policy', 2)).map(({ number }) => number)).toEqual([3, 2]);
      expect(await store.rounds('repairs', 10)).toEqual([{ ...round(1), learner: 'repairs' }]);
      expect(await store.rounds('nothing', 10)).toEqual([]);
      expect(await store.rounds('parl-policy', 0)).toEqual([]);
    });

    it('keeps the last thousand rounds that ended, and drops updates of those that go', async () => {
      const store = await open();
      await store.putRound(round(1));
      await store.putUpdate(update(2, 'north'));
      await Promise.all(Array.from({ length: 1000 }, (_, index) => store.putRound(round(index + 2, true))));
      await store.putRound(round(1002, true));
      expect(await store.round('parl-policy', 1)).toEqual(round(1));
      expect(await store.round('parl-policy', 2)).toBeUndefined();
      expect(await store.updates('parl-policy', 2)).toEqual([]);
      expect(await store.round('parl-policy', 3)).toEqual(round(3, true));
      expect(await store.rounds('parl-policy', 5000)).toHaveLength(1000);
    });

    it('counts the first update of a node in a round, also when two come at once', async () => {
      const store = await open();
      const twice = await Promise.all([
        store.putUpdate(update(7, 'north', [1])),
        store.putUpdate(update(7, 'north', [2])),
      ]);
      expect(twice).toEqual([true, false]);
      expect(await store.putUpdate(update(7, 'east', [3]))).toBe(true);
      expect(await store.putUpdate(update(8, 'north', [4]))).toBe(true);
      expect((await store.updates('parl-policy', 7)).map(plain)).toEqual(
        [update(7, 'east', [3]), update(7, 'north', [1])].map(plain),
      );
      await store.dropUpdates('parl-policy', 8);
      expect(await store.updates('parl-policy', 7)).toEqual([]);
      expect(await store.updates('parl-policy', 8)).toHaveLength(1);
    });

    it('returns all updates of a large round in the order of the nodes', async () => {
      const store = await open();
      const nodes = Array.from({ length: 200 }, (_, index) => `node-${String((index * 73) % 200).padStart(3, '0')}`);
      await Promise.all(nodes.map((node) => store.putUpdate(update(1, node))));
      expect((await store.updates('parl-policy', 1)).map(({ node }) => node)).toEqual([...nodes].sort());
    });

    it('keeps models with their numbers, the newest first, and drops those that are not needed', async () => {
      const store = await open();
      for (const version of ['a', 'b', 'c', 'd']) await store.putModel(model(version));
      await store.putModel(model('a', '{"rolled":"back"}'));
      await store.putModel({ ...model('x'), learner: 'repairs' });
      expect(plain((await store.model('parl-policy', 'a'))!)).toEqual(plain(model('a', '{"rolled":"back"}')));
      expect(await store.model('repairs', 'a')).toBeUndefined();
      expect((await store.models('parl-policy', 3)).map(({ version }) => version)).toEqual(['d', 'c', 'b']);
      expect((await store.models('parl-policy', 1))[0]).toEqual({
        ...{ learner: 'parl-policy', version: 'd', lineage: '{"version":"d"}' },
      });
      await store.dropModels('parl-policy', 1, ['b', 'gone']);
      expect((await store.models('parl-policy', 9)).map(({ version }) => version)).toEqual(['d', 'b']);
      expect(await store.models('repairs', 9)).toHaveLength(1);
    });

    it('keeps documents by name', async () => {
      const store = await open();
      expect(await store.document('reputations')).toBeUndefined();
      await store.putDocument('reputations', '{}');
      await store.putDocument('reputations', '{"north":0.5}');
      expect(await store.document('reputations')).toBe('{"north":0.5}');
    });

    it('counts every row of experience once, whatever is put again, before its turn or after its time', async () => {
      const store = await open();
      expect(await store.received('north')).toBe(0);
      expect(await store.putExperience([row('north', 2), row('south', 1)])).toBe(2);
      expect(await store.received('north')).toBe(0);
      expect(await store.putExperience([row('north', 1), row('north', 1), row('north', 2)])).toBe(1);
      expect(await store.received('north')).toBe(2);
      expect(await store.putExperience([row('north', 259), row('north', 258)])).toBe(1);
      await store.skipTo('north', 258);
      expect(await store.received('north')).toBe(258);
      await store.skipTo('north', 5);
      expect(await store.received('north')).toBe(258);
      expect(await store.putExperience([row('north', 4)])).toBe(0);
      expect(await store.size()).toEqual({ experienceRows: 4, experienceBytes: 400, nodes: 2 });
    });

    it('counts once what several put at the same time', async () => {
      const store = await open();
      const puts = [rows('north', 1, 20), rows('north', 11, 30), rows('south', 1, 5), rows('north', 1, 30)];
      const counts = await Promise.all(puts.map((list) => store.putExperience(list)));
      expect(counts.reduce((a, b) => a + b)).toBe(35);
      expect(await store.received('north')).toBe(30);
      expect((await store.size()).experienceRows).toBe(35);
    });

    it('keeps what is worth most within its bounds, and never asks for the rest again', async () => {
      const store = await open({ rows: 100, bytes: 1e9 });
      for (let from = 1; from <= 401; from += 20) await store.putExperience(rows('north', from, from + 19));
      const { experienceRows } = await store.size();
      expect(experienceRows).toBeLessThanOrEqual(100);
      expect(experienceRows).toBeGreaterThan(80);
      expect(await store.received('north')).toBe(420);
      expect(await store.putExperience(rows('north', 1, 20))).toBe(0);
    });

    it('refuses what is too large or makes no sense, by one name', async () => {
      const store = await open();
      const nothing = { code: 'FEDERATION_STORE_REFUSED' };
      const experience: Partial<ExperienceRow>[] = [
        { data: new Uint8Array(262_145) },
        { sequence: 0 },
        { sequence: 1.5 },
        { priority: Number.NaN },
        { at: Number.POSITIVE_INFINITY },
        { decisions: -1 },
        { node: '' },
        { node: 'n'.repeat(200) },
        { node: 'n\0' },
      ];
      for (const bad of experience) {
        await expect(store.putExperience([row('north', 1), row('north', 2, bad)])).rejects.toMatchObject(nothing);
      }
      await expect(store.putExperience(rows('north', 1, 4097))).rejects.toMatchObject(nothing);
      await expect(store.putRound(round(0))).rejects.toMatchObject(nothing);
      await expect(store.putRound(round(1, false, 'x'.repeat(4_000_001)))).rejects.toMatchObject(nothing);
      await expect(store.putUpdate({ ...update(1, 'n'), data: new Uint8Array(16_000_001) })).rejects.toMatchObject(
        nothing,
      );
      await expect(store.putDocument('d', 'x'.repeat(1_000_001))).rejects.toMatchObject(nothing);
      await expect(store.skipTo('north', 0)).rejects.toMatchObject(nothing);
      expect(await store.size()).toEqual({ experienceRows: 0, experienceBytes: 0, nodes: 0 });
    });

    it('tells the same of any puts and skips, in any order, as a plain list of numbers does', {
      timeout: 60_000,
    }, async () => {
      const store = await open();
      const sequence = fc.integer({ min: 1, max: 40 });
      const step = fc.oneof(
        { arbitrary: fc.array(sequence, { minLength: 1, maxLength: 12 }), weight: 4 },
        { arbitrary: fc.record({ next: sequence }), weight: 1 },
      );
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          const node = `node-${run++}`;
          const there = new Set<number>();
          let mark = 0;
          for (const each of steps) {
            if (Array.isArray(each)) {
              const fresh = new Set(each.filter((number) => number > mark && !there.has(number)));
              expect(await store.putExperience(each.map((number) => row(node, number)))).toBe(fresh.size);
              for (const number of fresh) there.add(number);
            } else {
              await store.skipTo(node, each.next);
              mark = Math.max(mark, each.next - 1);
            }
            while (there.has(mark + 1)) mark += 1;
            expect(await store.received(node)).toBe(mark);
          }
        }),
        { numRuns: 25, seed: 7 },
      );
    });

    if (reopen !== undefined) {
      it('has all of it after a restart', async () => {
        const store = await open();
        await store.putRound(round(1, true));
        await store.putUpdate(update(1, 'north'));
        await store.putModel(model('a'));
        await store.putDocument('lease', '1');
        await store.putExperience([...rows('north', 1, 3), row('north', 5)]);
        const again = await reopen(store);
        expect(await again.round('parl-policy', 1)).toEqual(round(1, true));
        expect((await again.updates('parl-policy', 1)).map(plain)).toEqual([update(1, 'north')].map(plain));
        expect(await again.putUpdate(update(1, 'north', [9]))).toBe(false);
        expect(plain((await again.model('parl-policy', 'a'))!)).toEqual(plain(model('a')));
        expect(await again.document('lease')).toBe('1');
        expect(await again.received('north')).toBe(3);
        expect(await again.putExperience(rows('north', 1, 5))).toBe(1);
        expect(await again.received('north')).toBe(5);
      });
    }
  });
}
