// A thread that computes the loads of one shard of sources: does one job after the other; the loads are shared memory.

import { parentPort, workerData } from 'node:worker_threads';
import { type ShardJob, type ShardSetup, TrafficShard } from './traffic-shard.ts';

const port = parentPort;
if (port === null) throw new Error('optimizer.worker.ts runs as a worker thread only');

const shard = new TrafficShard(workerData as ShardSetup);
port.on('message', (job: ShardJob) => port.postMessage(shard.run(job)));
