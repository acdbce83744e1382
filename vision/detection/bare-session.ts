// This side of the thread in which a session runs alone, to compare with.

import { Worker } from 'node:worker_threads';
import type { BareRequest, BareSetup } from './bare-session.worker.ts';

export interface BareSession {
  /** Seconds of each of so many runs. */
  run(runs: number): Promise<number[]>;
  close(): void;
}

/** Rejects when the model cannot be loaded. */
export async function openBareSession(setup: BareSetup): Promise<BareSession> {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  const worker = new Worker(new URL('./bare-session.worker.ts', import.meta.url), { workerData: setup });
  const answer = (): Promise<number[]> =>
    new Promise((resolve, reject) => {
      worker.once('message', (seconds: number[]) => {
        worker.off('error', reject);
        resolve(seconds);
      });
      worker.once('error', reject);
    });
  await answer();
  return {
    run: (runs) => {
      const answered = answer();
      worker.postMessage(runs satisfies BareRequest);
      return answered;
    },
    close: () => worker.postMessage(0 satisfies BareRequest),
  };
}
