// A thread that plays whole seeds of a comparison: what takes long is kept off the event loop.

import { parentPort, workerData } from 'node:worker_threads';
import { JobGraph } from '../swarm/job-graph.ts';
import type { EvaluationSetup } from './evaluate.ts';
import { playSeed } from './evaluation.ts';
import { takeLowestPriority } from './lowest-priority.ts';
import { schedulersOf } from './scheduler-names.ts';

const port = parentPort;
if (port === null) throw new Error('evaluation.worker.ts runs as a worker thread only');

const { jobs, schedulers, parameters, inBackground, ...workload }: EvaluationSetup = workerData;
if (inBackground) takeLowestPriority();
const graphs = jobs.map((tasks) => new JobGraph(tasks));
const played = schedulersOf(schedulers, parameters);
port.on('message', (seed: number) => {
  port.postMessage(playSeed({ ...workload, graphs, jobs: workload.arrivals }, played, seed));
});
