import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { openWritable } from '../../../daemon/store/database.ts';
import { migrate, migrations, SCHEMA_VERSION, schemaVersion } from '../../../daemon/store/migrations.ts';
import { backupStore, checkStore, restoreStore } from '../../../daemon/store/offline.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { newStore, storeConfig } from './new-store.ts';
import { folder, openStore } from './open-store.ts';

function say(store: Store, message: string): void {
  store.journal.record({ severity: 'info', kind: 'test.said', subject: 'node', message });
}

function said(store: Store): string[] {
  return store.events({ kind: 'test.said' }).map(({ message }) => message);
}

/** A store's file as the first version made it, with one event. */
async function firstVersion(): Promise<{ dataDir: string; file: string }> {
  const dataDir = await folder();
  const file = join(dataDir, 'parlmesh.db');
  const db = openWritable(file);
  migrate(db, migrations.slice(0, 1));
  db.exec("INSERT INTO events VALUES (1, 1000, 'warning', 'test.said', 'node', 'from version 1', NULL)");
  db.close();
  return { dataDir, file };
}

describe('migrations', () => {
  it('bring a file of version 1 to the newest, after a backup', async () => {
    const { dataDir } = await firstVersion();
    const store = await openStore(dataDir);
    expect(store.status().schemaVersion).toBe(SCHEMA_VERSION);
    expect(said(store)).toEqual(['from version 1']);
    expect(store.events({ severity: 'warning' })).toHaveLength(1);
    expect(store.events({ kind: 'store.migrated' })).toHaveLength(1);
    expect(store.tokens.list()).toEqual([]);

    const [backup] = readdirSync(join(dataDir, 'backups'));
    const kept = new Database(join(dataDir, 'backups', backup!), { readonly: true });
    expect(schemaVersion(kept)).toBe(1);
    kept.close();
  });

  it('make the same schema step by step as at once', async () => {
    const schema = (db: Database.Database): unknown[] => db.prepare('SELECT type, name, sql FROM sqlite_schema').all();
    const atOnce = new Database(':memory:');
    migrate(atOnce);
    const { file } = await firstVersion();
    const stepped = openWritable(file);
    expect(migrate(stepped)).toBe(1);
    expect(migrate(stepped)).toBe(SCHEMA_VERSION);
    expect(schema(stepped)).toEqual(schema(atOnce));
    stepped.close();
  });

  it('leave the version before when one fails half way', async () => {
    const { file } = await firstVersion();
    const db = openWritable(file);
    const broken = { title: 'broken', sql: 'CREATE TABLE half (x INTEGER) STRICT; CREATE TABLE events (x INTEGER);' };
    expect(() => migrate(db, [...migrations.slice(0, 1), broken])).toThrow('already exists');
    expect(schemaVersion(db)).toBe(1);
    expect(db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0);
    db.close();
  });

  it('refuse a file of a newer version, and leave it untouched', async () => {
    const { dataDir, file } = await firstVersion();
    const db = openWritable(file);
    migrate(db);
    db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    const store = newStore(dataDir);
    await expect(store.start(new AbortController().signal)).rejects.toMatchObject({
      code: 'STORE_NEWER',
      message: expect.stringContaining(`has schema version ${SCHEMA_VERSION + 1}`),
      hint: expect.stringContaining('newer parlmesh'),
    });
    expect(readdirSync(dataDir).filter((name) => name.includes('corrupt'))).toEqual([]);
    const after = new Database(file, { readonly: true });
    expect(schemaVersion(after)).toBe(SCHEMA_VERSION + 1);
    after.close();
  });

  it("refuse another program's file", async () => {
    const dataDir = await folder();
    const db = new Database(join(dataDir, 'parlmesh.db'));
    db.exec('CREATE TABLE theirs (x); PRAGMA user_version = 1');
    db.close();
    const store = newStore(dataDir);
    await expect(store.start(new AbortController().signal)).rejects.toMatchObject({ code: 'STORE_FOREIGN' });
    const after = new Database(join(dataDir, 'parlmesh.db'), { readonly: true });
    expect(after.pragma('journal_mode', { simple: true })).toBe('delete');
    after.close();
  });
});

describe('backups', () => {
  it('hold what was recorded before, are sound, and the oldest go', async () => {
    const dataDir = await folder();
    const clock = new VirtualClock();
    const store = await openStore(dataDir, { clock, config: { ...storeConfig, backupsKept: 2 } });
    const files: string[] = [];
    for (let i = 1; i <= 3; i++) {
      say(store, `${i}`);
      files.push((await store.backup()).file);
      expect(store.status().lastBackupAt).toBe(clock.wall());
      clock.advance(1000);
    }
    expect(existsSync(files[0]!)).toBe(false);
    const kept = new Database(files[2]!, { readonly: true });
    expect(kept.prepare('SELECT count(*) FROM events').pluck().get()).toBe(3);
    expect(kept.pragma('quick_check', { simple: true })).toBe('ok');
    kept.close();
    expect(readdirSync(join(dataDir, 'backups'))).toHaveLength(2);
  });

  it('are taken on a schedule', async () => {
    const clock = new VirtualClock();
    const store = await openStore(await folder(), { clock, config: { ...storeConfig, backupInterval: 3600 } });
    expect(store.status().lastBackupAt).toBeUndefined();
    clock.advance(10 * 60_000);
    await expect.poll(() => store.status().lastBackupAt, { timeout: 10_000 }).toBe(clock.wall());
    const first = clock.wall();
    // The next is scheduled once the first is finished.
    const later = (): number | undefined => {
      clock.advance(3_600_000);
      return store.status().lastBackupAt;
    };
    await expect.poll(later, { timeout: 10_000 }).toBeGreaterThan(first);
  });

  it('are restored into a running store, and what was there is kept beside', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    say(store, 'old');
    const { file } = await store.backup();
    say(store, 'new');
    const { replaced } = await store.restore(file);
    expect(said(store)).toEqual(['old']);
    const before = new Database(replaced!, { readonly: true });
    expect(before.prepare("SELECT count(*) FROM events WHERE message = 'new'").pluck().get()).toBe(1);
    before.close();
    say(store, 'goes on');
    await expect.poll(() => store.status().queued, { timeout: 10_000 }).toBe(0);
    await store.putState('key', 1);
    expect(said(store)).toEqual(['goes on', 'old']);
  });

  it('that are not sound are refused, and the store goes on', async () => {
    const dataDir = await folder();
    const store = await openStore(dataDir);
    say(store, 'kept');
    const broken = join(dataDir, 'broken.db');
    writeFileSync(broken, 'no database'.repeat(1000));
    await expect(store.restore(broken)).rejects.toMatchObject({ code: 'STORE_BACKUP_UNSOUND' });
    await expect(store.restore(join(dataDir, 'none.db'))).rejects.toMatchObject({ code: 'STORE_BACKUP_MISSING' });
    expect(said(store)).toEqual(['kept']);
    await store.putState('key', 1);
  });
});

describe('without a daemon', () => {
  it('the store is checked, backed up and restored', async () => {
    const dataDir = await folder();
    expect(checkStore(dataDir)).toMatchObject({ ok: false, problems: [expect.stringContaining('does not exist')] });
    expect(() => backupStore(dataDir, 0, 3)).toThrow(expect.objectContaining({ code: 'STORE_MISSING' }));
    const store = newStore(dataDir);
    await store.start(new AbortController().signal);
    say(store, 'old');
    await store.stop();
    expect(checkStore(dataDir)).toEqual({ ok: true, problems: [] });
    const { file, bytes } = backupStore(dataDir, Date.UTC(2026, 10, 24), 3);
    expect(file).toContain('parlmesh-20261124T000000.000Z.db');
    expect(bytes).toBeGreaterThan(4096);
    writeFileSync(join(dataDir, 'parlmesh.db'), 'damaged'.repeat(1000));
    expect(checkStore(dataDir)).toMatchObject({ ok: false, problems: [expect.stringContaining('not a database')] });
    expect(restoreStore(dataDir, file, 0).replaced).toContain('parlmesh.db.replaced-19700101T000000.000Z');
    expect(said(await openStore(dataDir))).toEqual(['old']);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'what root restores and backs up belongs to the owner of the folder (needs root)',
    async () => {
      const dataDir = await folder();
      const store = newStore(dataDir);
      await store.start(new AbortController().signal);
      await store.stop();
      chownSync(dataDir, 65534, 65534);
      const { file } = backupStore(dataDir, 0, 3);
      expect(statSync(file).uid).toBe(65534);
      restoreStore(dataDir, file, 0);
      expect(statSync(join(dataDir, 'parlmesh.db')).uid).toBe(65534);
    },
  );
});

describe('durability', () => {
  const strace = (() => {
    try {
      execFileSync('strace', ['-V'], { stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(!strace)(
    'syncs the log between the last write of a commit and its acknowledgement (needs strace)',
    async () => {
      const dataDir = join(await folder(), 'data');
      await mkdir(dataDir);
      const trace = join(dataDir, '..', 'trace');
      const child = join(import.meta.dirname, 'acknowledge-ten.ts');
      execFileSync('strace', [
        '-f',
        '-y',
        '-e',
        'trace=pwrite64,fdatasync,fsync,write',
        '-o',
        trace,
        process.execPath,
        child,
        dataDir,
      ]);
      const calls = execFileSync('grep', ['-E', 'parlmesh.db-wal|"acknowledged', trace], { encoding: 'utf8' }).split(
        '\n',
      );
      let unsynced = false;
      let acknowledged = 0;
      for (const call of calls) {
        if (/pwrite64\(.*-wal/.test(call)) unsynced = true;
        else if (/(fdatasync|fsync)\(.*-wal/.test(call)) unsynced = false;
        else if (call.includes('"acknowledged')) {
          acknowledged += 1;
          expect(unsynced).toBe(false);
        }
      }
      expect(acknowledged).toBe(10);
    },
  );
});
