// Compares a policy with the classical schedulers in worker threads, a seed each: what `parlmesh policy evaluate` and the
// `scheduling` bench run.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { GraphTask } from '../swarm/job-graph.ts';
import type { SimulatedNode } from './environment/cluster-simulation.ts';
import { type Comparison, compare, type SeedTimes } from './evaluation.ts';
import { ADVISOR, CLASSICAL, PARL } from './scheduler-names.ts';

export interface EvaluationRequest {
  /** Tasks of each job; an episode draws its jobs from these, all equally likely. */
  jobs: readonly (readonly GraphTask[])[];
  nodes: readonly SimulatedNode[];
  /** Share of the nodes' capacity that arrives. */
  load: number;
  /** Jobs of an episode. */
  arrivals: number;
  failures: boolean;
  /** Of the policy. */
  parameters: Float32Array;
  /** Each is an episode. */
  seeds: readonly number[];
}

/** What a worker thread gets. */
export interface EvaluationSetup extends Omit<EvaluationRequest, 'seeds'> {
  schedulers: readonly string[];
  inBackground: boolean;
}

export interface EvaluationOptions {
  /** Left out, one for each processor, and not more than seeds. */
  threads?: number;
  /** Only while nothing else wants the processor. */
  inBackground?: boolean;
  /** Ends it; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** After each seed. */
  onSeed?: (done: number) => void;
}

export async function evaluate(request: EvaluationRequest, options: EvaluationOptions = {}): Promise<Comparison> {
  const names = [...CLASSICAL, ADVISOR, PARL];
  return compare(names, await playSeeds(request, names, options), PARL, CLASSICAL);
}

/** Completion times of the schedulers in the order of `schedulers`, for each seed. */
export async function playSeeds(
  { seeds, ...setup }: EvaluationRequest,
  schedulers: readonly string[],
  { threads = availableParallelism(), inBackground = false, signal, onSeed }: EvaluationOptions = {},
): Promise<SeedTimes[]> {
  signal?.throwIfAborted();
  const played: SeedTimes[] = new Array(seeds.length);
  let [next, done] = [0, 0];
  const workerData: EvaluationSetup = { ...setup, schedulers, inBackground };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./evaluation.worker.ts', import.meta.url), { workerData });
    try {
      while (next < seeds.length) {
        const index = next++;
        played[index] = await answerOf(worker, seeds[index]!, signal);
        onSeed?.(++done);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(threads, seeds.length)) }, work));
  return played;
}

function answerOf(worker: Worker, seed: number, signal: AbortSignal | undefined): Promise<SeedTimes> {
  const { promise, resolve, reject } = Promise.withResolvers<SeedTimes>();
  const aborted = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', aborted, { once: true });
  worker.once('message', resolve).once('error', reject);
  worker.postMessage(seed);
  return promise.finally(() => {
    signal?.removeEventListener('abort', aborted);
    worker.off('message', resolve).off('error', reject);
  });
}
