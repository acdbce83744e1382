// How many job workers there are: more while tasks wait for one, down to the least after a while of idleness.

import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import type { AgentSpec } from '../../supervised-agent.ts';
import { JobWorker, type Work } from './job-worker.ts';

/** What is needed of the supervisor. */
export interface AgentHome {
  add(spec: AgentSpec): Promise<boolean>;
  remove(id: string): Promise<void>;
}

export interface WorkerAgentsParts {
  supervisor: AgentHome;
  clock: Clock;
  min: number;
  max: number;
  slotsPerAgent: number;
  /** There may be room again. */
  room(): void;
}

const IDLE_FOR: Millis = 30_000;

export class WorkerAgents {
  readonly #parts: WorkerAgentsParts;
  /** Those that work now. The ones with room are tried from the end. */
  readonly #workers: JobWorker[] = [];
  readonly #ids: string[] = [];
  #starting = 0;
  #idleSince: Millis;
  #timer: Timer | undefined;
  #next = 1;

  constructor(parts: WorkerAgentsParts) {
    this.#parts = parts;
    this.#idleSince = parts.clock.now();
  }

  get count(): number {
    return this.#ids.length;
  }

  async start(): Promise<void> {
    const { clock, min } = this.#parts;
    await Promise.all(Array.from({ length: min }, () => this.#add()));
    this.#timer = clock.every(IDLE_FOR / 3, () => this.#shrink());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await Promise.all(this.#ids.splice(0).map((id) => this.#parts.supervisor.remove(id)));
  }

  /** False when no worker has room now. */
  offer(work: Work): boolean {
    const { slotsPerAgent, clock } = this.#parts;
    this.#idleSince = clock.now();
    // The first that has room, so that the later ones fall idle and can be let go.
    const worker = this.#workers.find(({ busy }) => busy < slotsPerAgent);
    worker?.take(work);
    return worker !== undefined;
  }

  /** So many tasks wait for a worker; `room` is called when one comes. */
  grow(waiting: number): void {
    const { slotsPerAgent, max } = this.#parts;
    const wanted = Math.min(max, this.#ids.length + Math.ceil(waiting / slotsPerAgent) - this.#starting);
    while (this.#ids.length < wanted) void this.#add();
  }

  async #add(): Promise<void> {
    const { supervisor, clock, room } = this.#parts;
    const id = `job-worker/${this.#next++}`;
    this.#ids.push(id);
    this.#starting++;
    try {
      await supervisor.add({
        id,
        create: () =>
          new JobWorker({
            ...{ id, clock, room },
            joined: (worker) => {
              this.#workers.push(worker);
              room();
            },
            left: (worker) => {
              const at = this.#workers.indexOf(worker);
              if (at >= 0) this.#workers.splice(at, 1);
            },
          }),
      });
    } finally {
      this.#starting--;
    }
  }

  #shrink(): void {
    const { clock, min, supervisor } = this.#parts;
    if (this.#workers.some(({ busy }) => busy > 0)) this.#idleSince = clock.now();
    if (clock.now() - this.#idleSince < IDLE_FOR) return;
    for (const id of this.#ids.splice(min)) void supervisor.remove(id);
  }
}
