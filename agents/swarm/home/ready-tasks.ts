// The tasks of a job that could start, sorted so that few have to be looked at: by what they ask of a node, and among those
// alike by how much hangs on them.

export interface TaskClass {
  /** Any task of it: all ask the same of a node. */
  readonly sample: number;
  /** Nodes to be avoided while there are others. */
  readonly avoid: readonly string[];
  /** The one that most hangs on comes last. */
  readonly tasks: number[];
}

export class ReadyTasks {
  readonly #below: ArrayLike<number>;
  readonly #classes = new Map<string, TaskClass>();
  readonly #classOf = new Map<number, TaskClass>();

  /** @param below seconds of the longest chain that begins with each task */
  constructor(below: ArrayLike<number>) {
    this.#below = below;
  }

  get size(): number {
    return this.#classOf.size;
  }

  has(task: number): boolean {
    return this.#classOf.has(task);
  }

  /** @param signature the same for tasks that ask the same of a node */
  add(tasks: readonly number[], signature: (task: number) => string, avoid: (task: number) => readonly string[]): void {
    const grown = new Set<TaskClass>();
    for (const task of tasks) {
      if (this.#classOf.has(task)) continue;
      const name = signature(task);
      let group = this.#classes.get(name);
      if (group === undefined) {
        group = { sample: task, avoid: avoid(task), tasks: [] };
        this.#classes.set(name, group);
      }
      this.#classOf.set(task, group);
      if (tasks.length > 8) {
        group.tasks.push(task);
        grown.add(group);
      } else group.tasks.splice(this.#placeOf(group.tasks, task), 0, task);
    }
    for (const { tasks: all } of grown) all.sort((a, b) => this.#compare(a, b));
  }

  delete(task: number): boolean {
    const group = this.#classOf.get(task);
    if (group === undefined) return false;
    this.#classOf.delete(task);
    const at = this.#placeOf(group.tasks, task) - 1;
    group.tasks.splice(group.tasks[at] === task ? at : group.tasks.indexOf(task), 1);
    if (group.tasks.length === 0) {
      for (const [name, other] of this.#classes) if (other === group) this.#classes.delete(name);
    }
    return true;
  }

  clear(): void {
    this.#classes.clear();
    this.#classOf.clear();
  }

  classes(): Iterable<TaskClass> {
    return this.#classes.values();
  }

  /** Less hangs on it, or it comes later in the job: earlier in the list. */
  #compare(a: number, b: number): number {
    return this.#below[a]! - this.#below[b]! || b - a;
  }

  /** Behind all that are less than or equal to it. */
  #placeOf(tasks: readonly number[], task: number): number {
    let [low, high] = [0, tasks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(tasks[middle]!, task) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
