// The folder of all state: where it is, that only its owner reads it, and that only one daemon uses it.

import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

const LOCK_FILE = 'lock';
const PID_FILE = 'daemon.pid';

/**
 * The folder: `dataDir` of the configuration; else the one systemd made (`STATE_DIRECTORY`); else
 * `$XDG_DATA_HOME/parlmesh` or `~/.local/share/parlmesh`. Absolute; a leading `~/` is the home folder.
 */
export function resolveDataDir(
  config: { dataDir?: string | undefined },
  env: NodeJS.ProcessEnv,
  home: string = homedir(),
): string {
  if (config.dataDir !== undefined) {
    const { dataDir } = config;
    return path.resolve(dataDir === '~' || dataDir.startsWith('~/') ? path.join(home, dataDir.slice(1)) : dataDir);
  }
  // A unit may name several state folders; the first is the daemon's.
  const fromSystemd = env.STATE_DIRECTORY?.split(':')[0];
  if (fromSystemd) return path.resolve(fromSystemd);
  const shared = env.XDG_DATA_HOME && path.isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : undefined;
  return path.join(shared ?? path.join(home, '.local/share'), 'parlmesh');
}

/**
 * Makes the folder, readable by its owner alone (mode 0700).
 * @throws ParlmeshError DATA_DIR_UNUSABLE
 */
export function prepareDataDir(dir: string): void {
  try {
    makeFolders(dir);
    const stat = statSync(dir);
    if (!stat.isDirectory()) throw new Error('it is not a folder');
    if ((stat.mode & 0o077) !== 0) chmodSync(dir, 0o700);
  } catch (thrown) {
    throw new ParlmeshError('DATA_DIR_UNUSABLE', `The data folder ${dir} cannot be used: ${messageOf(thrown)}`, {
      hint: 'Choose another with `--data-dir` or `dataDir`, or give this one to the user that runs parlmesh.',
      cause: thrown,
    });
  }
}

/** One folder after the other: Node's recursive way never ends where a file system makes none, as in /proc. */
function makeFolders(dir: string): void {
  if (statSync(dir, { throwIfNoEntry: false }) !== undefined) return;
  makeFolders(path.dirname(dir));
  mkdirSync(dir, { mode: 0o700 });
}

export interface DataDirLock {
  readonly dir: string;
  /** Gives the folder back. Idempotent. */
  release(): void;
}

/**
 * Takes the folder for this process. The lock is the kernel's own (an exclusive SQLite transaction on an otherwise
 * empty file), so it cannot be won twice and ends with the process however that ends: nothing stale remains, also
 * where process ids are reused or mean nothing (containers that share a volume). The pid file only says who has it.
 * @throws ParlmeshError DATA_DIR_IN_USE, with the holder in `data.pid`; DATA_DIR_UNUSABLE
 */
export function lockDataDir(dir: string): DataDirLock {
  prepareDataDir(dir);
  const pidFile = path.join(dir, PID_FILE);
  const lock = openLock(dir, pidFile);
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (thrown) {
    // A full disk must not stop the daemon: without the file, only the name of the holder is unknown.
    if (!isNoSpace(thrown)) {
      lock.close();
      throw unusable(dir, thrown);
    }
  }
  return {
    dir,
    release: () => {
      if (!lock.open) return;
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function openLock(dir: string, pidFile: string): Database.Database {
  let lock: Database.Database | undefined;
  try {
    lock = new Database(path.join(dir, LOCK_FILE), { timeout: 0 });
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (thrown) {
    lock?.close();
    if (!(thrown instanceof Database.SqliteError && thrown.code === 'SQLITE_BUSY')) throw unusable(dir, thrown);
    const pid = readPid(pidFile);
    const holder = pid === undefined ? 'another process' : `process ${pid}`;
    throw new ParlmeshError('DATA_DIR_IN_USE', `The data folder ${dir} is in use by ${holder}.`, {
      hint: 'Stop that daemon first, or give this one a folder of its own with `--data-dir`.',
      data: { dir, ...(pid === undefined ? {} : { pid }) },
    });
  }
}

function unusable(dir: string, cause: unknown): ParlmeshError {
  return new ParlmeshError('DATA_DIR_UNUSABLE', `The data folder ${dir} cannot be locked: ${messageOf(cause)}`, {
    hint: 'It must be writable and on a file system with locks.',
    cause,
  });
}

function isNoSpace(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
}

/** The holder's process id; undefined while it has not said so yet. */
function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
