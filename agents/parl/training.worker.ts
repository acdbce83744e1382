// A thread that trains one policy and tells how it goes.

import { parentPort, workerData } from 'node:worker_threads';
import type { TrainingNews } from './train-in-thread.ts';
import { type TrainingSettings, trainPolicy } from './training.ts';

const port = parentPort;
if (port === null) throw new Error('training.worker.ts runs as a worker thread only');

const tell = (news: TrainingNews): void => port.postMessage(news);
tell({ trained: trainPolicy(workerData as TrainingSettings, (update) => tell({ update })) });
