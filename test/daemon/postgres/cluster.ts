// A PostgreSQL server of the test's own: its folder, its port on loopback, a user with a password. It may be killed and
// started again.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../free-port.ts';

/** Where the newest installed server's programs are; undefined without one. */
function programs(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')));
}

/** PostgreSQL refuses to run as root: it runs as the user that its package made. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Why there is none here. */
export const noPostgres = programs() === undefined ? 'PostgreSQL is not installed (Debian: postgresql)' : undefined;

const PASSWORD = 'p@ss/w:rd';

export class Cluster {
  readonly #bin = programs() ?? '';
  readonly #owner = owner();
  readonly #folder = mkdtempSync(join(tmpdir(), 'parlmesh-pg-'));
  #port = 0;
  #server: ChildProcess | undefined;
  #databases = 0;

  async create(): Promise<void> {
    const password = join(this.#folder, 'password');
    writeFileSync(password, PASSWORD);
    for (const path of [this.#folder, password]) this.#give(path);
    const settings = [
      '-U',
      'parlmesh',
      '-A',
      'scram-sha-256',
      `--pwfile=${password}`,
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
    ];
    execFileSync(join(this.#bin, 'initdb'), ['-D', this.#data, '--no-sync', ...settings], {
      ...this.#owner,
      ...{ stdio: 'pipe', cwd: this.#folder },
    });
    this.#port = await freePort();
    await this.start();
  }

  /** Starts the server, unless it runs, and waits until it answers. */
  async start(): Promise<void> {
    if (this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null) return;
    for (let attempt = 0; ; attempt++) {
      // Without syncs: processes are killed here, the system is not, and what was written outlives them.
      const address = [
        '-c',
        'fsync=off',
        '-c',
        'listen_addresses=127.0.0.1',
        '-p',
        String(this.#port),
        '-k',
        this.#folder,
      ];
      const server = spawn(join(this.#bin, 'postgres'), ['-D', this.#data, ...address], {
        ...this.#owner,
        ...{ stdio: 'ignore', cwd: this.#folder },
      });
      this.#server = server;
      let ended = false;
      server.once('exit', () => {
        ended = true;
      });
      while (!ended) {
        if (await this.#answers()) return;
        await pause(25);
      }
      // Whatever is left of the last life may hold the folder for a moment.
      if (attempt > 100) throw new Error('PostgreSQL does not start');
      await pause(50);
    }
  }

  /** `SIGQUIT`: all of its processes die at once, and the next start has to recover; `SIGINT`: in order. */
  async kill(signal: 'SIGQUIT' | 'SIGINT'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    server.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill('SIGINT');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  /** The address of a new, empty schema: quicker than a database of its own. */
  async database(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.run(this.url('postgres'), `CREATE SCHEMA ${name}`);
    return `${this.url('postgres')}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
  }

  url(database: string, user = 'parlmesh', password = PASSWORD): string {
    return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${this.#port}/${database}`;
  }

  async run(url: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  async #answers(): Promise<boolean> {
    return this.run(this.url('postgres'), 'SELECT 1').then(
      () => true,
      () => false,
    );
  }

  #give(path: string): void {
    if (this.#owner !== undefined) chownSync(path, this.#owner.uid, this.#owner.gid);
  }
}
