// What the detector's two threads say to each other.

import type { Detection } from './detector.ts';
import type { Model } from './model-file.ts';

/** Handed to the worker at its start. */
export interface WorkerSetup {
  model: Model;
  /** Threads of one inference. */
  threads: number;
}

export interface DetectRequest {
  kind: 'detect';
  id: number;
  pixels: Uint8Array;
  minConfidence: number;
}

/** `close`: give the session back and end, after what is being done. */
export type WorkerMessage = DetectRequest | { kind: 'close' };

export type WorkerReply =
  | { kind: 'ready'; warmUpSeconds: number }
  | { kind: 'refused'; code: string; message: string }
  | { kind: 'detected'; id: number; detections: Detection[]; seconds: number }
  | { kind: 'failed'; id: number; message: string };
