import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir, prepareDataDir, resolveDataDir } from '../../../daemon/config/data-dir.ts';

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'parlmesh-data-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that takes the folder, says `locked PID` or the error, and keeps it until it is killed. */
async function contender(dir: string): Promise<{ child: ChildProcess; said: string }> {
  const script = `
    import { lockDataDir } from ${JSON.stringify(path.join(import.meta.dirname, '../../../daemon/config/data-dir.ts'))};
    try {
      lockDataDir(${JSON.stringify(dir)});
      console.log('locked ' + process.pid);
      setInterval(() => {}, 1000);
    } catch (error) { console.log(error.code + ' ' + error.data.pid + ' ' + error.message); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = await once(child.stdout!, 'data');
  return { child, said: String(said).trim() };
}

describe('resolveDataDir', () => {
  it('takes the configuration, then systemd’s folder, then the user’s', () => {
    const env = { STATE_DIRECTORY: '/var/lib/parlmesh:/var/lib/other', XDG_DATA_HOME: '/data' };
    expect(resolveDataDir({ dataDir: '/srv/mesh' }, env, '/home/me')).toBe('/srv/mesh');
    expect(resolveDataDir({ dataDir: '~/mesh' }, env, '/home/me')).toBe('/home/me/mesh');
    expect(resolveDataDir({ dataDir: 'mesh' }, env, '/home/me')).toBe(path.resolve('mesh'));
    expect(resolveDataDir({}, env, '/home/me')).toBe('/var/lib/parlmesh');
    expect(resolveDataDir({}, { XDG_DATA_HOME: '/data' }, '/home/me')).toBe('/data/parlmesh');
    expect(resolveDataDir({}, { XDG_DATA_HOME: 'relative' }, '/home/me')).toBe('/home/me/.local/share/parlmesh');
  });
});

describe('prepareDataDir', () => {
  it('makes the folder and closes an open one to others', () => {
    const dir = path.join(folder, 'a/b');
    prepareDataDir(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    chmodSync(dir, 0o755);
    prepareDataDir(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  it('says why a folder cannot be used', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(() => prepareDataDir(file)).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }));
    expect(() => lockDataDir(path.join(file, 'below'))).toThrow(/cannot be used/);
    mkdirSync(path.join(folder, 'lock'));
    expect(() => lockDataDir(folder)).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }));
  });
});

describe('lockDataDir', () => {
  it('refuses a second daemon with the process id of the first', async () => {
    const lock = lockDataDir(folder);
    const { said } = await contender(folder);
    expect(said).toBe(`DATA_DIR_IN_USE ${process.pid} The data folder ${folder} is in use by process ${process.pid}.`);
    expect(() => lockDataDir(folder)).toThrow(expect.objectContaining({ code: 'DATA_DIR_IN_USE' }));
    lock.release();
  });

  it('gives the folder back on release, and only once', async () => {
    const lock = lockDataDir(folder);
    lock.release();
    const { said } = await contender(folder);
    expect(said).toMatch(/^locked /);
    lock.release();
    expect(existsSync(path.join(folder, 'daemon.pid'))).toBe(true);
    expect(() => lockDataDir(folder)).toThrow(expect.objectContaining({ code: 'DATA_DIR_IN_USE' }));
  });

  it('takes over at once from a daemon that was killed', async () => {
    const { child, said } = await contender(folder);
    expect(said).toBe(`locked ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(readFileSync(path.join(folder, 'daemon.pid'), 'utf8')).toBe(`${child.pid}\n`);
    const lock = lockDataDir(folder);
    expect(readFileSync(path.join(folder, 'daemon.pid'), 'utf8')).toBe(`${process.pid}\n`);
    lock.release();
  });

  it('is not fooled by a pid file that names a living stranger, or holds garbage', () => {
    for (const text of [`${process.ppid}\n`, 'garbage', '']) {
      writeFileSync(path.join(folder, 'daemon.pid'), text);
      lockDataDir(folder).release();
    }
  });

  it('is won by exactly one of several that race for it', async () => {
    const results = await Promise.all(Array.from({ length: 6 }, () => contender(folder)));
    const said = results.map((result) => result.said.split(' ')[0]);
    expect(said.filter((word) => word === 'locked')).toHaveLength(1);
    expect(said.filter((word) => word === 'DATA_DIR_IN_USE')).toHaveLength(5);
  });
});

describe('A folder that cannot be made', () => {
  it('is refused at once where the file system makes none, as in /proc', () => {
    expect(() => prepareDataDir('/proc/parlmesh-nowhere/data')).toThrow(/cannot be used/);
  });
});
