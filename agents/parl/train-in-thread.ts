// Trains a policy in a thread of its own, off the event loop.

import { Worker } from 'node:worker_threads';
import type { Trained, TrainingSettings, TrainingUpdate } from './training.ts';

export type TrainingNews = { update: TrainingUpdate } | { trained: Trained };

/** @param signal ends it; the promise rejects with the signal's reason */
export async function trainInThread(
  settings: TrainingSettings,
  onUpdate: (update: TrainingUpdate) => void,
  signal?: AbortSignal,
): Promise<Trained> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Trained>();
  const worker = new Worker(new URL('./training.worker.ts', import.meta.url), { workerData: settings });
  const aborted = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', aborted, { once: true });
  worker.on('message', (news: TrainingNews) => {
    if ('update' in news) onUpdate(news.update);
    else resolve(news.trained);
  });
  worker.once('error', reject);
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', aborted);
    await worker.terminate();
  }
}
