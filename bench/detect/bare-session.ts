// The peer: ONNX Runtime's session alone, in a thread, on one ready input. Answers each round with seconds per run.

import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import ort from 'onnxruntime-node';
import type { ModelManifest } from '../../vision/detection/manifest.ts';
import { sessionOptions } from '../../vision/detection/session-options.ts';

export interface BareSetup {
  path: string;
  manifest: ModelManifest;
  threads: number;
  /** A ready input. */
  pixels: Uint8Array;
  /** Runs of one round. */
  runs: number;
}

const { path, manifest, threads, pixels, runs } = workerData as BareSetup;
const { name, height, width } = manifest.input;
const session = await ort.InferenceSession.create(await readFile(path), sessionOptions(manifest, threads));
const feeds = { [name]: new ort.Tensor('uint8', pixels, [1, height, width, 3]) };
parentPort?.on('message', async (message) => {
  if (message === 'close') {
    await session.release();
    parentPort?.close();
    return;
  }
  const from = performance.now();
  for (let run = 0; run < runs; run++) await session.run(feeds);
  parentPort?.postMessage((performance.now() - from) / 1000 / runs);
});
parentPort?.postMessage(0);
