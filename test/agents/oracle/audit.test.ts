import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../agents/oracle/audit-chain.ts';
import { AuditLog } from '../../../agents/oracle/audit-log.ts';
import type { AuditRow } from '../../../agents/oracle/audit-storage.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { keyOf, memoryAudit } from './exchange.ts';

const key = keyOf('auditor');
const verifySignature = (body: Uint8Array, signature: Uint8Array): boolean =>
  key.publicKey.verify('audit', body, signature);
const verify = (rows: AuditRow[], witnesses: { sequence: number; hash: string }[] = []) =>
  verifyAudit(key.nodeId, rows, verifySignature, witnesses);

function logOf(storage = memoryAudit(), clock = new VirtualClock()) {
  const log = new AuditLog({
    self: key.nodeId,
    storage,
    sign: (body) => key.sign('audit', body),
    clock,
    logger: silentLogger,
  });
  log.start();
  return { log, storage, clock };
}

const entry = (n: number, kind: 'allowed' | 'denied' = 'allowed') => ({
  kind,
  actor: `agent/${n}`,
  subject: `thing/${n}`,
  detail: { action: 'agent.restart', n },
});

async function writtenRows(count: number): Promise<AuditRow[]> {
  const { log, storage } = logOf();
  for (let n = 0; n < count; n++) await log.record(entry(n));
  await log.stop();
  return storage.rows;
}

describe('The audit log', () => {
  it('is good as it was written, signed every 256 rows and at the end', async () => {
    const rows = await writtenRows(600);
    expect(verify(rows)).toMatchObject({ ok: true, rows: 603, checkpoints: 3, unsigned: 0 });
  });

  it('goes on after a restart, ordered or not', async () => {
    const { log, storage } = logOf();
    await log.record(entry(1));
    const next = logOf(storage);
    await next.log.record(entry(2));
    expect(verify(storage.rows)).toMatchObject({ ok: true, rows: 2, unsigned: 2 });
    await next.log.stop();
    expect(verify(storage.rows)).toMatchObject({ ok: true, rows: 3, unsigned: 0 });
  });

  it('names the first row that was changed, is missing, or lies elsewhere', async () => {
    const rows = await writtenRows(20);
    const fields = ['at', 'kind', 'actor', 'subject', 'detail', 'previousHash', 'hash'] as const;
    fc.assert(
      fc.property(fc.nat(20), fc.constantFrom(...fields), (at, field) => {
        const changed = structuredClone(rows);
        const row = changed[at]!;
        const value = row[field];
        Object.assign(row, {
          [field]: typeof value === 'number' ? value + 1 : `${value.slice(0, -1)}${value.endsWith('0') ? '1' : '0'}`,
        });
        expect(verify(changed)).toMatchObject({ ok: false, fault: { sequence: at + 1 } });
      }),
    );
    expect(verify(rows.filter(({ sequence }) => sequence !== 7)).fault).toMatchObject({ kind: 'missing', sequence: 7 });
    const swapped = [...rows.slice(0, 4), rows[5]!, rows[4]!, ...rows.slice(6)];
    expect(verify(swapped).fault).toMatchObject({ sequence: 5 });
    expect(verify([...rows.slice(0, 9), rows[3]!, ...rows.slice(9)]).fault).toMatchObject({
      kind: 'reordered',
      sequence: 4,
    });
    expect(verify(rows.slice(1)).fault).toMatchObject({ kind: 'missing', sequence: 1 });
  });

  it('may begin at a signed checkpoint, and nowhere else, once older rows went', async () => {
    const rows = await writtenRows(600);
    expect(verify(rows.slice(256))).toMatchObject({ ok: true, from: 257 });
    expect(verify(rows.slice(300)).fault).toMatchObject({ kind: 'missing', sequence: 1 });
  });

  it('cannot be written anew by who has the file but not the key, nor be another node’s', async () => {
    const forger = keyOf('forger');
    const storage = memoryAudit();
    const log = new AuditLog({
      self: key.nodeId,
      storage,
      sign: (body) => forger.sign('audit', body),
      clock: new VirtualClock(),
      logger: silentLogger,
    });
    log.start();
    for (let n = 0; n < 5; n++) await log.record(entry(n));
    await log.stop();
    expect(verify(storage.rows).fault).toMatchObject({ kind: 'rewritten', sequence: 6 });
    expect(verifyAudit(forger.nodeId, await writtenRows(3), verifySignature).fault).toMatchObject({
      kind: 'foreign',
      sequence: 1,
    });
  });

  it('tells that its end was cut off, by a checkpoint that is kept elsewhere', async () => {
    const rows = await writtenRows(20);
    const { sequence, hash } = rows.at(-1)!;
    expect(verify(rows.slice(0, 12)).ok).toBe(true);
    expect(verify(rows.slice(0, 12), [{ sequence, hash }]).fault).toMatchObject({ kind: 'cut-off', sequence: 13 });
    expect(verify(rows, [{ sequence, hash }]).ok).toBe(true);
    const other = await writtenRows(20);
    expect(
      verify(
        other.map((row) => ({ ...row })),
        [{ sequence: 5, hash }],
      ).fault,
    ).toMatchObject({ kind: 'rewritten', sequence: 5 });
  });

  it('writes a few of many alike, and counts the rest', async () => {
    const { log, storage, clock } = logOf();
    for (let n = 0; n < 1000; n++) log.tally({ ...entry(n), actor: 'job/a' });
    clock.advance(60_000);
    await log.record(entry(0));
    const counted = storage.rows
      .filter(({ subject }) => subject === 'many')
      .map(({ detail }) => JSON.parse(detail).count);
    expect(counted).toEqual([970]);
    expect(storage.rows.length).toBe(32);
    expect(verify(storage.rows).ok).toBe(true);
  });

  it('keeps counting while the disk takes nothing for long, and goes on when it does', async () => {
    const storage = memoryAudit();
    const append = storage.append;
    let isFull = true;
    storage.append = (rows) => (isFull ? Promise.reject(new Error('disk full')) : append(rows));
    const { log, clock } = logOf(storage);
    const refused: unknown[] = [];
    for (let n = 0; n < 6_000; n++) log.record(entry(n)).catch((error: unknown) => refused.push(error));
    for (let n = 0; n < 700; n++) for (let again = 0; again < 2; again++) log.tally({ ...entry(n), kind: 'denied' }, 1);
    for (let minute = 0; minute < 70; minute++) clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(refused).toHaveLength(6_000);
    isFull = false;
    clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    await log.record(entry(1));
    await log.stop();
    expect(storage.rows.length).toBeGreaterThan(5_000);
    expect(verify(storage.rows)).toMatchObject({ ok: true, unsigned: 0 });
  });

  it('is as it was written whatever the texts are, however they are cut', async () => {
    const { log, storage } = logOf();
    await log.record({
      ...entry(1),
      actor: `agent/${'x'.repeat(393)}\u{1f600}`,
      subject: '\ud800',
      detail: { action: '\udfff'.repeat(9_000) },
    });
    // As UTF-8 on the disk and back.
    const kept = storage.rows.map((row): AuditRow => JSON.parse(Buffer.from(JSON.stringify(row)).toString()));
    for (const { actor, subject, detail } of kept) {
      for (const text of [actor, subject, detail]) expect(Buffer.from(text).toString()).toBe(text);
    }
    expect(verify(kept).ok).toBe(true);
  });

  it('refuses while the disk does, and loses nothing of what it took', async () => {
    const storage = memoryAudit();
    const append = storage.append;
    let isFull = true;
    storage.append = (rows) => (isFull ? Promise.reject(new Error('disk full')) : append(rows));
    const { log, clock } = logOf(storage);
    await expect(log.record(entry(1))).rejects.toMatchObject({ code: 'AUDIT_NOT_WRITTEN' });
    isFull = false;
    clock.advance(2_000);
    await log.record(entry(2));
    expect(storage.rows.map(({ actor }) => actor)).toEqual(['agent/1', 'agent/2']);
    expect(verify(storage.rows).ok).toBe(true);
  });
});
