// The agent that carries out tasks: a place under the supervisor where they run. What it runs is handed to it; when it is
// stopped, what it had is aborted and goes to another.

import type { Clock } from '../../../core/clock.ts';
import { Agent } from '../../agent.ts';
import { onThisNode } from '../../capabilities.ts';

/** One task under way: begins at once, settles when it is over, and never rejects. */
export interface Work {
  /** Of all tasks of one job: how long they take may be compared. */
  readonly job: string;
  /** Resolves to whether it was done. */
  run(): Promise<boolean>;
  /** The agent ends; the task is not to blame. */
  interrupt(): void;
}

export interface JobWorkerParts {
  id: string;
  clock: Clock;
  joined(worker: JobWorker): void;
  left(worker: JobWorker): void;
  /** It has room for one more. */
  room(): void;
}

export class JobWorker extends Agent {
  readonly #parts: JobWorkerParts;
  readonly #works = new Set<Work>();

  constructor(parts: JobWorkerParts) {
    super({ id: parts.id, kind: 'job-worker', version: '1', capabilities: [onThisNode('job.run')] }, parts.clock);
    this.#parts = parts;
  }

  /** Tasks that it carries out now. */
  get busy(): number {
    return this.#works.size;
  }

  take(work: Work): void {
    this.#works.add(work);
    this.scope.run(async () => {
      await this.serve(async () => ((await work.run()) ? { among: 'peers', sort: work.job } : undefined));
      if (this.#works.delete(work)) this.#parts.room();
    });
  }

  protected async onStart(): Promise<void> {
    // It waits for others: only what it is handed makes it work.
    this.heartbeat(Number.POSITIVE_INFINITY);
    this.#parts.joined(this);
  }

  protected override async onStop(): Promise<void> {
    this.#parts.left(this);
    for (const work of [...this.#works]) work.interrupt();
    this.#works.clear();
  }
}
