// Reads drawings of networks: one at a time, each in a thread of its own that ends with it, within a time.

import { Worker } from 'node:worker_threads';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { openDrawing } from './drawing-picture.ts';
import type { DrawnGraph, LabelReader } from './graph.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-protocol.ts';

export interface AnalyzerOptions {
  reader: LabelReader;
  clock: Clock;
  /** Milliseconds that one drawing may take. */
  deadline?: Millis;
}

/** Drawings that wait at most. */
const MOST_WAITING = 4;

export class MeshTopologyAnalyzer {
  readonly #options: Required<AnalyzerOptions>;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: AnalyzerOptions) {
    this.#options = { deadline: 120_000, ...options };
  }

  /**
   * The graph that a picture's file shows; places are in its pixels. Rejects with `PICTURE_UNREADABLE`,
   * `PICTURE_TOO_LARGE`, `DRAWING_BUSY`, `DRAWING_FAILED`, `DRAWING_TOO_SLOW`, and as its reader does.
   */
  async analyze(picture: Uint8Array, signal?: AbortSignal): Promise<DrawnGraph> {
    signal?.throwIfAborted();
    if (this.#waiting > MOST_WAITING) {
      throw new ParlmeshError('DRAWING_BUSY', `${MOST_WAITING} drawings wait to be read already`, {
        hint: 'Try again in a minute',
      });
    }
    this.#waiting++;
    const turn = this.#last.then(() => this.#analyzeNow(picture, signal));
    this.#last = turn.catch(() => {});
    return turn.finally(() => {
      this.#waiting--;
    });
  }

  async #analyzeNow(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<DrawnGraph> {
    signal?.throwIfAborted();
    const { raster, width, height } = await openDrawing(bytes);
    const graph = await this.#inThread({ picture: raster }, signal);
    return scaledTo(graph, width, height);
  }

  #inThread(setup: WorkerSetup, signal: AbortSignal | undefined): Promise<DrawnGraph> {
    const { reader, clock, deadline } = this.#options;
    const worker = new Worker(new URL('./drawing.worker.ts', import.meta.url), {
      workerData: setup,
      resourceLimits: { maxOldGenerationSizeMb: 768 },
    });
    let timer: Timer | undefined;
    const onAbort = { stop: (): void => {} };
    const result = new Promise<DrawnGraph>((resolve, reject) => {
      onAbort.stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort.stop, { once: true });
      timer = clock.after(deadline, () =>
        reject(new ParlmeshError('DRAWING_TOO_SLOW', `the drawing took longer than ${deadline / 1000} s`)),
      );
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'graph') resolve(message.graph);
        else if (message.kind === 'failed') reject(new ParlmeshError(message.code, message.message));
        else void answer(worker, reader, message);
      });
      const failed = (cause: string): void =>
        reject(new ParlmeshError('DRAWING_FAILED', `the drawing cannot be read: ${cause}`));
      worker.on('error', (error) => failed(messageOf(error)));
      worker.on('exit', (code) => failed(`its thread ended with code ${code}`));
    });
    return result.finally(() => {
      timer?.cancel();
      signal?.removeEventListener('abort', onAbort.stop);
      // Nothing native runs in it, so it may be stopped anywhere.
      void worker.terminate();
    });
  }
}

async function answer(
  worker: Worker,
  reader: LabelReader,
  { id, picture }: FromWorker & { kind: 'read' },
): Promise<void> {
  const reply = (message: ToWorker): void => worker.postMessage(message);
  try {
    const { regions, unreadable } = await reader.read(picture);
    reply({ kind: 'texts', id, texts: { regions, unreadable } });
  } catch (error) {
    reply({
      kind: 'unread',
      id,
      code: error instanceof ParlmeshError ? error.code : 'READING_FAILED',
      message: messageOf(error),
    });
  }
}

/** In pixels of the picture itself, which was made smaller to be looked at. */
function scaledTo(graph: DrawnGraph, width: number, height: number): DrawnGraph {
  if (graph.width === width && graph.height === height) return graph;
  const [across, down] = [width / graph.width, height / graph.height];
  const to = (value: number, factor: number): number => Math.round(value * factor * 10) / 10;
  return {
    ...{ width, height, edges: graph.edges },
    nodes: graph.nodes.map((node) => ({
      ...node,
      x: to(node.x, across),
      y: to(node.y, down),
      box: {
        x: to(node.box.x, across),
        y: to(node.box.y, down),
        width: to(node.box.width, across),
        height: to(node.box.height, down),
      },
    })),
  };
}
