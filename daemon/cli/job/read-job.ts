// Reads a job file, or standard input, for the commands that take one.

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import { readJobText } from '../../jobs/job-file.ts';

/**
 * Throws `JOB_INVALID`, naming every fault by line and path, or `JOB_FILE_FAILED`.
 * @param kinds of tasks that there are; left out, every kind will do
 */
export async function readJob(file: string, kinds?: readonly string[]): Promise<JobSpec> {
  return readJobText(await readInput(file), file === '-' ? 'standard input' : file, 'yaml', kinds);
}

/** @param file `-` for standard input */
export async function readInput(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    throw new ParlmeshError('JOB_FILE_FAILED', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
