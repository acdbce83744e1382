// The detector's own thread: checks the model file, warms the session up, then answers one request at a time.
// onnxruntime blocks the thread that it runs on, so nothing else lives here.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { type ModelSession, openSession } from './model-session.ts';
import type { DetectRequest, WorkerMessage, WorkerReply, WorkerSetup } from './worker-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('detector-worker.ts runs as a worker thread only');

const { model, threads } = workerData as WorkerSetup;
const reply = (message: WorkerReply): void => port.postMessage(message);

/** Seconds since `from`; a worker's entry may read the time itself. */
const secondsSince = (from: number): number => (performance.now() - from) / 1000;

async function openWarm(): Promise<ModelSession> {
  const session = await openSession(model, threads);
  const started = performance.now();
  await session.warmUp();
  reply({ kind: 'ready', warmUpSeconds: secondsSince(started) });
  return session;
}

async function answer({ id, pixels, minConfidence }: DetectRequest): Promise<void> {
  const from = performance.now();
  try {
    const detections = await (await session).detect(pixels, minConfidence);
    reply({ kind: 'detected', id, detections, seconds: secondsSince(from) });
  } catch (error) {
    // What one picture shows of a model is true for all.
    if (error instanceof ParlmeshError && error.code.startsWith('MODEL_')) refuse(error);
    else reply({ kind: 'failed', id, message: messageOf(error) });
  }
}

function refuse(error: unknown): void {
  const code = error instanceof ParlmeshError ? error.code : 'MODEL_BROKEN';
  reply({ kind: 'refused', code, message: messageOf(error) });
}

const session = openWarm();
session.catch(refuse);
port.on('message', async (message: WorkerMessage) => {
  if (message.kind === 'detect') return answer(message);
  await session.then((open) => open.release()).catch(() => {});
  port.close();
});
