// What is learned: whether the federation has a coordinator, how the policy in force does, how many tasks wait.

import type { Clock, Millis } from '../../../core/clock.ts';
import type { Federation } from '../../federation/federation.ts';
import type { Learning } from '../../learning.ts';
import type { Say, Source } from './hearing.ts';

export interface LearningSignalsParts {
  federation: Pick<Federation, 'election'> | undefined;
  /** Whether another node can be reached: alone, nobody has to coordinate. */
  hasCompany: () => boolean;
  learning: Pick<Learning, 'judgement' | 'on' | 'off'>;
  /** Tasks that wait for each place. */
  waiting: () => number;
  clock: Clock;
  say: Say;
}

/** An election takes a few leases; so many without a coordinator are a standstill. */
const LEASES_WITHOUT = 6;

export class LearningSignals implements Source {
  readonly #parts: LearningSignalsParts;
  #seatless: Millis | undefined;

  constructor(parts: LearningSignalsParts) {
    this.#parts = parts;
  }

  listen(): () => void {
    const { federation, learning } = this.#parts;
    const hearSeat = (): void => this.#tellSeat();
    const hearPolicy = (): void => this.#tellPolicy();
    federation?.election.on('changed', hearSeat);
    learning.on('changed', hearPolicy);
    return () => {
      federation?.election.off('changed', hearSeat);
      learning.off('changed', hearPolicy);
    };
  }

  repeat(subjects?: ReadonlySet<string>): void {
    if (subjects === undefined || subjects.has('service/federation')) this.#tellSeat();
    if (subjects === undefined || subjects.has('service/policy')) this.#tellPolicy();
    if (subjects === undefined || subjects.has('node')) this.#tellTasks();
  }

  #tellSeat(): void {
    const { federation, hasCompany, clock, say } = this.#parts;
    if (federation === undefined) return;
    const about = { subject: 'service/federation', at: clock.wall(), kind: 'state' } as const;
    if (federation.election.current() !== undefined || !hasCompany()) {
      this.#seatless = undefined;
      say({ ...about, state: 'running' });
      return;
    }
    this.#seatless ??= clock.now();
    const since = clock.now() - this.#seatless;
    if (since < LEASES_WITHOUT * federation.election.lease) return;
    say({ ...about, state: 'stalled', message: `No node has coordinated for ${Math.round(since / 1000)} s` });
  }

  /** By replay of what this node really had to do; the guard that serves instead of a bad policy is the learner's own. */
  #tellPolicy(): void {
    const { learning, clock, say } = this.#parts;
    const { judgement } = learning;
    if (judgement === undefined) return;
    // Where there was none before, none before was better.
    const value = Math.min(1e4, judgement.cost ?? 1);
    say({ subject: 'service/policy', at: clock.wall(), kind: 'metric', metric: 'policy.cost', value });
  }

  #tellTasks(): void {
    const { waiting, clock, say } = this.#parts;
    const value = Math.min(1e7, waiting());
    say({ subject: 'node', at: clock.wall(), kind: 'metric', metric: 'tasks.waiting', value });
  }
}
