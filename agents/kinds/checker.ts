// The agent that looks after one service: checks it at an interval and tells when it begins to fail and when that is
// over. What a check is, the probe knows. A letter to it is answered with the newest outcome.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import { Agent } from '../agent.ts';
import { onThisNode } from '../capabilities.ts';
import { type FailingRule, type FailingState, NOT_FAILING, observeOutcome } from './failing.ts';

/** Resolves when the service is as expected, rejects with what is wrong. */
export type Probe = (signal: AbortSignal) => Promise<void>;

export interface CheckerOptions {
  id: string;
  kind: 'http-checker' | 'tcp-checker';
  /** What it does: `http.check`. */
  action: string;
  probe: Probe;
  interval: Millis;
  /** Longest that a check may take. */
  timeout: Millis;
  rule: FailingRule;
  journal: Journal;
  clock: Clock;
  random: Random;
}

export interface CheckOutcome {
  ok: boolean;
  cause?: string;
  seconds: number;
  /** Wall-clock milliseconds. */
  at: Millis;
  /** Told as failing. */
  failing: boolean;
}

/** First checks are spread over this, so that a node does not begin with all at once. */
const SPREAD: Millis = 2_000;

export class Checker extends Agent {
  readonly #options: CheckerOptions;
  #state: FailingState = NOT_FAILING;
  #last: CheckOutcome | undefined;

  constructor(options: CheckerOptions) {
    const { id, kind, action, clock } = options;
    super({ id, kind, version: '1', capabilities: [onThisNode(action)] }, clock);
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { interval, random } = this.#options;
    const first = Math.min(SPREAD, interval) * random.next();
    this.heartbeat(first);
    this.scope.after(first, () => {
      this.scope.run((signal) => this.#check(signal));
      this.scope.every(interval, (signal) => this.#check(signal));
    });
  }

  protected override onLetter(): CheckOutcome | null {
    return this.#last ?? null;
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { probe, interval, timeout, rule, journal, clock } = this.#options;
    this.heartbeat(timeout);
    const late = new AbortController();
    const timer = clock.after(timeout, () => late.abort(new Error(`no answer within ${timeout / 1000} s`)));
    const began = clock.now();
    const cause = await probe(AbortSignal.any([signal, late.signal])).then(
      () => undefined,
      (error: unknown) => messageOf(late.signal.aborted ? late.signal.reason : error),
    );
    timer.cancel();
    if (signal.aborted) return;
    const ok = cause === undefined;
    const { state, entry } = observeOutcome(this.#state, { ok, ...(!ok && { cause }) }, rule);
    this.#state = state;
    const seconds = (clock.now() - began) / 1000;
    this.#last = { ok, seconds, at: clock.wall(), failing: state.raised, ...(!ok && { cause }) };
    if (entry !== undefined) journal.record({ ...entry, data: { seconds } });
    this.heartbeat(interval);
  }
}
