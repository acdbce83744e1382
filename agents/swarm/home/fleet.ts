// The workers as a home sees them: what each says of itself, what this home has placed there, and how it has done so far.

import type { Millis } from '../../../core/clock.ts';
import type { NetworkNode } from '../../network.ts';
import type { TaskSpec } from '../job-spec.ts';
import type { WorkerFigures } from '../messages.ts';
import type { WorkerView } from '../scheduling/scheduler.ts';

/** A task that was given to a worker. */
export interface PlacedTask {
  readonly job: string;
  readonly task: number;
  readonly attempt: number;
  readonly node: string;
  readonly slots: number;
  readonly why: string;
  /** Wall clock. */
  readonly placedAt: Millis;
  /** Monotonic. */
  readonly sentAt: Millis;
  /** The only one of its message: should the worker fall silent before it answers, there is no other to blame. */
  readonly alone: boolean;
  /** Monotonic seconds at which it is expected to end. */
  expectedEnd: number;
  /** The worker has said that it has it. */
  isTaken: boolean;
  startedAt?: Millis;
  share?: number;
  log: string[];
  /** It is being taken back. */
  isRecalled?: boolean;
  /** The log says that it runs on the home. */
  isNoted?: boolean;
}

export interface Worker {
  readonly node: string;
  name: string;
  figures: WorkerFigures;
  reachable: boolean;
  score: number;
  roundTrip: number | undefined;
  /** Monotonic. */
  heardAt: Millis;
  readonly placed: Map<string, PlacedTask>;
  placedSlots: number;
  /** Tasks there that other homes placed, as of the last word. */
  others: number;
  /** Exponentially weighted share of its last attempts that failed. */
  failures: number;
  /** The life in which it fell silent with tasks that were under way. */
  silentLife: string | undefined;
  /** Nothing is placed there until then (monotonic): it refused, or fell silent. */
  pausedUntil: Millis;
}

const FAILURE_WEIGHT = 0.1;
/** Seconds that a task of another home is expected to take when its worker says nothing of it. */
const UNKNOWN_SECONDS = 1;
/** Slots of one worker that a scheduler is shown; it places one task at a time. */
const MOST_SHOWN = 64;

export class Fleet {
  readonly #workers = new Map<string, Worker>();

  get(node: string): Worker | undefined {
    return this.#workers.get(node);
  }

  all(): Iterable<Worker> {
    return this.#workers.values();
  }

  /** A worker said how it is. Returns whether it is another life than before. Names of others come with `see`. */
  hear(node: string, figures: WorkerFigures, now: Millis, name = node): boolean {
    const worker = this.#workers.get(node);
    if (worker === undefined) {
      this.#workers.set(node, {
        ...{ node, name, figures, reachable: true, score: 0, roundTrip: undefined, heardAt: now },
        ...{ placed: new Map(), placedSlots: 0, others: figures.running + figures.queued },
        ...{ failures: 0, pausedUntil: 0, silentLife: undefined },
      });
      return false;
    }
    const isReborn = worker.figures.life !== figures.life;
    worker.figures = figures;
    worker.heardAt = now;
    worker.others = Math.max(0, figures.running + figures.queued - worker.placed.size);
    return isReborn;
  }

  /** What the network knows of the nodes. */
  see(nodes: readonly NetworkNode[]): void {
    for (const { id, name, reachable, score, roundTrip } of nodes) {
      const worker = this.#workers.get(id);
      if (worker !== undefined) Object.assign(worker, { name, reachable, score, roundTrip });
    }
  }

  place(task: PlacedTask): void {
    const worker = this.#workers.get(task.node);
    if (worker === undefined) return;
    worker.placed.set(keyOf(task), task);
    worker.placedSlots += task.slots;
  }

  remove(task: PlacedTask): void {
    const worker = this.#workers.get(task.node);
    if (worker?.placed.get(keyOf(task)) !== task) return;
    worker.placed.delete(keyOf(task));
    worker.placedSlots -= task.slots;
  }

  ended(node: string, failed: boolean): void {
    const worker = this.#workers.get(node);
    if (worker !== undefined) worker.failures += FAILURE_WEIGHT * ((failed ? 1 : 0) - worker.failures);
  }
}

export const keyOf = ({ job, task }: { job: string; task: number }): string => `${job}/${task}`;

/** Its tasks are over before a message is there and back: they are sent ahead, so that they do not wait for the network. */
export function hasShortTasks({ figures, roundTrip = 0 }: Worker): boolean {
  return figures.meanSeconds < 2 * roundTrip + 0.005 && figures.meanSeconds > 0;
}

/** Slots that this home may fill there now. */
export function roomOf(worker: Worker): number {
  const { figures, others, placedSlots } = worker;
  return figures.slots + (hasShortTasks(worker) ? figures.queue : 0) - others - placedSlots;
}

/** What a task asks of a node, but for its being avoided. */
export function fits({ kind, where, resources }: TaskSpec, { node, name, figures }: Worker): boolean {
  if (!figures.kinds.includes(kind) || figures.slots === 0) return false;
  if ((resources?.memory ?? 0) > figures.memory) return false;
  if ((resources?.slots ?? 1) > figures.slots) return false;
  if (where?.nodes !== undefined && !where.nodes.includes(node) && !where.nodes.includes(name)) return false;
  return Object.entries(where?.labels ?? {}).every(([label, value]) => figures.labels[label] === value);
}

/** A worker as schedulers see it. @param now seconds */
export function viewOf(worker: Worker, now: number): WorkerView & { slots: number[] } {
  const { node, figures, score, failures, others, placed } = worker;
  const busy = [...placed.values()].map(({ expectedEnd }) => Math.max(expectedEnd, now + 0.001));
  const theirs = now + (figures.meanSeconds || UNKNOWN_SECONDS);
  const free = Math.max(0, roomOf(worker));
  const slots = new Array<number>(Math.min(free, MOST_SHOWN)).fill(0);
  busy.sort((a, b) => a - b);
  for (const end of busy) if (slots.length < MOST_SHOWN) slots.push(end);
  for (let other = 0; other < others && slots.length < Math.min(MOST_SHOWN, figures.slots); other++) slots.push(theirs);
  return { node, speed: Math.max(figures.speed, 0.001), slots, anomaly: score, failures };
}
