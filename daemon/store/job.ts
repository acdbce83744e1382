// Runs the store's long jobs (check, backup, restore) in a thread of their own.

import { Worker } from 'node:worker_threads';
import { ParlmeshError } from '../../core/errors.ts';
import type { BackupFile } from './backups.ts';
import type { PlainError } from './batch.ts';
import type { CheckResult } from './offline.ts';

export type Job =
  | { kind: 'check' }
  | { kind: 'backup'; now: number; keep: number }
  | { kind: 'restore'; file: string; now: number };

interface Results {
  check: CheckResult;
  backup: BackupFile;
  restore: { replaced?: string };
}
export type JobResult<K extends Job['kind'] = Job['kind']> = Results[K];

export type JobAnswer = { ok: true; result: JobResult } | { ok: false; error: PlainError };

/** Resolves with the job's result. Aborting ends the thread; what it had half written is removed by the next job. */
export function runJob<J extends Job>(dataDir: string, job: J, signal: AbortSignal): Promise<JobResult<J['kind']>> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(new URL('./job.worker.ts', import.meta.url), { workerData: { dataDir, job } });
    const onAbort = (): void => void worker.terminate();
    signal.addEventListener('abort', onAbort, { once: true });
    worker.once('message', (answer: JobAnswer) => {
      if (answer.ok) resolve(answer.result as JobResult<J['kind']>);
      else reject(fromPlain(answer.error));
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      signal.removeEventListener('abort', onAbort);
      // Settled already unless the thread ended without a word.
      reject(signal.aborted ? signal.reason : new ParlmeshError('STORE_FAILED', `The ${job.kind} ended early`));
    });
  });
}

export function fromPlain({ code, message, hint }: PlainError): ParlmeshError {
  return new ParlmeshError(code, message, hint === undefined ? {} : { hint });
}
