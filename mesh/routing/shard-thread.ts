// One shard of a plan in a thread of its own.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import { type MovedPairs, type ShardJob, type ShardSetup, TrafficShard } from './traffic-shard.ts';

/** A shard in this thread or in another. One call at a time. */
export interface Shard {
  readonly loads: Float64Array;
  run(job: ShardJob): Promise<MovedPairs>;
  stop(): Promise<void>;
}

export class ShardThread implements Shard {
  readonly loads: Float64Array;
  readonly #worker: Worker;
  #waiting: { resolve: (moved: MovedPairs) => void; reject: (error: Error) => void } | undefined;
  #failure: ParlmeshError | undefined;

  /** @param setup its arrays should be shared, or they are copied; the loads must be */
  constructor(setup: ShardSetup) {
    this.loads = setup.loads;
    this.#worker = new Worker(new URL('./optimizer.worker.ts', import.meta.url), { workerData: setup });
    this.#worker.unref();
    this.#worker.on('message', (moved: MovedPairs) => {
      this.#waiting?.resolve(moved);
      this.#waiting = undefined;
    });
    this.#worker.on('error', (error) => this.#fail(messageOf(error)));
    this.#worker.on('exit', () => this.#fail('its thread ended'));
  }

  /** Rejects with `PLAN_FAILED`, also when the thread is stopped meanwhile. */
  run(job: ShardJob): Promise<MovedPairs> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(job);
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

/** For networks so small that a thread would take longer to start. Lets others have their turn before each job. */
export class ShardHere implements Shard {
  readonly loads: Float64Array;
  readonly #setup: ShardSetup;
  #shard: TrafficShard | undefined;

  constructor(setup: ShardSetup) {
    this.loads = setup.loads;
    this.#setup = setup;
  }

  async run(job: ShardJob): Promise<MovedPairs> {
    await nextTurn();
    this.#shard ??= new TrafficShard(this.#setup);
    return this.#shard.run(job);
  }

  async stop(): Promise<void> {
    this.#shard = undefined;
  }
}
