// What parlmesh is measured beside: BullMQ on a Redis of its own (in memory only, and synced to the disk at every
// write as parlmesh's store is), and Dask. Each is a program that answers `many COUNT` with the milliseconds that all
// of so many no-op tasks took, and `single COUNT` with those of each, as a line of JSON.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInstalled, Running, until } from '../rig/processes.ts';
import { note } from '../rig/report.ts';

const PYTHON = '/usr/bin/python3';
const REDIS = 'redis-server';
const [READY_WITHIN, ENDS_WITHIN] = [20_000, 10_000];
const NO_PERSISTENCE = ['--appendonly', 'no'];
const EVERY_WRITE = ['--appendonly', 'yes', '--appendfsync', 'always'];

export class Peer {
  readonly name: string;
  readonly #program: Running;
  readonly #answers: AsyncIterator<string>;
  readonly #release: () => Promise<void>;

  constructor(name: string, command: readonly [string, ...string[]], release: () => Promise<void>) {
    this.name = name;
    this.#program = new Running(command, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines: Interface = createInterface({ input: this.#program.child.stdout! });
    this.#answers = lines[Symbol.asyncIterator]();
    this.#release = release;
  }

  async ready(): Promise<this> {
    await this.#answer();
    return this;
  }

  /** Tasks a second. */
  async rate(count: number): Promise<number> {
    return (count / Number(await this.#ask(`many ${count}`))) * 1000;
  }

  /** Milliseconds from submission to result of each. */
  async latencies(count: number): Promise<number[]> {
    const answer = await this.#ask(`single ${count}`);
    if (!Array.isArray(answer)) throw new Error(`${this.name} answered no list`);
    return answer.map(Number);
  }

  /** The program ends by itself when it is asked no more; it is ended where it does not. */
  async stop(): Promise<void> {
    this.#program.child.stdin!.end();
    await Promise.race([this.#program.ended, sleep(ENDS_WITHIN, undefined, { ref: false })]);
    await this.#program.stop();
    await this.#release();
  }

  #ask(question: string): Promise<unknown> {
    this.#program.child.stdin!.write(`${question}\n`);
    return this.#answer();
  }

  async #answer(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${this.name} ended before it answered`);
    return JSON.parse(value);
  }
}

/** Those that are installed; of the others, a note says what is missing. */
export async function startPeers(processes: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  if (processes === 1) {
    if (isInstalled(REDIS)) {
      peers.push(await bullmq('BullMQ, Redis in memory', NO_PERSISTENCE));
      peers.push(await bullmq('BullMQ, Redis synced at every write', EVERY_WRITE));
    } else note('BullMQ is not measured: redis-server is not installed (apt-get install redis-server)');
  }
  if (spawnSync(PYTHON, ['-c', 'import distributed'], { stdio: 'ignore' }).status === 0) {
    const command = [PYTHON, join(import.meta.dirname, 'dask_tasks.py'), String(processes)] as const;
    peers.push(await new Peer('Dask', command, async () => {}).ready());
  } else note('Dask is not measured: it is not installed (apt-get install python3-distributed)');
  return peers;
}

async function bullmq(name: string, persistence: readonly string[]): Promise<Peer> {
  const dir = await mkdtemp(join(tmpdir(), 'parlmesh-redis-'));
  const port = String(await freePort());
  const at = ['--bind', '127.0.0.1', '--port', port, '--dir', dir, '--save', ''];
  const redis = new Running([REDIS, ...at, ...persistence]);
  await until(`Redis answers at port ${port}`, READY_WITHIN, () => answers(port));
  return new Peer(name, [process.execPath, join(import.meta.dirname, 'bullmq.ts'), port], async () => {
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  }).ready();
}

const answers = (port: string): boolean => spawnSync('redis-cli', ['-p', port, 'ping']).stdout?.includes('PONG');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  await new Promise((done) => server.close(done));
  return address.port;
}
