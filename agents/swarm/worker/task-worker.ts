// The working side of a node: takes on tasks for any home up to its slots and a small queue, has its job workers carry them
// out, and tells each home until it has recorded the end.

import type { Clock, Millis } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import type { JobStorage } from '../job-storage.ts';
import type { Assignment, Refusal, Report, WorkerFigures } from '../messages.ts';
import type { TaskExecutor } from '../task-executor.ts';
import { ReportOutbox, type Verdict } from './report-outbox.ts';
import { type BoardCondition, slotsUnder, speedUnder, stressOf } from './stress.ts';
import { type Outcome, TaskAttempt, type WorkerBlobs } from './task-attempt.ts';
import { type AgentHome, WorkerAgents } from './worker-agents.ts';

export interface TaskWorkerParts {
  self: string;
  agents: { min: number; max: number };
  slotsPerAgent: number;
  queue: number;
  labels: Record<string, string>;
  executors: ReadonlyMap<string, TaskExecutor>;
  supervisor: AgentHome;
  storage: Pick<JobStorage, 'receipt' | 'putReceipt'>;
  blobs: WorkerBlobs;
  report(home: string, reports: Report[]): Promise<Verdict>;
  /** It has room again, or its figures changed. */
  changed(): void;
  clock: Clock;
  random: Random;
}

interface Held {
  assignment: Assignment;
  home: string;
  epoch: number;
  state: 'queued' | 'running' | 'done';
  /** It has come to its end, not merely to an end. */
  hasResult: boolean;
  attempt: TaskAttempt;
}

const PROGRESS_EVERY: Millis = 250;
const MEAN_WEIGHT = 0.1;
const MIB = 1024 * 1024;

export class TaskWorker {
  readonly #parts: TaskWorkerParts;
  readonly #agents: WorkerAgents;
  readonly #outbox: ReportOutbox;
  readonly #held = new Map<string, Held>();
  readonly #queue: Held[] = [];
  readonly #told = new Set<TaskAttempt>();
  readonly #life: string;
  #isTelling = false;
  #isOpen = false;
  #runningSlots = 0;
  #running = 0;
  #speed = 1;
  #stress = 0;
  /** MiB. */
  #memory = 1e9;
  #meanSeconds = 0;
  readonly totals = { done: 0, failed: 0, interrupted: 0, repeated: 0 };

  constructor(parts: TaskWorkerParts) {
    this.#parts = parts;
    const { supervisor, clock, random, agents, slotsPerAgent } = parts;
    this.#life = random.below(2 ** 32).toString(36) + random.below(2 ** 32).toString(36);
    this.#agents = new WorkerAgents({ supervisor, clock, ...agents, slotsPerAgent, room: () => this.#pump() });
    this.#outbox = new ReportOutbox({
      send: parts.report,
      recorded: (home, reports) => this.#recorded(home, reports),
      homeOf: (report) => this.#held.get(placeOf(report))?.home,
      moved: (job, epoch, home) => this.#rehome(job, epoch, home),
      clock,
      random,
    });
  }

  async start(): Promise<void> {
    this.#isOpen = true;
    await this.#agents.start();
  }

  /** What has not begun goes back at once; what runs is interrupted, and given back too. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    for (const held of this.#queue.splice(0)) this.#giveBack(held, 'the node stops');
    await this.#agents.stop();
    this.#outbox.stop();
  }

  figures(): WorkerFigures {
    const { agents, slotsPerAgent, queue, labels, executors } = this.#parts;
    return {
      life: this.#life,
      slots: this.#isOpen ? slotsUnder(this.#stress, agents.max * slotsPerAgent) : 0,
      queue,
      running: this.#running,
      queued: this.#queue.length,
      speed: speedUnder(this.#stress, this.#speed),
      stress: this.#stress,
      meanSeconds: this.#meanSeconds,
      memory: this.#memory,
      kinds: [...executors.keys()],
      labels,
      jobs: 0,
    };
  }

  /** Nodes that placed what it has. */
  homes(): ReadonlySet<string> {
    return new Set([...this.#held.values()].map(({ home }) => home));
  }

  get agents(): number {
    return this.#agents.count;
  }

  get unrecorded(): number {
    return this.#outbox.waiting;
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
    this.#parts.changed();
  }

  setCondition(condition: BoardCondition): void {
    this.#stress = stressOf(condition);
    if (this.#stress >= 1)
      for (const held of this.#queue.splice(0)) this.#giveBack(held, 'this board takes no work now');
    this.#memory = Math.round(condition.memory.availableBytes / MIB);
    this.#parts.changed();
  }

  /** Takes tasks on, those it has already under their new home; names those that it does not take. */
  assign(home: string, tasks: readonly Assignment[]): { job: string; task: number; why: Refusal }[] {
    const refused = tasks.flatMap((assignment) => {
      const why = this.#take(home, assignment);
      return why === undefined ? [] : [{ job: assignment.job, task: assignment.task, why }];
    });
    this.#pump();
    return refused;
  }

  /** What it has of these jobs, which from now on are the asker's. */
  reconcile(home: string, jobs: readonly { job: string; epoch: number }[]) {
    const tasks = new Map(
      jobs.map(({ job }) => [job, [] as { task: number; attempt: number; startedAt?: number; done: boolean }[]]),
    );
    for (const { job, epoch } of jobs) this.#rehome(job, epoch, home);
    for (const { assignment, attempt, state, home: owner } of this.#held.values()) {
      if (owner !== home) continue;
      const { task, attempt: number } = assignment;
      const startedAt = attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt };
      tasks.get(assignment.job)?.push({ task, attempt: number, ...startedAt, done: state === 'done' });
    }
    return [...tasks].map(([job, list]) => ({ job, tasks: list }));
  }

  /** Stops tasks; returns those that it stopped. */
  withdraw(
    home: string,
    tasks: readonly { job: string; task: number }[],
    queuedOnly: boolean,
  ): { job: string; task: number }[] {
    const wanted = new Set(tasks.map(placeOf));
    const stopped: { job: string; task: number }[] = [];
    for (const held of [...this.#held.values()]) {
      const { job, task } = held.assignment;
      if (held.home !== home || held.state === 'done' || !wanted.has(placeOf(held.assignment))) continue;
      if (held.state === 'running' && queuedOnly) continue;
      stopped.push({ job, task });
      held.attempt.withdraw();
    }
    this.#pump();
    return stopped;
  }

  /** A home may be reachable again: what it has not recorded is said at once. */
  reachable(): void {
    this.#outbox.hurry();
  }

  #take(home: string, assignment: Assignment): Refusal | undefined {
    const { executors, agents, slotsPerAgent, queue, clock } = this.#parts;
    const key = placeOf(assignment);
    const known = this.#held.get(key);
    // The home has heard that an earlier attempt came to nothing, and gives it back before this node knows that it has heard.
    if (known?.state === 'done' && !known.hasResult && known.assignment.attempt < assignment.attempt) {
      this.#held.delete(key);
    } else if (known !== undefined) {
      if (known.epoch > assignment.epoch) return 'not-home';
      this.#rehome(assignment.job, assignment.epoch, home);
      return undefined;
    }
    if (!this.#isOpen) return 'stopping';
    const executor = executors.get(assignment.kind);
    if (executor === undefined) return 'unknown-kind';
    if (assignment.memory !== undefined && assignment.memory > this.#memory) return 'memory';
    const slots = slotsUnder(this.#stress, agents.max * slotsPerAgent);
    if (slots === 0 || this.#runningSlots + this.#queue.length >= slots + queue) return 'full';
    const attempt = new TaskAttempt({
      ...{ assignment, executor, blobs: this.#parts.blobs, clock },
      started: () => this.#started(held),
      ended: (_, outcome) => this.#ended(held, outcome),
      told: () => this.#tell(attempt),
    });
    const held: Held = { assignment, home, epoch: assignment.epoch, state: 'queued', hasResult: false, attempt };
    this.#held.set(key, held);
    if (assignment.again && this.#repeats(held)) return undefined;
    const after = this.#queue.findIndex((other) => other.assignment.priority < assignment.priority);
    if (after < 0) this.#queue.push(held);
    else this.#queue.splice(after, 0, held);
    return undefined;
  }

  /** It was carried out here before, and the home never heard: the receipt is the result. */
  #repeats(held: Held): boolean {
    const receipt = this.#parts.storage.receipt(held.attempt.key);
    if (receipt === undefined) return false;
    const { result, startedAt, endedAt }: { result: unknown; startedAt: number; endedAt: number } = JSON.parse(receipt);
    const { job, task, attempt } = held.assignment;
    held.state = 'done';
    held.hasResult = true;
    this.totals.repeated++;
    this.#outbox.put(held.home, {
      kind: 'done',
      ...{ job, task, attempt, startedAt, endedAt, result },
      log: ['It had been carried out here before; this is what came of it then'],
    });
    return true;
  }

  #pump(): void {
    const most = slotsUnder(this.#stress, this.#parts.agents.max * this.#parts.slotsPerAgent);
    while (this.#queue.length > 0 && this.#isOpen) {
      const next = this.#queue[0]!;
      // A task for more slots than there are takes them all.
      const slots = Math.min(next.assignment.slots, most);
      if (this.#runningSlots + slots > most && this.#running > 0) return;
      // It runs, and may end, within the offer.
      this.#queue.shift();
      if (this.#agents.offer(next.attempt)) continue;
      this.#queue.unshift(next);
      this.#agents.grow(this.#queue.length);
      return;
    }
  }

  #started(held: Held): void {
    held.state = 'running';
    this.#running++;
    this.#runningSlots += held.assignment.slots;
    const { job, task, attempt } = held.assignment;
    this.#outbox.put(held.home, { kind: 'started', job, task, attempt, at: held.attempt.startedAt! });
  }

  #ended(held: Held, outcome: Outcome): void {
    const { job, task, attempt } = held.assignment;
    const { startedAt, lines } = held.attempt;
    this.#told.delete(held.attempt);
    if (held.state === 'running') {
      this.#running--;
      this.#runningSlots -= held.assignment.slots;
    } else {
      const at = this.#queue.indexOf(held);
      if (at >= 0) this.#queue.splice(at, 1);
    }
    held.state = 'done';
    const end = { job, task, attempt, startedAt: startedAt ?? 0, endedAt: this.#parts.clock.wall(), log: lines };
    switch (outcome.kind) {
      case 'withdrawn':
        this.#held.delete(placeOf(held.assignment));
        break;
      case 'interrupted':
        this.totals.interrupted++;
        this.#giveBack(held, 'its agent was stopped');
        break;
      case 'done':
        held.hasResult = true;
        this.totals.done++;
        this.#learn(end.endedAt - end.startedAt);
        this.#keepReceipt(held, outcome.result, end);
        this.#outbox.put(held.home, { kind: 'done', ...end, result: outcome.result });
        break;
      case 'failed': {
        this.totals.failed++;
        const { outcome: how, cause, hopeless } = outcome;
        this.#outbox.put(held.home, { kind: 'failed', ...end, outcome: how, cause, hopeless });
      }
    }
    this.#parts.changed();
  }

  #giveBack(held: Held, why: string): void {
    const { job, task, attempt } = held.assignment;
    held.state = 'done';
    this.#outbox.put(held.home, { kind: 'returned', job, task, attempt, why });
  }

  /** A home in this process records the result in the same store. */
  #keepReceipt(
    { home, attempt }: Held,
    result: unknown,
    { startedAt, endedAt }: { startedAt: number; endedAt: number },
  ): void {
    if (home === this.#parts.self) return;
    // Should the disk not take it, a second attempt carries it out again: at least once is what is promised.
    this.#parts.storage
      .putReceipt(attempt.key, JSON.stringify({ result, startedAt, endedAt }), endedAt)
      .catch(() => {});
  }

  #learn(ms: Millis): void {
    const seconds = Math.max(0, ms / 1000);
    this.#meanSeconds =
      this.#meanSeconds === 0 ? seconds : this.#meanSeconds + MEAN_WEIGHT * (seconds - this.#meanSeconds);
  }

  #recorded(home: string, reports: readonly Report[]): void {
    for (const report of reports) {
      if (report.kind === 'started' || report.kind === 'progress') continue;
      const key = placeOf(report);
      const held = this.#held.get(key);
      if (held?.state !== 'done' || held.assignment.attempt !== report.attempt) continue;
      // Who recorded it is not its home any more: the present one is told too.
      if (held.home === home) this.#held.delete(key);
      else this.#outbox.put(held.home, report);
    }
  }

  #rehome(job: string, epoch: number, home: string): void {
    for (const held of this.#held.values()) {
      if (held.assignment.job !== job || held.epoch > epoch) continue;
      const from = held.home;
      held.home = home;
      held.epoch = epoch;
      this.#outbox.redirect(job, from, home);
    }
  }

  #tell(attempt: TaskAttempt): void {
    this.#told.add(attempt);
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#parts.clock.after(PROGRESS_EVERY, () => {
      this.#isTelling = false;
      for (const told of this.#told) {
        const held = this.#held.get(placeOf(told.assignment));
        if (held === undefined) continue;
        const { job, task, attempt: number } = told.assignment;
        const log = told.lines.slice(told.lines.length - told.untold);
        told.untold = 0;
        const share = told.share === undefined ? {} : { share: told.share };
        this.#outbox.put(held.home, { kind: 'progress', job, task, attempt: number, ...share, log });
      }
      this.#told.clear();
    });
  }
}

/** By index: ids of tasks are long. */
const placeOf = ({ job, task }: { job: string; task: number }): string => `${job}/${task}`;
