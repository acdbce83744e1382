// The shape of a job: tasks, what they need of each other, and the chains that this makes. Fixed for the job's life.

import { ParlmeshError } from '../../core/errors.ts';

export interface GraphTask {
  id: string;
  /** Ids of tasks that must have succeeded before. */
  needs: readonly string[];
  /** Expected seconds on a worker of speed 1. */
  seconds: number;
  /** Expected bytes of its result. */
  bytes: number;
}

const NONE: readonly number[] = [];

export class JobGraph {
  readonly tasks: readonly GraphTask[];
  /** By index into `tasks`, as everything below. */
  readonly parents: readonly (readonly number[])[];
  readonly children: readonly (readonly number[])[];
  /** Parents before children. */
  readonly order: readonly number[];
  /** Seconds of the longest chain that begins with the task: its upward rank without transfers (Topcuoglu et al. 2002). */
  readonly below: Float64Array;
  /** Seconds of the longest chain that ends just before the task. */
  readonly above: Float64Array;
  /** Seconds of all tasks together. */
  readonly work: number;
  /** Seconds of the longest chain: no number of workers of speed 1 is faster. */
  readonly path: number;

  /** Throws `JOB_INVALID` for an id that occurs twice, a need that is no task, or tasks that wait for each other. */
  constructor(tasks: readonly GraphTask[]) {
    this.tasks = tasks;
    const indexOf = new Map<string, number>();
    for (const [index, { id }] of tasks.entries()) {
      if (indexOf.has(id)) throw new ParlmeshError('JOB_INVALID', `Two tasks are called "${id}"`);
      indexOf.set(id, index);
    }
    const children: number[][] = tasks.map(() => []);
    this.parents = tasks.map(({ id, needs }, index) => {
      if (needs.length === 0) return NONE;
      return [...new Set(needs)].map((need) => {
        const parent = indexOf.get(need);
        if (parent === undefined) {
          throw new ParlmeshError('JOB_INVALID', `Task "${id}" needs "${need}", which is no task of this job`);
        }
        children[parent]!.push(index);
        return parent;
      });
    });
    this.children = children;
    this.order = this.#inOrder();
    this.below = new Float64Array(tasks.length);
    this.above = new Float64Array(tasks.length);
    for (const index of this.order) {
      for (const parent of this.parents[index]!) {
        this.above[index] = Math.max(this.above[index]!, this.above[parent]! + tasks[parent]!.seconds);
      }
    }
    for (const index of this.order.toReversed()) {
      let longest = 0;
      for (const child of children[index]!) longest = Math.max(longest, this.below[child]!);
      this.below[index] = tasks[index]!.seconds + longest;
    }
    this.work = tasks.reduce((sum, { seconds }) => sum + seconds, 0);
    this.path = this.below.reduce((longest, seconds) => Math.max(longest, seconds), 0);
  }

  /** Kahn's algorithm. */
  #inOrder(): number[] {
    const waiting = this.parents.map((parents) => parents.length);
    const order = [...waiting.keys()].filter((index) => waiting[index] === 0);
    for (let at = 0; at < order.length; at++) {
      for (const child of this.children[order[at]!]!) if (--waiting[child]! === 0) order.push(child);
    }
    if (order.length < this.tasks.length) {
      const names = this.#cycle(waiting).map((index) => `"${this.tasks[index]!.id}"`);
      throw new ParlmeshError('JOB_INVALID', `Tasks wait for each other: ${names.join(' needs ')}`);
    }
    return order;
  }

  /** Walks back over tasks that never got free, until one comes again. */
  #cycle(waiting: readonly number[]): number[] {
    const path = [waiting.findIndex((count) => count > 0)];
    for (;;) {
      const next = this.parents[path.at(-1)!]!.find((parent) => waiting[parent]! > 0)!;
      const seen = path.indexOf(next);
      path.push(next);
      if (seen >= 0) return path.slice(seen);
    }
  }
}
