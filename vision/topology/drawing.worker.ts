// The analyser's thread for one drawing: everything that computes, so that the node's own loop goes on.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { readDrawing } from './read-drawing.ts';
import type { FromWorker, Texts, ToWorker, WorkerSetup } from './worker-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('drawing.worker.ts runs as a worker thread only');

const { picture } = workerData as WorkerSetup;
const tell = (message: FromWorker): void => port.postMessage(message);
const waiting = new Map<number, { resolve(texts: Texts): void; reject(error: Error): void }>();
let asked = 0;

port.on('message', (message: ToWorker) => {
  const request = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.kind === 'texts') request?.resolve(message.texts);
  else request?.reject(new ParlmeshError(message.code, message.message));
});

try {
  const graph = await readDrawing(picture, {
    read: (part) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        waiting.set(id, { resolve, reject });
        tell({ kind: 'read', id, picture: part });
      }),
  });
  tell({ kind: 'graph', graph });
} catch (error) {
  tell({
    kind: 'failed',
    code: error instanceof ParlmeshError ? error.code : 'DRAWING_FAILED',
    message: messageOf(error),
  });
}
port.close();
