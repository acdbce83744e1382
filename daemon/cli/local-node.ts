// A node run as a child process on this machine, with its own data folder, on loopback: what `parlmesh demo`, the
// benchmarks and the end-to-end tests start, ask and stop.

import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ParlmeshError } from '../../core/errors.ts';

const program = resolve(import.meta.dirname, '../../bin/parlmesh');

export interface LocalNodeOptions {
  name: string;
  dataDir: string;
  /** `PARLMESH_…` variables on top of loopback addresses and free ports. */
  settings?: Record<string, string>;
  /** Configuration file. */
  config?: string;
  /** Words before the program, e.g. `['ip', 'netns', 'exec', 'barn']`; what they name must keep the process id. */
  launcher?: readonly string[];
}

export interface Answer {
  status: number;
  body: string;
}

/** Free ports and loopback only, so that any number of nodes run beside each other and disturb nobody. */
const LOOPBACK: Record<string, string> = {
  PARLMESH_LOG_LEVEL: 'warn',
  PARLMESH_HTTP_HOST: '127.0.0.1',
  PARLMESH_HTTP_PORT: '0',
  PARLMESH_MQTT_EMBEDDED_PORT: '0',
  PARLMESH_MESH_MDNS: 'false',
  PARLMESH_MESH_LISTEN: '/ip4/127.0.0.1/tcp/0',
};

export class LocalNode {
  readonly name: string;
  readonly dataDir: string;
  readonly socket: string;
  readonly #options: LocalNodeOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(null);
  #output = '';

  constructor(options: LocalNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.dataDir = options.dataDir;
    this.socket = join(options.dataDir, 'parlmesh.sock');
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The last 64 kB that the daemon printed. */
  get output(): string {
    return this.#output;
  }

  /** The exit code of the process that runs or ran last; null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Starts the process; `ready` waits for it. */
  start(): void {
    const { config, settings, launcher = [] } = this.#options;
    const run = ['run', '--data-dir', this.dataDir, '--name', this.name];
    const [command = program, ...args] = [...launcher, program, ...run, ...(config ? ['--config', config] : [])];
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...LOOPBACK, ...settings },
    });
    this.#child = child;
    this.#output = '';
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-65_536);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#exited = new Promise((done) => {
      child.once('exit', (code) => done(code));
      child.once('error', () => done(1));
    });
  }

  /** Resolves when the node serves; rejects with its last words when it ends or takes longer than `limitMs`. */
  async ready(limitMs = 30_000): Promise<void> {
    let ended = false;
    void this.#exited.then(() => {
      ended = true;
    });
    const end = performance.now() + limitMs;
    for (;;) {
      const answer = await this.request('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) return;
      if (ended || performance.now() > end) {
        throw new ParlmeshError(
          'NODE_NOT_READY',
          `node ${this.name} ${ended ? 'ended' : `was not ready after ${limitMs / 1000} s`}: ${this.#output.trim() || answer?.body || 'it said nothing'}`,
        );
      }
      await sleep(20);
    }
  }

  /** One HTTP exchange over the node's Unix socket. */
  request(method: string, path: string, body?: unknown): Promise<Answer> {
    return new Promise((done, fail) => {
      const call = request(
        {
          socketPath: this.socket,
          method,
          path,
          headers: body === undefined ? {} : { 'content-type': 'application/json' },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', fail);
          response.on('end', () => done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
        },
      );
      call.on('error', fail);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** GET as JSON, e.g. `get('routes')`; rejects when the node answers with an error. */
  async get<T>(path: string): Promise<T> {
    return this.#json<T>(await this.request('GET', `/api/v3/${path}`), path);
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>(await this.request('POST', `/api/v3/${path}`, body), path);
  }

  /** Stops in order (SIGTERM), or at once (`SIGKILL`), and waits for the end. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return this.#exited;
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const code = await this.#exited;
    clearTimeout(late);
    return code;
  }

  #json<T>(answer: Answer, path: string): T {
    if (answer.status >= 300) {
      throw new ParlmeshError('NODE_REFUSED', `node ${this.name} answered ${answer.status} to ${path}: ${answer.body}`);
    }
    // What is done without a word (204) has no body.
    return (answer.body === '' ? undefined : JSON.parse(answer.body)) as T;
  }
}

/** Brings `joiner` into the network of `inviter`; both run. */
export async function joinNetworkOf(inviter: LocalNode, joiner: LocalNode): Promise<void> {
  const { token } = await inviter.post<{ token: string }>('network/invites', {
    expiresInSeconds: 600,
    name: joiner.name,
  });
  await joiner.post('network/join', { token });
}
