// Sets going what computes or asks for long, aggregation and evaluation, and brings what comes of it back to the round. What
// only has to wait (a roll-out that is busy, a store that is full) is tried again; anything else fails the round, by name.

import type { Clock, Millis } from '../../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import { parametersOf } from '../messages.ts';
import type { BaseShelf } from './base-shelf.ts';
import type { Durable } from './durable.ts';
import type { RoundEvent, RoundState } from './round.ts';
import { aggregateRound, bringCandidate, type RoundWorkParts } from './round-work.ts';

export interface LongStepsParts {
  parts: Omit<RoundWorkParts, 'durably' | 'wall'> & { clock: Clock };
  bases: BaseShelf;
  durable: Durable;
  /** About the round with this id. */
  post(id: string, event: RoundEvent): void;
}

const AGAIN: Millis = 5000;
const PASSES: ReadonlySet<string> = new Set(['ROLLOUT_BUSY', 'FEDERATION_STORE_FAILED']);

export class LongSteps {
  readonly #parts: LongStepsParts;

  constructor(parts: LongStepsParts) {
    this.#parts = parts;
  }

  /** Never rejects; what comes after `signal` aborted is dropped. */
  async run(state: RoundState, signal: AbortSignal): Promise<void> {
    if (state.kind !== 'aggregating' && state.kind !== 'evaluating') return;
    const { parts, bases, durable, post } = this.#parts;
    const { id, base: version } = state.facts;
    const bytes = bases.get(version);
    const parameters = bytes && parametersOf(bytes);
    // The round is ended for that where it is resumed.
    if (parameters === undefined) return;
    const base = { version, parameters };
    const work = {
      ...parts,
      wall: () => parts.clock.wall(),
      durably: <T>(write: () => Promise<T>) => durable.run(write),
    };
    try {
      const event =
        state.kind === 'aggregating'
          ? await aggregateRound(state, base, work, signal)
          : await bringCandidate(state, base, work, signal);
      if (!signal.aborted) post(id, event);
    } catch (thrown) {
      if (signal.aborted) return;
      if (thrown instanceof ParlmeshError && PASSES.has(thrown.code)) {
        parts.clock.after(AGAIN, () => signal.aborted || void this.run(state, signal));
        return;
      }
      const reason = state.kind === 'aggregating' ? 'aggregation' : 'evaluation';
      post(id, { kind: 'failed', reason, cause: `${parts.learner.title}: ${messageOf(thrown)}`.slice(0, 1000) });
    }
  }
}
