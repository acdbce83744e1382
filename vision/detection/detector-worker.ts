// The detector's own thread: checks the model file, warms the session up, then answers one request at a time.
// onnxruntime blocks the thread that it runs on, so nothing else lives here.

import { parentPort, workerData } from 'node:worker_threads';
import ort from 'onnxruntime-node';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { decodeCenterNet } from './centernet.ts';
import { readModelFile } from './model-file.ts';
import { sessionOptions } from './session-options.ts';
import type { DetectRequest, WorkerMessage, WorkerReply, WorkerSetup } from './worker-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('detector-worker.ts runs as a worker thread only');
if (process.env.ORT_DISABLE_TELEMETRY !== '1') throw new Error('onnxruntime must not load with telemetry on');

const { model, threads } = workerData as WorkerSetup;
const { input, output, classes } = model.manifest;
const reply = (message: WorkerReply): void => port.postMessage(message);

/** The session, once the file proved to be what its manifest says: the same bytes are hashed and loaded. */
async function openSession(): Promise<ort.InferenceSession> {
  const session = await ort.InferenceSession.create(
    await readModelFile(model),
    sessionOptions(model.manifest, threads),
  );
  if (!session.inputNames.includes(input.name) || session.inputNames.length !== 1) {
    throw misfit(`its inputs are ${session.inputNames.join(', ')}, not ${input.name}`);
  }
  for (const name of [output.scores, output.sides]) {
    if (!session.outputNames.includes(name)) throw misfit(`it has no output ${name}`);
  }
  return session;
}

function misfit(what: string): ParlmeshError {
  return new ParlmeshError('MODEL_MISFIT', `${model.path} does not fit its manifest: ${what}`);
}

async function detect(session: ort.InferenceSession, pixels: Uint8Array, minConfidence: number) {
  const image = new ort.Tensor('uint8', pixels, [1, input.height, input.width, 3]);
  const results = await session.run({ [input.name]: image });
  const rows = input.height / output.stride;
  const columns = input.width / output.stride;
  const scores = heads(results, output.scores, classes.length * rows * columns);
  const sides = heads(results, output.sides, 4 * rows * columns);
  return decodeCenterNet({ scores, sides, rows, columns, stride: output.stride }, classes, minConfidence);
}

function heads(results: ort.InferenceSession.ReturnType, name: string, values: number): Float32Array {
  const data = results[name]?.data;
  if (data instanceof Float32Array && data.length === values) return data;
  throw misfit(`its output ${name} is not ${values} float32 values`);
}

/** Seconds since `from`; a worker's entry may read the time itself. */
const secondsSince = (from: number): number => (performance.now() - from) / 1000;

async function openWarm(): Promise<ort.InferenceSession> {
  const session = await openSession();
  const started = performance.now();
  await detect(session, new Uint8Array(input.height * input.width * 3), 1);
  reply({ kind: 'ready', warmUpSeconds: secondsSince(started) });
  return session;
}

async function answer({ id, pixels, minConfidence }: DetectRequest): Promise<void> {
  const from = performance.now();
  try {
    const detections = await detect(await session, pixels, minConfidence);
    reply({ kind: 'detected', id, detections, seconds: secondsSince(from) });
  } catch (error) {
    reply({ kind: 'failed', id, message: messageOf(error) });
  }
}

const session = openWarm();
session.catch((error) => {
  const code = error instanceof ParlmeshError ? error.code : 'MODEL_BROKEN';
  reply({ kind: 'refused', code, message: messageOf(error) });
});
port.on('message', async (message: WorkerMessage) => {
  if (message.kind === 'detect') return answer(message);
  await session.then((open) => open.release()).catch(() => {});
  port.close();
});
