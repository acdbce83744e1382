// The main thread's side of the writer: starts its thread, numbers requests, notices its death.

import { Worker } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Answer, Figures, Request, Result } from './batch.ts';
import { fromPlain } from './job.ts';

interface Waiting {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

export class Writer {
  readonly #dataDir: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #number = 0;
  #figures: Figures | undefined;
  /** Bytes written by threads that have ended. */
  #writtenBefore = 0;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** The figures of the last answer; undefined before the first. */
  get figures(): Figures | undefined {
    return this.#figures;
  }

  /** Bytes written since the construction. */
  get writtenBytes(): number {
    return this.#writtenBefore + (this.#worker === undefined ? 0 : (this.#figures?.writtenBytes ?? 0));
  }

  /**
   * Resolves once the writer has done it. Rejects with its coded error, or with `STORE_WRITER_DIED` when the thread
   * ended first: the request may or may not have been carried out.
   */
  request<R extends Request>(request: R): Promise<Result<R['kind']>> {
    return new Promise((resolve, reject) => {
      this.#worker ??= this.#spawn();
      const number = ++this.#number;
      this.#waiting.set(number, { resolve: (result) => resolve(result as Result<R['kind']>), reject });
      this.#worker.postMessage({ number, request });
    });
  }

  /** Copies the log back, closes the file and ends the thread. */
  async close(): Promise<void> {
    if (this.#worker === undefined) return;
    await this.request({ kind: 'close' });
    await this.terminate();
  }

  /** Ends the thread at once, whatever it does. The file stays consistent; the next request starts a new thread. */
  async terminate(): Promise<void> {
    await this.#worker?.terminate();
  }

  #spawn(): Worker {
    const worker = new Worker(new URL('./writer.worker.ts', import.meta.url), { workerData: this.#dataDir });
    let cause = 'it was ended';
    worker.on('message', (answer: Answer) => this.#onAnswer(answer));
    worker.on('error', (error: unknown) => {
      cause = messageOf(error);
    });
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#writtenBefore = this.writtenBytes;
      this.#worker = undefined;
      const error = new ParlmeshError('STORE_WRITER_DIED', `The store's writer thread ended: ${cause}`);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
    return worker;
  }

  #onAnswer(answer: Answer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    this.#figures = answer.figures ?? this.#figures;
    if (answer.ok) waiting?.resolve(answer.result);
    else waiting?.reject(fromPlain(answer.error));
  }
}
