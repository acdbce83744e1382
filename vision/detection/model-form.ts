// What a model file says of its inputs and outputs. Loads ONNX Runtime, in the thread of whoever asks.

import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { ModelForm, TensorForm } from './recognise.ts';

/** Rejects with `MODEL_BROKEN` for a file that is no model. */
export async function readModelForm(path: string): Promise<ModelForm> {
  process.env.ORT_DISABLE_TELEMETRY = '1';
  const { default: ort } = await import('onnxruntime-node');
  try {
    const session = await ort.InferenceSession.create(path, { logSeverityLevel: 3 });
    const formOf = (metadata: typeof session.inputMetadata): TensorForm[] =>
      metadata.map((value) => ({
        name: value.name,
        ...(value.isTensor ? { type: value.type, shape: value.shape } : { type: 'none', shape: [] }),
      }));
    const form = { inputs: formOf(session.inputMetadata), outputs: formOf(session.outputMetadata) };
    await session.release();
    return form;
  } catch (error) {
    const cause = messageOf(error).split('\n')[0]!.slice(0, 300);
    throw new ParlmeshError('MODEL_BROKEN', `${path} is no model that can be loaded: ${cause}`, { cause: error });
  }
}
