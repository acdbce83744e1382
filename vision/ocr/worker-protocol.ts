// What the reader's two threads say to each other.

import type { Polygon } from '../geometry.ts';
import type { Raster } from './raster.ts';
import type { TextReading } from './reading.ts';

/** Handed to the worker at its start. */
export interface WorkerSetup {
  /** Folder of the model files. */
  folder: string;
  /** Threads of one inference. */
  threads: number;
}

export interface ReadRequest {
  kind: 'read';
  id: number;
  picture: Raster;
  /** Only what is in it is read. */
  zone?: Polygon;
}

/** `close`: give the sessions back and end, after what is being done. */
export type WorkerMessage = ReadRequest | { kind: 'close' };

export type WorkerReply =
  | { kind: 'ready' }
  | { kind: 'refused'; code: string; message: string }
  | { kind: 'read'; id: number; reading: TextReading }
  | { kind: 'failed'; id: number; message: string };
