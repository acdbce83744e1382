// A program that captures: one long-lived process whose standard output is pictures, and whose last words are the cause
// of its end. It never outlives its camera.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { redactUrls } from './source.ts';

export interface CaptureProgram {
  program: string;
  arguments: readonly string[];
  /** Code of the error when it ends, and when it is not there. */
  ended: string;
  missing: string;
  /** What to do when it is not there. */
  hint: string;
}

/** Bytes of a program's last words that are kept for the cause. */
const TAIL_BYTES = 2_000;
/** Milliseconds that a program has to end by itself before it is killed. */
const KILL_AFTER: Millis = 2_000;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Runs it until `signal` aborts, then resolves; rejects with the cause when it ends before.
 * @param take is given its standard output, a piece at a time; what it throws ends the program
 */
export async function capture(
  { program, arguments: args, ended: endedCode, missing, hint }: CaptureProgram,
  take: (chunk: Buffer) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, so that helpers it may start end with it.
    detached: true,
  });
  const ended = endOf(
    child,
    (cause) => new ParlmeshError(missing, `${program} cannot be started: ${messageOf(cause)}`, { cause, hint }),
  );
  const stop = (): void => end(child, clock);
  signal.addEventListener('abort', stop, { once: true });
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL_BYTES);
  });
  try {
    for await (const chunk of child.stdout) take(chunk);
    const how = await ended;
    if (signal.aborted) return;
    throw new ParlmeshError(endedCode, `${program} ended ${how}${lastWords(tail)}`);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    await ended.catch(() => {});
  }
}

/**
 * A program's own reason, in the same words for the same reason: without the addresses in memory that ffmpeg puts before
 * them, and without what it says after every failure.
 */
export function lastWords(tail: string): string {
  const reason = redactUrls(tail)
    .split('\n')
    .map((line) => line.replace(/^(\[[^\]]* @ 0x[0-9a-f]+\] *)+/i, '').replace(/^Error opening input( files?)?: /, ''))
    .map((line) => line.replace(/ ?@? ?\b0x[0-9a-f]+/gi, '').trim())
    .findLast((line) => line !== '' && !/^(Error opening input file .*|Conversion failed!|Exiting .*)$/.test(line));
  return reason === undefined ? '' : ` (${reason.slice(-300)})`;
}

/** Resolves with how the process ended; rejects when it could not be started. */
function endOf(child: Child, notStarted: (cause: Error) => ParlmeshError): Promise<string> {
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(error)));
    child.once('close', (code, signal) => resolve(signal === null ? `with code ${code}` : `by ${signal}`));
  });
  // Awaited later; meanwhile a failure to start is not an unhandled one.
  ended.catch(() => {});
  return ended;
}

function end(child: Child, clock: Clock): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  killGroup(pid, 'SIGTERM');
  const timer = clock.after(KILL_AFTER, () => killGroup(pid, 'SIGKILL'));
  child.once('exit', () => timer.cancel());
}

function killGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}
