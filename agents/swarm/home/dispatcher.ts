// Gives ready tasks to workers: decides in rounds that end before they hold up the loop, sends what was decided, and takes
// back what was refused, got lost on the way, or waits in a queue while others idle.

import type { Static } from 'typebox';
import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Assignment, assign, withdraw } from '../messages.ts';
import type { TaskScheduler } from '../scheduling/scheduler.ts';
import { nextEndingSoon } from './ahead.ts';
import { type Fleet, keyOf, type PlacedTask, roomOf, type Worker } from './fleet.ts';
import type { HostedJob } from './hosted-job.ts';
import { type Chosen, placeRound } from './placing.ts';
import { blobsIn, resolveInput, sourcesOf } from './task-input.ts';

export interface DispatcherParts {
  self: string;
  jobs: ReadonlyMap<string, HostedJob>;
  fleet: Fleet;
  scheduler(): TaskScheduler;
  assign(node: string, tasks: Assignment[]): Promise<Static<typeof assign.answers>>;
  withdraw(
    node: string,
    tasks: { job: string; task: number }[],
    queuedOnly: boolean,
  ): Promise<Static<typeof withdraw.answers>>;
  /** Bytes a second between this node and another; undefined until it was measured. */
  speed(node: string): number | undefined;
  /** A worker says that another node is the home of a job. */
  notHome(job: string): void;
  clock: Clock;
}

/** Placements of one round, and of one turn of the loop. */
const MOST_A_ROUND = 64;
const MOST_A_TURN = 64;
/** Tasks of one message. */
const MOST_AT_ONCE = 128;
const PAUSE: { full: Millis; stopping: Millis; silent: Millis } = { full: 20, stopping: 2000, silent: 500 };
/** A task that waits there for so long may be taken back for a node that idles. */
const RECALL_AFTER: Millis = 50;
const RECALL_EVERY: Millis = 100;
/** What was sent so shortly before may arrive after a question. */
const UNDER_WAY: Millis = 500;

export class Dispatcher {
  readonly #parts: DispatcherParts;
  #isArranged = false;
  #inTurn = 0;
  #isTurnWatched = false;
  #ahead: Timer | undefined;
  #recalling: Timer | undefined;
  readonly totals = { placed: 0, refused: 0, recalled: 0, rounds: 0 };

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Something is ready or free: decides soon, once for all that happens in this turn of the loop. */
  arrange(): void {
    if (this.#isArranged) return;
    this.#isArranged = true;
    if (this.#inTurn < MOST_A_TURN) queueMicrotask(() => this.#round());
    else this.#parts.clock.after(0, () => this.#round());
  }

  /** The task is with nobody any more. */
  release(job: HostedJob, placed: PlacedTask): void {
    if (job.placed.get(placed.task) !== placed) return;
    job.placed.delete(placed.task);
    job.isDirty = true;
    this.#parts.fleet.remove(placed);
  }

  /** A worker has a task, as it says itself. */
  adopt(job: HostedJob, node: string, task: number, attempt: number, startedAt: Millis | undefined): void {
    const { clock, fleet } = this.#parts;
    const known = job.placed.get(task);
    if (known?.node === node) {
      known.isTaken = true;
      return;
    }
    if (known !== undefined || job.run.isOver(task)) return void this.stop(node, [{ job: job.id, task }]);
    job.ready.delete(task);
    job.forget(task);
    job.knowsAttempt(task, attempt);
    const placed: PlacedTask = {
      ...{ job: job.id, task, attempt, node, slots: job.run.spec.tasks[task]?.resources?.slots ?? 1 },
      why: 'it had the task already when its home changed',
      ...{ placedAt: startedAt ?? clock.wall(), sentAt: clock.now(), alone: false, isTaken: true, log: [] },
      expectedEnd: clock.now() / 1000 + (job.graph.tasks[task]?.seconds ?? 1),
      ...(startedAt !== undefined && { startedAt }),
    };
    this.#add(job, placed);
    fleet.place(placed);
  }

  /** A worker was asked what it has of these jobs: what it does not know of it never got, or has lost. */
  compare(node: string, jobs: ReadonlySet<string>, held: ReadonlySet<string>, askedAt: Millis): void {
    for (const placed of [...(this.#parts.fleet.get(node)?.placed.values() ?? [])]) {
      if (!jobs.has(placed.job) || held.has(keyOf(placed)) || askedAt - placed.sentAt < UNDER_WAY) continue;
      const job = this.#parts.jobs.get(placed.job);
      job?.mayRepeat.add(placed.task);
      this.#comeBack(job, placed);
    }
  }

  /** Has a worker stop tasks that nobody needs there any more. */
  stop(node: string, tasks: { job: string; task: number }[]): void {
    for (let at = 0; at < tasks.length; at += MOST_AT_ONCE) {
      // Who cannot be reached reports them later, and is told that they are over.
      this.#parts.withdraw(node, tasks.slice(at, at + MOST_AT_ONCE), false).catch(() => {});
    }
  }

  /** Takes tasks that have not begun back from full workers while others have nothing to do. */
  async recall(): Promise<void> {
    const { fleet, clock, jobs, withdraw: take } = this.#parts;
    const workers = [...fleet.all()];
    let idle = workers.reduce((sum, worker) => sum + (worker.reachable ? idleSlots(worker) : 0), 0);
    const now = clock.now();
    const byQueue = workers.sort((a, b) => b.placedSlots - b.figures.slots - (a.placedSlots - a.figures.slots));
    for (const { node, placed, placedSlots, figures } of byQueue) {
      if (idle <= 0) return;
      if (placedSlots <= figures.slots) continue;
      const queued = [...placed.values()].filter(
        ({ startedAt, isTaken, sentAt, isRecalled }) =>
          startedAt === undefined && isTaken && !isRecalled && now - sentAt > RECALL_AFTER,
      );
      const wanted = queued.slice(-Math.min(idle, MOST_AT_ONCE));
      if (wanted.length === 0) continue;
      idle -= wanted.length;
      for (const task of wanted) task.isRecalled = true;
      try {
        const { withdrawn } = await take(
          node,
          wanted.map(({ job, task }) => ({ job, task })),
          true,
        );
        const back = new Set(withdrawn.map(keyOf));
        for (const task of wanted) {
          task.isRecalled = false;
          if (!back.has(keyOf(task))) continue;
          this.totals.recalled++;
          this.#comeBack(jobs.get(task.job), task);
        }
      } catch {
        for (const task of wanted) task.isRecalled = false;
      }
    }
  }

  /** The worker does not have it, and it is not to blame. */
  #comeBack(job: HostedJob | undefined, placed: PlacedTask): void {
    this.#parts.fleet.remove(placed);
    if (job?.placed.get(placed.task) !== placed) return;
    this.release(job, placed);
    job.makeReady([placed.task]);
    this.arrange();
  }

  #round(): void {
    this.#isArranged = false;
    const { jobs, fleet, scheduler, speed, clock } = this.#parts;
    const open = [...jobs.values()].filter(({ ready, state }) => ready.size > 0 && state === 'running');
    if (open.length === 0) return;
    const chosen = placeRound({
      jobs: open,
      hosted: jobs,
      workers: [...fleet.all()],
      scheduler: scheduler(),
      now: clock.now() / 1000,
      sources: (job, task) => sourcesOf(job.run, task),
      speed,
      most: MOST_A_ROUND,
    });
    this.totals.rounds++;
    this.#countTurn(chosen.length);
    const byNode = new Map<string, Chosen[]>();
    for (const choice of chosen) {
      const { node } = choice.worker;
      // What somebody died of goes alone: if it happens again, it is known what of.
      const isSuspect = choice.job.run.tasks[choice.task]!.diedOf.length > 0;
      if (isSuspect) this.#send(choice.worker, [choice]);
      else byNode.set(node, [...(byNode.get(node) ?? []), choice]);
    }
    for (const list of byNode.values()) this.#send(list[0]!.worker, list);
    if (chosen.some(({ worker }) => isFull(worker))) this.#recallSoon();
    if (chosen.length >= MOST_A_ROUND) this.arrange();
    else if (open.some(({ ready }) => ready.size > 0)) this.#arrangeAhead();
  }

  /** What waits behind a task that takes longer than expected goes to whoever comes to idle. */
  #recallSoon(): void {
    const { fleet, jobs, clock } = this.#parts;
    this.#recalling ??= clock.after(RECALL_EVERY, () => {
      this.#recalling = undefined;
      if (jobs.size === 0) return;
      void this.recall();
      if ([...fleet.all()].some(isFull)) this.#recallSoon();
    });
  }

  /** Decides again when the first slot is about to be free. */
  #arrangeAhead(): void {
    const { fleet, clock } = this.#parts;
    const now = clock.now() / 1000;
    let next = Number.POSITIVE_INFINITY;
    for (const worker of fleet.all()) next = Math.min(next, nextEndingSoon(worker, now) ?? next);
    this.#ahead?.cancel();
    if (Number.isFinite(next)) this.#ahead = clock.after((next - now) * 1000, () => this.arrange());
  }

  /** Tasks that end at once lead to new rounds: after so many the loop gets a turn. */
  #countTurn(placements: number): void {
    this.#inTurn += placements;
    if (this.#isTurnWatched) return;
    this.#isTurnWatched = true;
    this.#parts.clock.after(0, () => {
      this.#isTurnWatched = false;
      this.#inTurn = 0;
    });
  }

  #send(worker: Worker, chosen: readonly Chosen[]): void {
    const { clock, fleet } = this.#parts;
    const [now, wall] = [clock.now(), clock.wall()];
    const placed = chosen.map(({ job, task, slots, seconds, why }): PlacedTask => {
      job.ready.delete(task);
      job.whyWaiting.delete(task);
      return {
        ...{
          job: job.id,
          task,
          attempt: job.nextAttempt(task),
          node: worker.node,
          slots,
          why,
          placedAt: wall,
          sentAt: now,
        },
        ...{ alone: chosen.length === 1, expectedEnd: now / 1000 + seconds, isTaken: false, log: [] },
      };
    });
    const tasks = placed.map((task, index) => this.#assignmentOf(chosen[index]!.job, task));
    for (const [index, task] of placed.entries()) {
      this.#add(chosen[index]!.job, task);
      fleet.place(task);
    }
    this.totals.placed += placed.length;
    void this.#hand(worker, placed, tasks);
  }

  #add(job: HostedJob, placed: PlacedTask): void {
    job.placed.set(placed.task, placed);
    job.mostParallel = Math.max(job.mostParallel, job.placed.size);
    job.isDirty = true;
  }

  async #hand(worker: Worker, placed: readonly PlacedTask[], tasks: Assignment[]): Promise<void> {
    const { jobs, clock, notHome } = this.#parts;
    try {
      const { refused } = await this.#parts.assign(worker.node, tasks);
      for (const task of placed) task.isTaken = true;
      if (refused.length === 0) return;
      const why = new Map(refused.map((task) => [keyOf(task), task.why]));
      for (const task of placed) {
        const reason = why.get(keyOf(task));
        if (reason === undefined) continue;
        this.totals.refused++;
        if (reason === 'not-home') notHome(task.job);
        if (reason === 'full' || reason === 'memory') worker.pausedUntil = clock.now() + PAUSE.full;
        if (reason === 'stopping' || reason === 'unknown-kind') worker.pausedUntil = clock.now() + PAUSE.stopping;
        this.#comeBack(jobs.get(task.job), task);
      }
      clock.after(PAUSE.full, () => this.arrange());
    } catch (thrown) {
      worker.pausedUntil = clock.now() + PAUSE.silent;
      // It never left this node; anything else may have arrived, and is asked for.
      const isUnsent =
        thrown instanceof ParlmeshError && (thrown.code === 'RELAY_NO_ROUTE' || thrown.code === 'RELAY_FULL');
      if (isUnsent) for (const task of placed) this.#comeBack(jobs.get(task.job), task);
      clock.after(PAUSE.silent, () => this.arrange());
    }
  }

  #assignmentOf(job: HostedJob, { task, attempt, slots }: PlacedTask): Assignment {
    const { run } = job;
    const { id, kind, input, timeout, resources } = run.spec.tasks[task]!;
    const resolved = input === undefined ? undefined : resolveInput(run, input);
    const holders = [
      ...new Set([
        run.home,
        ...run.graph.parents[task]!.flatMap((parent) => run.tasks[parent]!.attempts.at(-1)?.node ?? []),
      ]),
    ];
    const again = run.tasks[task]!.attempts.length > 0 || job.mayRepeat.has(task);
    return {
      ...{ job: job.id, epoch: run.epoch, task, id, attempt, kind, slots, priority: job.priority, again },
      ...(resolved !== undefined && { input: resolved }),
      ...(timeout !== undefined && { timeout }),
      ...(resources?.memory !== undefined && { memory: resources.memory }),
      blobs: resolved === undefined ? [] : blobsIn(resolved).map((ref) => ({ ref, holders: holders.slice(0, 16) })),
    };
  }
}

/** Tasks wait there for a slot. */
const isFull = ({ placedSlots, figures }: Worker): boolean => placedSlots > figures.slots;

function idleSlots(worker: Worker): number {
  return Math.max(0, Math.min(worker.figures.slots - worker.placed.size - worker.others, roomOf(worker)));
}
