// What the two threads of the analyser say to each other: the worker is handed a picture, asks for its texts to be read
// as often as it needs, and tells the graph.

import type { Raster } from '../ocr/raster.ts';
import type { DrawnGraph, ReadText } from './graph.ts';

export interface Texts {
  regions: readonly ReadText[];
  unreadable: readonly { box: ReadText['box'] }[];
}

/** Handed to the worker at its start. */
export interface WorkerSetup {
  picture: Raster;
}

export type FromWorker =
  | { kind: 'read'; id: number; picture: Raster }
  | { kind: 'graph'; graph: DrawnGraph }
  | { kind: 'failed'; code: string; message: string };

export type ToWorker =
  | { kind: 'texts'; id: number; texts: Texts }
  | { kind: 'unread'; id: number; code: string; message: string };
