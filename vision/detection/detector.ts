// What finds objects in pictures: the port that the pipeline sees. Its ONNX form is `onnx-detector.ts`.

import type { Box } from '../geometry.ts';

export interface Detection {
  /** The class's name in the model's manifest: `person`, `car`. */
  label: string;
  /** 0 to 1. */
  confidence: number;
  box: Box;
}

/** A picture as a model takes it: bytes of red, green, blue, row by row, at exactly the model's size. */
export interface ModelInput {
  width: number;
  height: number;
  pixels: Uint8Array;
}

export interface DetectionResult {
  /** Most confident first. */
  detections: Detection[];
  /** Seconds of inference and decoding, without waiting. */
  seconds: number;
}

export interface Detector {
  /** The model's id. */
  readonly model: string;
  readonly inputSize: { width: number; height: number };
  /**
   * Finds objects. Rejects with a `ParlmeshError` when the model cannot run; the detector recovers by itself.
   * @param minConfidence detections below it are left out
   */
  detect(input: ModelInput, minConfidence: number): Promise<DetectionResult>;
}
