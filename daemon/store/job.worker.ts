// One long job on the store in a thread of its own, so that neither the event loop nor the writer waits for it.

import { parentPort, workerData } from 'node:worker_threads';
import { storeError } from './database.ts';
import type { Job, JobAnswer, JobResult } from './job.ts';
import { backupStore, checkStore, restoreStore } from './offline.ts';
import { databaseFile } from './paths.ts';

const { dataDir, job }: { dataDir: string; job: Job } = workerData;

function run(): JobResult {
  switch (job.kind) {
    case 'check':
      return checkStore(dataDir);
    case 'backup':
      return backupStore(dataDir, job.now, job.keep);
    case 'restore':
      return restoreStore(dataDir, job.file, job.now);
  }
}

let answer: JobAnswer;
try {
  answer = { ok: true, result: run() };
} catch (error) {
  const { code, message, hint } = storeError(error, databaseFile(dataDir));
  answer = { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}
parentPort?.postMessage(answer);
