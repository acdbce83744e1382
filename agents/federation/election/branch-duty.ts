// Sees to it that what this node made while it coordinated reaches who coordinates now: whenever the seat is another's, also
// after a restart, and again until it is taken. Where there is nothing new that is one question.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import { type Clock, delay } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import type { Service } from '../../../core/service.ts';
import type { Leadership } from '../rounds/ports.ts';
import type { BranchExchange } from './branch-exchange.ts';

export interface BranchDutyParts {
  self: string;
  leadership: Leadership;
  exchange: Pick<BranchExchange, 'handOver'>;
  learners: readonly string[];
  /** Whether this node has coordinated that learner ever: its store has models that it made itself. */
  hasMade(learner: string): Promise<boolean>;
  clock: Clock;
  random: Random;
}

const RETRY: BackoffOptions = { first: 1000, most: 60_000 };

export class BranchDuty implements Service {
  readonly name = 'federation-branches';
  readonly #parts: BranchDutyParts;
  /** Of the seat as it is now: another one ends it. */
  #work = new AbortController();
  #unwatch: (() => void) | undefined;
  #seat = '';

  constructor(parts: BranchDutyParts) {
    this.#parts = parts;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#unwatch = this.#parts.leadership.onChange(() => this.#look());
    this.#look();
  }

  async stop(): Promise<void> {
    this.#unwatch?.();
    this.#work.abort(new Error('the node stops'));
    this.#seat = '';
  }

  #look(): void {
    const { leadership, self, learners } = this.#parts;
    const current = leadership.current();
    const seat = current === undefined ? '' : `${current.term}/${current.node}`;
    if (seat === this.#seat) return;
    this.#seat = seat;
    this.#work.abort(new Error('the seat is another'));
    this.#work = new AbortController();
    if (current === undefined || current.node === self) return;
    for (const learner of learners) void this.#bring(learner, current.node, this.#work.signal);
  }

  /** Never rejects. */
  async #bring(learner: string, node: string, signal: AbortSignal): Promise<void> {
    const { exchange, hasMade, clock, random } = this.#parts;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        if (await hasMade(learner)) await exchange.handOver(node, learner);
        return;
      } catch {
        // It has just taken the seat, or cannot be reached for a moment.
        await delay(clock, backoff(attempt, RETRY, random), signal).catch(() => {});
      }
    }
  }
}
