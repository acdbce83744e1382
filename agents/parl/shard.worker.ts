// The shard's thread: learns while nothing else wants the processor, and rests in between.

import { parentPort } from 'node:worker_threads';
import { learn, practise } from './lessons.ts';
import { takeLowestPriority } from './lowest-priority.ts';
import type { ShardAnswer, ShardRequest } from './shard-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('shard.worker.ts runs as a worker thread only');
takeLowestPriority();

port.on('message', (request: ShardRequest) => {
  let answer: ShardAnswer;
  try {
    answer = { ok: true, learned: request.kind === 'practise' ? practise(request) : learn(request) };
  } catch (error) {
    answer = { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});
