// The reader's own thread: checks the model files, warms the networks up, then reads one picture at a time.
// onnxruntime blocks the thread that it runs on, so nothing else lives here.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { TextNetworks } from './networks.ts';
import { PictureReader } from './picture-reader.ts';
import type { TextReading } from './reading.ts';
import type { ReadRequest, WorkerMessage, WorkerReply, WorkerSetup } from './worker-protocol.ts';
import { regionsInWhole, zonePicture } from './zone-picture.ts';

const port = parentPort;
if (port === null) throw new Error('reader-worker.ts runs as a worker thread only');
if (process.env.ORT_DISABLE_TELEMETRY !== '1') throw new Error('onnxruntime must not load with telemetry on');

const { folder, threads } = workerData as WorkerSetup;
const reply = (message: WorkerReply): void => port.postMessage(message);

async function open(): Promise<TextNetworks> {
  const networks = await TextNetworks.open(folder, threads);
  // The first run of a session is slower and allocates: not at the first picture's cost.
  await networks.detect({ width: 64, height: 64, pixels: new Uint8Array(64 * 64 * 3) });
  await networks.recognise([{ width: 64, height: 48, pixels: new Uint8Array(64 * 48 * 3) }], 160);
  reply({ kind: 'ready' });
  return networks;
}

async function read({ picture, zone }: ReadRequest): Promise<TextReading> {
  const from = performance.now();
  const seconds = (): number => Number(((performance.now() - from) / 1000).toFixed(4));
  const reader = new PictureReader(await networks);
  if (zone === undefined) return { ...(await reader.read(picture)), seconds: seconds() };
  const part = zonePicture(picture, zone);
  const { text, regions, unreadable } = await reader.read(part.picture);
  return {
    text,
    regions: regionsInWhole(regions, part),
    unreadable: regionsInWhole(unreadable, part),
    ...{ width: picture.width, height: picture.height, seconds: seconds() },
  };
}

async function answer(request: ReadRequest): Promise<void> {
  try {
    reply({ kind: 'read', id: request.id, reading: await read(request) });
  } catch (error) {
    reply({ kind: 'failed', id: request.id, message: messageOf(error) });
  }
}

const networks = open();
networks.catch((error) => {
  const code = error instanceof ParlmeshError ? error.code : 'MODEL_BROKEN';
  reply({ kind: 'refused', code, message: messageOf(error) });
});
port.on('message', async (message: WorkerMessage) => {
  if (message.kind === 'read') return answer(message);
  await networks.then((open) => open.close()).catch(() => {});
  port.close();
});
