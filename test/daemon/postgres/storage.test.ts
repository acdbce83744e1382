import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { FederationStorage } from '../../../agents/federation/storage.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { systemClock } from '../../../daemon/clock.ts';
import { PostgresFederationStorage, type PostgresStorageParts } from '../../../daemon/postgres/storage.ts';
import { describeFederationStorage, row } from '../../agents/federation/storage-compliance.ts';
import { Cluster, noPostgres } from './cluster.ts';

const cluster = noPostgres === undefined ? new Cluster() : undefined;
beforeAll(() => cluster?.create(), 60_000);
afterAll(() => cluster?.remove(), 60_000);

const urls = new Map<FederationStorage, string>();

function storage(url: string, parts: Partial<PostgresStorageParts> = {}): PostgresFederationStorage {
  const created = new PostgresFederationStorage({
    ...{ url, clock: systemClock, random: seededRandom(1), logger: silentLogger },
    ...parts,
  });
  onTestFinished(() => created.stop());
  return created;
}

async function started(url: string, parts: Partial<PostgresStorageParts> = {}): Promise<PostgresFederationStorage> {
  const created = storage(url, parts);
  await created.start(new AbortController().signal);
  urls.set(created, url);
  return created;
}

if (cluster === undefined) {
  describe.skip(`the coordinator's store: PostgreSQL (skipped: ${noPostgres})`, () => {
    it('needs a server', () => {});
  });
} else {
  describeFederationStorage('PostgreSQL', {
    open: async (experience) => started(await cluster.database(), experience && { experience }),
    reopen: async (before) => started(urls.get(before)!),
  });

  describe('a coordinator whose store is a PostgreSQL server', () => {
    it('loses nothing that was acknowledged when the server is killed in the middle of writes, and goes on after it is back', {
      timeout: 120_000,
    }, async () => {
      const troubles: (string | undefined)[] = [];
      const store = await started(await cluster.database(), { onTrouble: (cause) => troubles.push(cause) });
      const nodes = Array.from({ length: 8 }, (_, index) => `node-${index}`);
      const acknowledged = new Map<string, number>();
      let kills = 0;
      const write = async (node: string): Promise<void> => {
        for (let sequence = 1; kills < 3 || sequence <= 40; sequence++) {
          await store.putExperience([row(node, sequence)]);
          acknowledged.set(node, sequence);
        }
      };
      const writing = Promise.all(nodes.map(write));
      for (; kills < 3; kills++) {
        const before = Math.max(0, ...acknowledged.values());
        await expect
          .poll(() => Math.max(0, ...acknowledged.values()), { interval: 2, timeout: 30_000 })
          .toBeGreaterThan(before + 3);
        await cluster.kill('SIGQUIT');
        await cluster.start();
      }
      await writing;
      let sum = 0;
      for (const node of nodes) {
        expect(await store.received(node)).toBe(acknowledged.get(node));
        sum += acknowledged.get(node)!;
      }
      expect(await store.size()).toEqual({ experienceRows: sum, experienceBytes: 100 * sum, nodes: 8 });
      // Each outage was told with the way to the server and without its password, and that it was over.
      expect(troubles.length).toBeGreaterThanOrEqual(2);
      expect(troubles.at(-1)).toBeUndefined();
      expect(troubles[0]).toMatch(/^PostgreSQL parlmesh@127\.0\.0\.1:\d+\/postgres: /);
      expect(JSON.stringify(troubles)).not.toContain('p@ss');
    });

    it('says after a bounded time that the server is away, where it should be and what to do', async () => {
      const store = await started(await cluster.database(), { limits: { patience: 300, waiting: 2 } });
      await cluster.kill('SIGINT');
      onTestFinished(() => cluster.start());
      const outcomes = await Promise.allSettled([1, 2, 3].map((number) => store.putDocument(`d${number}`, '1')));
      const errors = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined));
      expect(errors.map((error) => error?.code)).toEqual(Array(3).fill('FEDERATION_STORE_FAILED'));
      expect(errors[0]).toMatchObject({
        message: expect.stringContaining('127.0.0.1'),
        hint: expect.stringContaining('running'),
      });
      expect(errors[2]).toMatchObject({ message: expect.stringContaining('2 questions wait') });
      await cluster.start();
      await store.putDocument('d', 'again');
      expect(await store.document('d')).toBe('again');
    });

    it('tells a wrong password, a database that is not there and a user without rights apart, and no password', async () => {
      await cluster.run(cluster.url('postgres'), "CREATE ROLE guest LOGIN PASSWORD 'hidden-word'");
      const failing = async (bad: string): Promise<{ code: string; message: string; hint?: string }> =>
        storage(bad)
          .start(new AbortController().signal)
          .then(
            () => ({ code: 'started', message: '' }),
            (error) => error,
          );
      const wrong = await failing(cluster.url('postgres', 'parlmesh', 'hidden-word'));
      expect(wrong).toMatchObject({ code: 'FEDERATION_STORE_FAILED', hint: expect.stringContaining('password') });
      const missing = await failing(cluster.url('nowhere'));
      expect(missing).toMatchObject({ code: 'FEDERATION_STORE_FAILED', hint: expect.stringContaining('createdb') });
      const guest = await failing(cluster.url('postgres', 'guest', 'hidden-word'));
      expect(guest).toMatchObject({ code: 'FEDERATION_STORE_FAILED', hint: expect.stringContaining('GRANT') });
      for (const error of [wrong, missing, guest]) {
        expect(error.message).toMatch(/^PostgreSQL \w+@127\.0\.0\.1:\d+\/\w+: /);
        expect(JSON.stringify({ ...error, message: error.message })).not.toMatch(/hidden-word|p@ss/);
      }
    });

    it('makes its tables once when several coordinators start at the same time, and leaves those of a newer version', async () => {
      const url = await cluster.database();
      await Promise.all([started(url), started(url), started(url)]);
      expect(await cluster.run(url, 'SELECT version FROM parlmesh_schema')).toEqual([{ version: 1 }]);
      await cluster.run(url, 'INSERT INTO parlmesh_schema VALUES (99)');
      await expect(storage(url).start(new AbortController().signal)).rejects.toMatchObject({
        code: 'FEDERATION_STORE_NEWER',
        message: expect.stringContaining('99'),
      });
    });

    it('is used by two coordinators at once: a row counts once, the first update counts', async () => {
      const url = await cluster.database();
      const [a, b] = [await started(url), await started(url)];
      const rows = Array.from({ length: 50 }, (_, index) => row('north', index + 1));
      const counts = await Promise.all([a, b, a, b].map((store) => store.putExperience(rows)));
      expect(counts.reduce((sum, count) => sum + count)).toBe(50);
      const update = { learner: 'l', round: 1, node: 'n', header: '{}', data: new Uint8Array(1) };
      const first = await Promise.all([a, b, a, b].map((store) => store.putUpdate(update)));
      expect(first.filter(Boolean)).toHaveLength(1);
    });

    it('ends a statement that takes too long instead of waiting for it', async () => {
      const url = await cluster.database();
      const store = await started(url, { limits: { statement: 200 } });
      await store.putDocument('d', '1');
      const pg = await import('pg');
      const blocker = new pg.default.Client({ connectionString: url });
      await blocker.connect();
      onTestFinished(() => blocker.end());
      await blocker.query('BEGIN');
      await blocker.query('LOCK TABLE parlmesh_documents');
      await expect(store.document('d')).rejects.toMatchObject({ code: 'FEDERATION_STORE_FAILED' });
      await blocker.query('ROLLBACK');
      expect(await store.document('d')).toBe('1');
    });
  });
}
