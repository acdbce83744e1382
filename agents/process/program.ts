// Runs one program to its end: an argument list and never a shell, an environment of named variables, no open files but
// its three streams, and limits on time, output and memory. What it started ends with it.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { launchOf, SEARCH_PATH } from './launch.ts';
import { endGroup, signalGroup } from './process-group.ts';

export interface ProgramOrder {
  argv: readonly string[];
  folder: string;
  /** All that it sees, besides PATH and LANG. */
  environment: Readonly<Record<string, string>>;
  stdin?: Uint8Array | string;
  timeout: Millis;
  /** Of output and errors together. */
  mostOutputBytes: number;
  /** For each of its processes. */
  memoryBytes?: number;
  nice: number;
}

export interface ProgramOutcome {
  /** Undefined when a signal ended it. */
  exitCode: number | undefined;
  signal: NodeJS.Signals | undefined;
  stdout: Buffer;
  stderr: Buffer;
  seconds: number;
}

export interface ProgramWatch {
  clock: Clock;
  /** Ends it; `runProgram` then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Hears errors as they are printed. */
  onStderr?(chunk: Buffer): void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Resolves when it has ended by itself, whatever its exit code. Rejects with `PROGRAM_NOT_FOUND`, `PROGRAM_TIMED_OUT`,
 * `PROGRAM_OUTPUT_TOO_LARGE`, `LIMIT_UNAVAILABLE`, or the reason of the abort; nothing of it runs on then.
 */
export async function runProgram(order: ProgramOrder, watch: ProgramWatch): Promise<ProgramOutcome> {
  const { clock, signal } = watch;
  signal?.throwIfAborted();
  const [program = '', ...argv] = launchOf(order.argv, {
    nice: order.nice,
    ...(order.memoryBytes !== undefined && { dataBytes: order.memoryBytes }),
  });
  const began = clock.now();
  const child: Child = spawn(program, argv, {
    cwd: order.folder,
    env: { PATH: SEARCH_PATH, LANG: 'C.UTF-8', ...order.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let cause: unknown;
  const end = (reason: unknown): void => {
    if (cause !== undefined) return;
    cause = reason;
    endGroup(child, clock);
  };
  const onAbort = (): void => end(signal?.reason ?? new ParlmeshError('PROGRAM_ABORTED', 'it was told to end'));
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = clock.after(order.timeout, () =>
    end(new ParlmeshError('PROGRAM_TIMED_OUT', `"${order.argv[0]}" did not end within ${order.timeout / 1000} s`)),
  );
  try {
    const output = collect(child, order, watch, end);
    // A program may end before it has read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(order.stdin ?? '');
    const { exitCode, killedBy } = await ended(child, order);
    if (cause !== undefined) throw cause;
    const [stdout, stderr] = output();
    return { exitCode, signal: killedBy, stdout, stderr, seconds: (clock.now() - began) / 1000 };
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

function collect(child: Child, order: ProgramOrder, watch: ProgramWatch, end: (reason: unknown) => void) {
  const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
  let bytes = 0;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > order.mostOutputBytes) {
        const most = `more than ${order.mostOutputBytes} bytes`;
        return end(new ParlmeshError('PROGRAM_OUTPUT_TOO_LARGE', `"${order.argv[0]}" printed ${most}`));
      }
      chunks[name].push(chunk);
      if (name === 'stderr') watch.onStderr?.(chunk);
    });
  }
  return (): [Buffer, Buffer] => [Buffer.concat(chunks.stdout), Buffer.concat(chunks.stderr)];
}

/** Resolves when the process is gone and its output read; what it left behind in its group is killed. */
function ended(child: Child, order: ProgramOrder) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    exitCode: number | undefined;
    killedBy: NodeJS.Signals | undefined;
  }>();
  child.once('error', (error) => {
    const where = `"${order.argv[0]}" in ${order.folder}`;
    reject(new ParlmeshError('PROGRAM_NOT_STARTED', `${where} could not be started: ${messageOf(error)}`));
  });
  // A grandchild that keeps the streams open must not keep us waiting.
  child.once('exit', () => signalGroup(child, 'SIGKILL'));
  child.once('close', (code, signal) => resolve({ exitCode: code ?? undefined, killedBy: signal ?? undefined }));
  return promise;
}
