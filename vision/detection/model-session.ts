// A model that is loaded and was found to be what its manifest says. Loads ONNX Runtime, which blocks the thread that
// it runs on: for workers only.

import ort from 'onnxruntime-node';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { decodingOf } from './decoding.ts';
import type { Detection } from './detector.ts';
import { InputTensor } from './input-tensor.ts';
import { misfit, noNumber } from './misfit.ts';
import { type Model, readModelFile } from './model-file.ts';
import { sessionOptions } from './session-options.ts';

export interface ModelSession {
  /** A first picture: whether all outputs are there, of the promised form, and numbers. Costs what loading put off. */
  warmUp(): Promise<void>;
  /** Objects in a picture, most confident first. Throws `MODEL_MISFIT` where the outputs are not as promised. */
  detect(pixels: Uint8Array, minConfidence: number): Promise<Detection[]>;
  release(): Promise<void>;
}

/** Rejects with `MODEL_MISSING`, `MODEL_BROKEN` or `MODEL_MISFIT`. The same bytes are hashed and loaded. */
export async function openSession(model: Model, threads: number): Promise<ModelSession> {
  if (process.env.ORT_DISABLE_TELEMETRY !== '1') throw new Error('onnxruntime must not load with telemetry on');
  const { manifest, path } = model;
  const { input } = manifest;
  const session = await createSession(model, threads);
  const { outputs: promised, decode } = decodingOf(manifest);
  try {
    if (!session.inputNames.includes(input.name) || session.inputNames.length !== 1) {
      throw misfit(`its inputs are ${session.inputNames.join(', ')}, not ${input.name}`);
    }
    for (const { name } of promised) {
      if (session.outputNames.includes(name)) continue;
      throw misfit(`it has no output ${name}, only ${session.outputNames.slice(0, 16).join(', ')}`);
    }
  } catch (error) {
    await session.release();
    throw named(path, error);
  }
  const tensor = new InputTensor(input);
  const names = promised.map(({ name }) => name);
  const run = async (pixels: Uint8Array): Promise<Map<string, Float32Array>> => {
    const image = new ort.Tensor(tensor.type, tensor.of(pixels), tensor.dims);
    const results = await runSession(session, { [input.name]: image }, names);
    return new Map(promised.map(({ name, shape }) => [name, valuesOf(results, name, shape)]));
  };
  const telling = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw named(path, error);
    });
  return {
    warmUp: () =>
      telling(
        run(new Uint8Array(input.width * input.height * 3).fill(114)).then((values) => {
          for (const [name, numbers] of values) if (numbers.some(Number.isNaN)) throw noNumber(name);
        }),
      ),
    detect: (pixels, minConfidence) =>
      telling(run(pixels).then((values) => decode((name) => values.get(name)!, minConfidence))),
    release: () => session.release(),
  };
}

async function createSession(model: Model, threads: number): Promise<ort.InferenceSession> {
  const bytes = await readModelFile(model);
  try {
    return await ort.InferenceSession.create(bytes, sessionOptions(model.manifest, threads));
  } catch (error) {
    throw new ParlmeshError('MODEL_BROKEN', `${model.path} is no model that can be loaded: ${firstLine(error)}`, {
      cause: error,
    });
  }
}

/** What ONNX Runtime throws (another type or size of input than the model takes) becomes a misfit. */
async function runSession(
  session: ort.InferenceSession,
  feeds: ort.InferenceSession.FeedsType,
  names: readonly string[],
): Promise<ort.InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, names);
  } catch (error) {
    throw misfit(`it cannot be run as its manifest says: ${firstLine(error)}`);
  }
}

function valuesOf(results: ort.InferenceSession.ReturnType, name: string, shape: readonly number[]): Float32Array {
  const result = results[name];
  const dims = result?.dims ?? [];
  const same = dims.length > 0 && [1, ...shape].join() === (dims.length === shape.length ? [1, ...dims] : dims).join();
  if (same && result?.data instanceof Float32Array) return result.data;
  throw misfit(
    `its output ${name} is ${result?.type ?? 'nothing'} [${dims.join(', ')}], not float32 [${[1, ...shape].join(', ')}]`,
  );
}

function named(path: string, error: unknown): unknown {
  if (!(error instanceof ParlmeshError)) return error;
  const { code, message, hint } = error;
  return new ParlmeshError(code, `${path} does not fit its manifest: ${message}`, hint === undefined ? {} : { hint });
}

const firstLine = (error: unknown): string => messageOf(error).split('\n')[0]!.slice(0, 300);
