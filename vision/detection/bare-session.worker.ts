// What a model costs at least: ONNX Runtime's session alone, in a thread, on one ready input. Answers each request with
// the seconds of so many runs.

import { parentPort, workerData } from 'node:worker_threads';
import ort from 'onnxruntime-node';
import { InputTensor } from './input-tensor.ts';
import { type Model, readModelFile } from './model-file.ts';
import { sessionOptions } from './session-options.ts';

export interface BareSetup {
  model: Model;
  /** Threads of one run. */
  threads: number;
  /** A picture of the model's size. */
  pixels: Uint8Array;
}

/** How many runs, or `0` to end. */
export type BareRequest = number;

if (process.env.ORT_DISABLE_TELEMETRY !== '1') throw new Error('onnxruntime must not load with telemetry on');
const { model, threads, pixels } = workerData as BareSetup;
const { input } = model.manifest;
const session = await ort.InferenceSession.create(await readModelFile(model), sessionOptions(model.manifest, threads));
const tensor = new InputTensor(input);
const feeds = { [input.name]: new ort.Tensor(tensor.type, tensor.of(pixels), tensor.dims) };
parentPort?.on('message', async (runs: BareRequest) => {
  if (runs === 0) {
    await session.release();
    parentPort?.close();
    return;
  }
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const from = performance.now();
    await session.run(feeds);
    seconds.push((performance.now() - from) / 1000);
  }
  parentPort?.postMessage(seconds);
});
parentPort?.postMessage([]);
