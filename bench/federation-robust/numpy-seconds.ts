// Seconds of a processor that the rules take as they are written with numpy, on one thread.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { note } from '../rig/report.ts';

/** By rule, the best of `times`; empty where numpy is not installed. */
export function numpySeconds(count: number, size: number, liars: number, times: number): Record<string, number> {
  try {
    const args = [join(import.meta.dirname, 'numpy_rules.py'), ...[count, size, liars, times].map(String)];
    const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' };
    const output = execFileSync('/usr/bin/python3', args, { encoding: 'utf8', timeout: 300_000, env });
    return JSON.parse(output) as Record<string, number>;
  } catch (error) {
    note(`numpy could not be run (apt-get install python3-numpy): ${String(error).split('\n')[0]}`);
    return {};
  }
}
