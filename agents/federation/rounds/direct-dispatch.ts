// Invitations straight from the coordinator to each node, without the swarm.

import { type BackoffOptions, backoff } from '../../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../../core/clock.ts';
import type { Random } from '../../../core/random.ts';
import { Answer, frameOf, INVITE, RECALL, readFrame } from '../messages.ts';
import type { Dispatch, InvitationRound } from './ports.ts';
import type { Post } from './post.ts';

const RETRY: BackoffOptions = { first: 500, most: 10_000 };
const ANSWER_WITHIN: Millis = 5000;
/** Questions that are under way at a time: a thousand at once would only wait for each other. */
const AT_ONCE = 64;

export class DirectDispatch implements Dispatch {
  readonly name = 'directly';
  readonly #post: Post;
  readonly #clock: Clock;
  readonly #random: Random;
  /** By round and node: ends the tries. */
  readonly #open = new Map<string, AbortController>();

  constructor(post: Post, clock: Clock, random: Random) {
    this.#post = post;
    this.#clock = clock;
    this.#random = random;
  }

  invite(round: InvitationRound, signal: AbortSignal): void {
    const waiting = round.nodes.map((node) => {
      const ended = new AbortController();
      this.#open.set(`${round.id}/${node}`, ended);
      return { node, ended: AbortSignal.any([signal, ended.signal]) };
    });
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        // Who does not answer is asked again beside the others, not before them.
        if (!(await this.#ask(round, next.node, next.ended))) void this.#askAgain(round, next.node, next.ended);
      }
    };
    for (let at = 0; at < Math.min(AT_ONCE, round.nodes.length); at++) void work();
  }

  recall(id: string, learner: string, nodes: readonly string[]): void {
    for (const node of nodes) {
      this.#end(id, node);
      this.#post.ask(node, RECALL, frameOf({ id, learner }), ANSWER_WITHIN).catch(() => {});
    }
  }

  async #askAgain(round: InvitationRound, node: string, signal: AbortSignal): Promise<void> {
    try {
      for (let attempt = 0; ; attempt++) {
        await delay(this.#clock, backoff(attempt, RETRY, this.#random), signal);
        if (await this.#ask(round, node, signal)) return;
      }
    } catch {
      // Recalled, or the round is over.
    } finally {
      this.#open.delete(`${round.id}/${node}`);
    }
  }

  /** True when nothing more is to be asked. */
  async #ask(round: InvitationRound, node: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) {
      this.#open.delete(`${round.id}/${node}`);
      return true;
    }
    try {
      const reply = await this.#post.ask(node, INVITE, frameOf(round.invitation()), ANSWER_WITHIN);
      const answer = readFrame(Answer, reply)?.header;
      // It has not heard yet who coordinates, or is about to start anew: that passes.
      const isEarly =
        answer?.kind === 'declined' && (answer.reason === 'not-coordinator' || answer.reason === 'stopping');
      if (answer === undefined || isEarly) return false;
      this.#end(round.id, node);
      if (!signal.aborted) round.answered(node, answer);
      return true;
    } catch {
      return signal.aborted;
    }
  }

  #end(id: string, node: string): void {
    const key = `${id}/${node}`;
    const ended = this.#open.get(key);
    this.#open.delete(key);
    // Only tries that are still to come end: an answer that was just heard is passed on.
    queueMicrotask(() => ended?.abort());
  }
}
