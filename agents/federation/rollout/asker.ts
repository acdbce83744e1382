// Asks nodes, this one included, without ever hanging on one: a question that is under way is not put again.

import type { Clock, Millis } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { SwarmChannel } from '../../swarm/channel.ts';
import { type RolloutAnswer, type RolloutQuestion, rolloutQuestion } from './messages.ts';
import type { RolloutParticipant } from './participant.ts';

const DEADLINE: Millis = 30_000;

export class Asker {
  readonly #channel: SwarmChannel;
  readonly #participant: Pick<RolloutParticipant, 'answer'>;
  readonly #clock: Clock;
  readonly #underWay = new Set<string>();

  constructor(channel: SwarmChannel, participant: Pick<RolloutParticipant, 'answer'>, clock: Clock) {
    this.#channel = channel;
    this.#participant = participant;
    this.#clock = clock;
  }

  /** Resolves with undefined when there is no answer: it cannot be reached, does not know the service, or is too late. */
  async ask(node: string, question: RolloutQuestion): Promise<RolloutAnswer | undefined> {
    const key = `${question.kind} ${node} ${'learner' in question ? question.learner : ''}`;
    if (this.#underWay.has(key)) return undefined;
    this.#underWay.add(key);
    const late = Promise.withResolvers<never>();
    const timer = this.#clock.after(DEADLINE, () => late.reject(new ParlmeshError('ROLLOUT_LATE', `${node} is late`)));
    try {
      return await Promise.race([this.#send(node, question), late.promise]);
    } catch {
      return undefined;
    } finally {
      timer.cancel();
      this.#underWay.delete(key);
    }
  }

  #send(node: string, question: RolloutQuestion): Promise<RolloutAnswer> {
    if (node === this.#channel.self) return this.#participant.answer(node, question);
    return this.#channel.ask(node, rolloutQuestion, question, DEADLINE);
  }
}
