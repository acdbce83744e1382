// What this node tells of its work without being asked: to the other nodes by gossip, to followers here; never more often
// than is good for either.

import type { Static } from 'typebox';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { AgentNetwork } from '../network.ts';
import type { HostedJob } from './home/hosted-job.ts';
import { type JobsSummary, jobsTopic, type WorkerFigures, workersTopic } from './messages.ts';

export interface SwarmNewsParts {
  network: AgentNetwork;
  figures(): WorkerFigures;
  summary(): Static<typeof JobsSummary>;
  /** Followers are to be told. */
  changed(job: HostedJob): void;
  swarm(): void;
  clock: Clock;
}

/** Between two words of the same job to followers. */
const TELL_EVERY: Millis = 250;
const GOSSIP_EVERY: Millis = 1000;
/** A third of the lifetime: two words may be lost. */
const REPEAT_EVERY: Millis = 20_000;

export class SwarmNews {
  readonly #parts: SwarmNewsParts;
  readonly #changed = new Set<HostedJob>();
  #telling: Timer | undefined;
  #gossiping: Timer | undefined;
  #repeating: Timer | undefined;
  #isSwarmChanged = false;
  #said = { figures: '', summary: '' };
  #isOpen = false;

  constructor(parts: SwarmNewsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isOpen = true;
    this.#repeating = this.#parts.clock.every(REPEAT_EVERY, () => this.#gossip(true));
    this.#gossip(true);
  }

  stop(): void {
    this.#isOpen = false;
    for (const timer of [this.#telling, this.#gossiping, this.#repeating]) timer?.cancel();
  }

  jobChanged(job: HostedJob): void {
    this.#changed.add(job);
    this.#tellLater();
    this.summaryChanged();
  }

  swarmChanged(): void {
    this.#isSwarmChanged = true;
    this.#tellLater();
  }

  figuresChanged(): void {
    this.swarmChanged();
    this.summaryChanged();
  }

  summaryChanged(): void {
    if (!this.#isOpen) return;
    this.#gossiping ??= this.#parts.clock.after(GOSSIP_EVERY, () => {
      this.#gossiping = undefined;
      this.#gossip(false);
    });
  }

  #tellLater(): void {
    if (!this.#isOpen) return;
    this.#telling ??= this.#parts.clock.after(TELL_EVERY, () => {
      this.#telling = undefined;
      for (const job of this.#changed)
        if (job.run.state === 'running' && job.state !== 'yielding') this.#parts.changed(job);
      this.#changed.clear();
      if (this.#isSwarmChanged) this.#parts.swarm();
      this.#isSwarmChanged = false;
    });
  }

  #gossip(isRepeat: boolean): void {
    const { network, figures, summary } = this.#parts;
    const [now, jobs] = [figures(), summary()];
    // The mean and the free memory alone are no news.
    const shown = JSON.stringify({ ...now, meanSeconds: 0, memory: 0 });
    if (isRepeat || shown !== this.#said.figures) network.publish(workersTopic, now);
    const told = JSON.stringify(jobs.jobs.map(({ epoch, view }) => [epoch, { ...view, figures: 0 }]));
    if (isRepeat || told !== this.#said.summary) network.publish(jobsTopic, jobs);
    this.#said = { figures: shown, summary: told };
  }
}
