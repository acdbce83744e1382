// The shard's thread: learns while nothing else wants the processor, and rests in between.

import { parentPort } from 'node:worker_threads';
import { learn, practise } from './lessons.ts';
import { takeLowestPriority } from './lowest-priority.ts';
import { takePart } from './round-lesson.ts';
import type { Learned, ShardAnswer, ShardRequest } from './shard-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('shard.worker.ts runs as a worker thread only');
takeLowestPriority();

port.on('message', (request: ShardRequest) => {
  let answer: ShardAnswer;
  try {
    answer = { ok: true, learned: learnedFrom(request) };
  } catch (error) {
    answer = { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});

function learnedFrom(request: ShardRequest): Learned {
  switch (request.kind) {
    case 'practise':
      return practise(request);
    case 'learn':
      return learn(request);
    case 'round':
      return takePart(request, processorSeconds);
  }
}

/** Of this thread alone: a board that is busy with other work learns for longer, not less. */
function processorSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
