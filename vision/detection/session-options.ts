// How ONNX Runtime runs a detector.

import type { InferenceSession } from 'onnxruntime-node';
import type { ModelManifest } from './manifest.ts';

/** @param threads cores that one inference uses */
export function sessionOptions({ input }: ModelManifest, threads: number): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Errors only: what a model file could do better is of no use here.
    logSeverityLevel: 3,
    freeDimensionOverrides: { height: input.height, width: input.width },
    // The plan of memory for a fixed input costs 35 MB here and saves no time.
    enableMemPattern: false,
    // Waiting threads sleep: on a board without a fan, spinning between frames is heat.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
