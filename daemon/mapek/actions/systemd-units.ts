// Units of systemd restarted by its own program: an argument list and never a shell, bounded in time and output. Whether
// this user may is for polkit to say (docs/install.md).

import { execFile } from 'node:child_process';
import type { Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';

/** Longer than systemd waits by default until it kills what does not stop (90 s); less than the deadline of the action. */
const TIMEOUT: Millis = 110_000;
const MOST_OUTPUT_BYTES = 16_384;
const MOST_SAID = 300;

/**
 * Resolves once all have started again, with a sentence; rejects with `REPAIR_FAILED` and what systemctl said, or the
 * reason of the abort. Given up, systemd may still go on with it.
 */
export async function restartUnits(units: readonly string[], signal: AbortSignal, timeout = TIMEOUT): Promise<string> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(
    'systemctl',
    // Nobody is there to type a password.
    ['--no-ask-password', 'restart', '--', ...units],
    {
      ...{ timeout, killSignal: 'SIGKILL', maxBuffer: MOST_OUTPUT_BYTES, signal },
      // Neither passwords of the configuration nor another language.
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    },
    (error, _stdout, stderr) => {
      const names = units.join(' and ');
      if (error === null) resolve(`systemd restarted ${names}`);
      else if (signal.aborted) reject(signal.reason);
      else reject(new ParlmeshError('REPAIR_FAILED', `${names} not restarted: ${causeOf(error, stderr, timeout)}`));
    },
  );
  return promise;
}

function causeOf(error: Error & { code?: string | number | null; killed?: boolean }, stderr: string, timeout: Millis) {
  if (error.code === 'ENOENT') return 'there is no systemctl on PATH';
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return `systemctl printed more than ${MOST_OUTPUT_BYTES} bytes`;
  if (error.killed === true) return `systemctl did not end within ${timeout / 1000} s`;
  const said = stderr.trim().replace(/\s+/g, ' ').slice(0, MOST_SAID) || `systemctl ended with ${error.code}`;
  const isForbidden = /authentication required|access denied|not authorized/i.test(said);
  return isForbidden ? `${said} This user needs a rule of polkit for it: docs/install.md` : said;
}
