// Programs that the benches run: once to the end, or until they are stopped.

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds of the machine's monotonic clock, the same in every process. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Of a core, that a process has used since its start; the kernel counts in hundredths. */
export function processorSeconds(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;

/** Runs a program with `input` and gives what it printed; rejects with its last words when it fails. */
export function run([program, ...args]: readonly [string, ...string[]], input = ''): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: 'pipe' });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done(output);
      else fail(new Error(`${program} ${args.join(' ')} ended with ${code}: ${complaint.trim() || output.trim()}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/**
 * Brings commands to the brink, so that only they themselves take time: resolves to what starts them all and waits for
 * their end. Each is given with what it runs inside of.
 */
export async function poised(commands: readonly (readonly [string, ...string[]])[]): Promise<() => Promise<void>> {
  const waiting = commands.map(
    ([program, ...args]) => new Running([program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(waiting.map(({ child }) => once(child.stdout!, 'data')));
  return async () => {
    for (const { child } of waiting) child.stdin!.end('\n');
    await Promise.all(waiting.map(({ ended }) => ended));
    const failed = waiting.find(({ child }) => child.exitCode !== 0);
    if (failed !== undefined)
      throw new Error(`${failed.child.spawnargs.join(' ')} ended with ${failed.child.exitCode}`);
  };
}

/** A program that says that it is there, waits for a line, and becomes the command after it. */
export const POISED = ['sh', '-c', 'echo; read go; exec "$@"', 'poised'] as const;

/** A program that runs until it is stopped. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;

  constructor([program, ...args]: readonly [string, ...string[]], options: SpawnOptions = { stdio: 'ignore' }) {
    this.child = spawn(program, args, options);
    this.ended = new Promise((done) => {
      this.child.once('exit', () => done());
      this.child.once('error', () => done());
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await this.ended;
    clearTimeout(late);
  }
}

/**
 * Asks until `condition` holds; rejects after `limit` milliseconds, naming what was waited for. A question that fails (a
 * node that is too busy closes the connection) is asked again; the last failure is named.
 */
export async function until(what: string, limit: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = monotonic() + limit;
  let failure = '';
  const holds = async (): Promise<boolean> => {
    try {
      return await condition();
    } catch (error) {
      failure = `; last failure: ${error instanceof Error ? error.message : error}`;
      return false;
    }
  };
  while (!(await holds())) {
    if (monotonic() > end) throw new Error(`not within ${limit / 1000} s: ${what}${failure}`);
    await sleep(50);
  }
}

/** What `work` comes to; undefined where it fails, or takes longer than `limit` milliseconds. */
export function within<T>(limit: number, work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work.catch(() => undefined), sleep(limit, undefined, { ref: false })]);
}
