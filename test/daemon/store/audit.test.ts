import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../agents/oracle/audit-chain.ts';
import { AuditLog } from '../../../agents/oracle/audit-log.ts';
import type { AuditRow } from '../../../agents/oracle/audit-storage.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { auditWriter, removeOldAudit } from '../../../daemon/store/audit.ts';
import { openWritable } from '../../../daemon/store/database.ts';
import { migrate } from '../../../daemon/store/migrations.ts';
import { readAudit } from '../../../daemon/store/offline.ts';
import { keyOf } from '../../agents/oracle/exchange.ts';
import { newStore } from './new-store.ts';
import { folder, openStore } from './open-store.ts';

function row(sequence: number, changes: Partial<AuditRow> = {}): AuditRow {
  return {
    sequence,
    at: 1000.25 * sequence,
    kind: 'allowed',
    actor: 'agent/camera/north',
    subject: 'camera/north',
    detail: `{"n":${sequence}}`,
    previousHash: `${sequence - 1}`.padStart(64, '0'),
    hash: `${sequence}`.padStart(64, '0'),
    ...changes,
  };
}

function rows(from: number, to: number): AuditRow[] {
  return Array.from({ length: to - from + 1 }, (_, i) => row(from + i));
}

describe('the audit log in the store', () => {
  it('is read back exactly, after a restart too, and iterated as a whole', async () => {
    const dataDir = await folder();
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    expect(store.audit.last()).toBeUndefined();
    await store.audit.append([]);
    await store.audit.append([row(1, { at: 1764406523123.5, subject: 'é🦀\u0000', detail: '{"a":"\\"" }' })]);
    await store.audit.append(rows(2, 700));
    expect(store.status().rows.audit).toBe(700);
    await store.stop();
    const again = await openStore(dataDir);
    expect(again.audit.last()).toEqual(row(700));
    const all = [...again.audit.iterate()];
    expect(all[0]).toEqual(row(1, { at: 1764406523123.5, subject: 'é🦀\u0000', detail: '{"a":"\\"" }' }));
    expect(all.slice(1)).toEqual(rows(2, 700));
  });

  it('shows its last row while it only waits', async () => {
    const store = await openStore(await folder());
    await store.audit.append(rows(1, 2));
    const written = store.audit.append(rows(3, 4));
    expect(store.audit.last()).toEqual(row(4));
    await written;
    expect(store.audit.last()).toEqual(row(4));
  });

  it('is filtered and paged, newest first, or oldest first after a number', async () => {
    const store = await openStore(await folder());
    const list = rows(1, 30).map((one) =>
      row(one.sequence, {
        kind: one.sequence % 10 === 0 ? 'denied' : 'allowed',
        actor: one.sequence % 2 === 0 ? 'operator/socket' : 'client/grafana',
      }),
    );
    await store.audit.append(list);
    const numbers = (query: Parameters<typeof store.audit.read>[0]): number[] =>
      store.audit.read(query).map(({ sequence }) => sequence);
    expect(numbers({ limit: 3 })).toEqual([30, 29, 28]);
    expect(numbers({ before: 3, limit: 10 })).toEqual([2, 1]);
    expect(numbers({ after: 27, limit: 2 })).toEqual([28, 29]);
    expect(numbers({ kind: 'denied', limit: 10 })).toEqual([30, 20, 10]);
    expect(numbers({ actor: 'client/grafana', after: 26, limit: 10 })).toEqual([27, 29]);
  });

  it('is read from the file without a daemon and beside one, in the order in which rows lie there', async () => {
    const dataDir = await folder();
    expect(() => [...readAudit(dataDir)]).toThrow(expect.objectContaining({ code: 'STORE_MISSING' }));
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    await store.audit.append(rows(1, 5));
    expect([...readAudit(dataDir)]).toEqual(rows(1, 5));
    await store.stop();
    const db = new Database(join(dataDir, 'parlmesh.db'));
    db.exec('UPDATE audit SET sequence = 99 WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE sequence = 4');
    db.close();
    expect([...readAudit(dataDir)].map(({ sequence }) => sequence)).toEqual([1, 99, 3, 2, 5]);
  });
});

it('the chain is good as it comes back from the file, whatever its rows say, and after old ones went', async () => {
  const key = keyOf('auditor');
  const dataDir = await folder();
  const clock = new VirtualClock();
  const store = await openStore(dataDir, { clock });
  const log = new AuditLog({
    ...{ self: key.nodeId, storage: store.audit, clock, logger: silentLogger },
    sign: (body) => key.sign('audit', body),
  });
  log.start();
  // The cut after 400 characters falls into the middle of one.
  const subject = `${'x'.repeat(399)}🦀`;
  for (let i = 0; i < 300; i++) {
    await log.record({ kind: 'allowed', actor: `é\u0000${i}\ud800`, subject, detail: { text: '\udc00"' } });
    clock.advance(1.5);
  }
  await log.stop();
  const verify = () =>
    verifyAudit(key.nodeId, readAudit(dataDir), (body, signature) => key.publicKey.verify('audit', body, signature));
  expect(verify()).toMatchObject({ ok: true, rows: 302, checkpoints: 2, unsigned: 0 });
  await store.stop();
  const db = openWritable(join(dataDir, 'parlmesh.db'));
  expect(removeOldAudit(db, clock.wall() + 1, 1000)).toBe(301);
  db.close();
  expect(verify()).toMatchObject({ ok: true, rows: 1, checkpoints: 1 });
});

it('old rows of the audit log go up to a checkpoint, which stays', async () => {
  const db = openWritable(join(await folder(), 'parlmesh.db'));
  migrate(db);
  const left = (): number[] => db.prepare<[], number>('SELECT sequence FROM audit ORDER BY id').pluck().all();
  const write = auditWriter(db);
  expect(write(rows(1, 10))).toBe(10);
  expect(write(rows(9, 11))).toBe(1);
  expect(removeOldAudit(db, 1e9, 100)).toBe(0);
  write([row(12, { kind: 'checkpoint' }), ...rows(13, 20), row(21, { kind: 'checkpoint' }), row(22)]);
  expect(removeOldAudit(db, 20_000, 8)).toBe(8);
  expect(removeOldAudit(db, 20_000, 8)).toBe(3);
  expect(removeOldAudit(db, 20_000, 8)).toBe(0);
  expect(left()).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
  expect(removeOldAudit(db, 1e9, 100)).toBe(9);
  expect(left()).toEqual([21, 22]);
  db.close();
});
