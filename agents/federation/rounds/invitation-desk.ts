// Writes the invitations of a round and hands them to whatever brings them to the nodes.

import type { Clock } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import { makeSigned } from '../../oracle/keys.ts';
import type { Learner } from '../learner.ts';
import type { Answer, Extras, Invitation, SignedText } from '../messages.ts';
import type { Aggregation, Dispatch } from './ports.ts';
import { isGathering, type RoundState } from './round.ts';

export interface InvitationParts {
  self: string;
  learner: Learner;
  dispatch: Dispatch;
  aggregation: Aggregation;
  term(): number;
  sign(body: Uint8Array): Uint8Array;
  staleness(): number;
  state(): RoundState | undefined;
  answered(id: string, node: string, answer: Answer): void;
  /** No invitation can be written. */
  failed(id: string, cause: string): void;
  clock: Clock;
}

export class InvitationDesk {
  readonly #parts: InvitationParts;

  constructor(parts: InvitationParts) {
    this.#parts = parts;
  }

  /** Goes on until all have answered or `signal` aborts. */
  invite(nodes: readonly string[], signal: AbortSignal): void {
    const state = this.#parts.state();
    if (state === undefined || !isGathering(state)) return;
    const { id } = state.facts;
    this.#prepare(state.facts, nodes).then(
      (extras) => {
        if (signal.aborted) return;
        const { dispatch, answered } = this.#parts;
        dispatch.invite(
          {
            ...{ id, learner: state.facts.learner, round: state.facts.number, nodes, budget: state.facts.plan.budget },
            lasts: () => this.#lasts(id),
            invitation: () => this.#write(state, extras),
            answered: (node, answer) => answered(id, node, answer),
          },
          signal,
        );
      },
      (thrown: unknown) => this.#parts.failed(id, messageOf(thrown)),
    );
  }

  async #prepare(facts: RoundState['facts'], nodes: readonly string[]): Promise<Extras | undefined> {
    const { learner, number, id } = facts;
    return this.#parts.aggregation.prepare?.({ learner, round: number, id, nodes });
  }

  /** Milliseconds in which an update of it still counts. */
  #lasts(id: string): number {
    const { state, clock, staleness } = this.#parts;
    const now = state();
    if (now === undefined || now.facts.id !== id || !isGathering(now)) return 1;
    const late = now.facts.mode === 'asynchronous' ? staleness() * now.targets.deadline : 0;
    return Math.max(1, Math.round(now.endsAt - clock.now() + late));
  }

  #write(round: RoundState, extras: Extras | undefined): SignedText {
    const { self, learner, term, sign } = this.#parts;
    const { id, number, mode, base, digest, plan } = round.facts;
    const invitation: Invitation = {
      ...{ id, learner: learner.name, format: learner.format, size: learner.size, round: number },
      ...{ coordinator: self, term: term(), mode, base, digest, plan, lasts: this.#lasts(id) },
      ...(extras !== undefined && { extras }),
    };
    return makeSigned(sign, invitation);
  }
}
