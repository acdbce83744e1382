// What this node asks of the swarms of others, and of its own without a detour over the network.

import type { Static } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import type { SwarmChannel } from './channel.ts';
import type { JobDetailView, JobView } from './job-view.ts';
import {
  type Assignment,
  assign,
  change,
  handOver,
  inquire,
  lease,
  reconcile,
  replicate,
  report,
  show,
  type WorkerFigures,
  withdraw,
} from './messages.ts';
import type { TaskWorker } from './worker/task-worker.ts';

export interface SwarmLinksParts {
  channel: SwarmChannel;
  worker(): TaskWorker;
  /** A worker answered with how it is. */
  figures(node: string, figures: WorkerFigures): void;
  /** This node hears itself. */
  hear(asked: Static<typeof report.asks>): Promise<Static<typeof report.answers>>;
}

/** Recording may wait for a slow disk and for a deputy that dies just now. */
const RECORDED_WITHIN: Millis = 15_000;

export class SwarmLinks {
  readonly #parts: SwarmLinksParts;
  readonly #self: string;

  constructor(parts: SwarmLinksParts) {
    this.#parts = parts;
    this.#self = parts.channel.self;
  }

  async assign(node: string, tasks: Assignment[], deadline: Millis): Promise<Static<typeof assign.answers>> {
    const { channel, worker } = this.#parts;
    if (node === this.#self) return { refused: worker().assign(node, tasks), figures: worker().figures() };
    const answer = await channel.ask(node, assign, { tasks }, deadline);
    this.#parts.figures(node, answer.figures);
    return answer;
  }

  async withdraw(
    node: string,
    tasks: { job: string; task: number }[],
    queuedOnly: boolean,
    deadline: Millis,
  ): Promise<Static<typeof withdraw.answers>> {
    const { channel, worker } = this.#parts;
    if (node === this.#self) {
      return { withdrawn: worker().withdraw(node, tasks, queuedOnly), figures: worker().figures() };
    }
    const answer = await channel.ask(node, withdraw, { tasks, queuedOnly }, deadline);
    this.#parts.figures(node, answer.figures);
    return answer;
  }

  async reconcile(node: string, jobs: { job: string; epoch: number }[], deadline: Millis) {
    const { channel, worker } = this.#parts;
    if (node === this.#self) return worker().reconcile(node, jobs);
    const { held, figures } = await channel.ask(node, reconcile, { jobs }, deadline);
    this.#parts.figures(node, figures);
    return held;
  }

  report(
    home: string,
    asked: Static<typeof report.asks>,
    deadline = RECORDED_WITHIN,
  ): Promise<Static<typeof report.answers>> {
    if (home === this.#self) return this.#parts.hear(asked);
    return this.#parts.channel.ask(home, report, asked, deadline);
  }

  replicate(node: string, logs: Static<typeof replicate.asks>['logs'], deadline: Millis) {
    return this.#parts.channel.ask(node, replicate, { logs }, deadline);
  }

  lease(node: string, asked: Static<typeof lease.asks>, deadline: Millis) {
    return this.#parts.channel.ask(node, lease, asked, deadline);
  }

  /** Answers of those nodes that answer in time. */
  async inquire(nodes: readonly string[], jobs: string[], deadline: Millis) {
    const answers = await Promise.allSettled(
      nodes.map(async (node) => ({ node, ...(await this.#parts.channel.ask(node, inquire, { jobs }, deadline)) })),
    );
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  async handOver(home: string, job: string, entries: Static<typeof handOver.asks>['entries']): Promise<void> {
    await this.#parts.channel.ask(home, handOver, { job, entries }, RECORDED_WITHIN);
  }

  show(home: string, job: string): Promise<JobDetailView> {
    return this.#parts.channel.ask(home, show, { job });
  }

  change(home: string, job: string, what: 'cancel' | 'retry', by: string): Promise<JobView> {
    return this.#parts.channel.ask(home, change, { job, what, by }, RECORDED_WITHIN);
  }
}
