// A thread that computes the loads of one shard of sources: answers each list of new costs with the loads.

import { parentPort, workerData } from 'node:worker_threads';
import { type NewCost, type ShardSetup, TrafficShard } from './traffic-shard.ts';

const port = parentPort;
if (port === null) throw new Error('optimizer.worker.ts runs as a worker thread only');

const shard = new TrafficShard(workerData as ShardSetup);
port.on('message', (costs: readonly NewCost[]) => port.postMessage(shard.loads(costs)));
