// One shard of a plan in a thread of its own.

import { Worker } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { LoadSource, NewCost, ShardSetup } from './traffic-shard.ts';

export class ShardThread implements LoadSource {
  readonly #worker: Worker;
  #waiting: { resolve: (loads: Float64Array) => void; reject: (error: Error) => void } | undefined;
  #failure: ParlmeshError | undefined;

  constructor(setup: ShardSetup) {
    this.#worker = new Worker(new URL('./optimizer.worker.ts', import.meta.url), { workerData: setup });
    this.#worker.unref();
    this.#worker.on('message', (loads: Float64Array) => {
      this.#waiting?.resolve(loads);
      this.#waiting = undefined;
    });
    this.#worker.on('error', (error) => this.#fail(messageOf(error)));
    this.#worker.on('exit', () => this.#fail('its thread ended'));
  }

  /** One call at a time. Rejects with `PLAN_FAILED`, also when the thread is stopped meanwhile. */
  loads(costs: readonly NewCost[]): Promise<Float64Array> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(costs);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(cause: string): void {
    this.#failure ??= new ParlmeshError('PLAN_FAILED', `The plan of the network could not be computed: ${cause}`);
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}
