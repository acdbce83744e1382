// Runs `ip`: once to the end, and as one long-lived `ip -batch` that takes a line whenever a route changes, which costs
// no process each time.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { ParlmeshError } from '../../core/errors.ts';

const ONCE_WITHIN_MS = 5000;
const MOST_COMPLAINT = 300;
/** Bytes that may wait for a process that takes nothing any more. */
const MOST_WAITING = 1024 * 1024;

/** What it printed; rejects with `KERNEL_ROUTES_REFUSED` and its last words. */
export function ip(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ip', args, { timeout: ONCE_WITHIN_MS }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const isMissing = 'code' in error && error.code === 'ENOENT';
      const cause = isMissing ? 'there is no program "ip" (Debian: iproute2)' : stderr.trim() || error.message;
      reject(
        new ParlmeshError('KERNEL_ROUTES_REFUSED', `ip ${args.join(' ')}: ${cause.slice(0, MOST_COMPLAINT)}`, {
          hint: 'Writing routes needs CAP_NET_ADMIN: see "Kernel routes" in docs/install.md',
        }),
      );
    });
  });
}

export class IpBatch {
  readonly #complained: (complaint: string) => void;
  #child: ChildProcess | undefined;

  /** @param complained a line failed, or the program ended: what stands in the kernel is no longer known */
  constructor(complained: (complaint: string) => void) {
    this.#complained = complained;
  }

  write(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const { stdin } = this.#running();
    if (stdin === null || stdin.writableLength > MOST_WAITING) this.#complained('ip takes no more commands');
    else stdin.write(`${lines.join('\n')}\n`);
  }

  /** Resolves when everything that was written is carried out. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
    });
    child.stdin?.end();
    await ended;
  }

  #running(): ChildProcess {
    if (this.#child !== undefined) return this.#child;
    const child = spawn('ip', ['-force', '-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    this.#child = child;
    child.unref();
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#complained(text.slice(0, MOST_COMPLAINT)));
    const ended = (cause: string): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#complained(cause);
    };
    child.once('error', ({ message }) => ended(message));
    child.once('exit', (code, signal) => ended(`ip ended with ${code ?? signal}`));
    return child;
  }
}
