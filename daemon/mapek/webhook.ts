// Questions to people by webhook: a JSON document for each question and each answer that is not needed any more. What is asked
// in quiet hours is posted after them, unless data may be lost.

import type { IncidentView } from '../../agents/mapek/incident.ts';
import { PRIORITIES } from '../../agents/mapek/ladder.ts';
import type { QuestionView } from '../../agents/mapek/questions.ts';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { MapekConfig } from './config.ts';

export interface WebhookParts {
  /** In force: the address, and quiet hours in local time. Without an address nothing is posted. */
  config: Pick<MapekConfig, 'webhook' | 'quietHours'>;
  /** Of this node. */
  node: { id: string; name: string };
  incident: (id: string) => IncidentView | undefined;
  clock: Clock;
  logger: Logger;
}

const ANSWER_WITHIN: Millis = 10_000;
const RETRIES: readonly Millis[] = [0, 5_000, 60_000, 600_000];
const MOST_WAITING = 64;
/** Faults of this priority and above lose data. */
const URGENT = 9;

interface Post {
  event: 'question' | 'question-closed';
  question: QuestionView;
  tries: number;
}

export class Webhook {
  readonly #parts: WebhookParts;
  readonly #waiting = new Map<string, Timer>();

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  tell(event: Post['event'], question: QuestionView): void {
    const pending = this.#waiting.get(question.id);
    if (pending !== undefined) {
      // It was not posted yet: nobody need know that it was asked.
      pending.cancel();
      this.#waiting.delete(question.id);
      if (event === 'question-closed') return;
    }
    if (this.#parts.config.webhook === undefined || this.#waiting.size >= MOST_WAITING) return;
    this.#later({ event, question, tries: 0 }, this.#quietFor(question));
  }

  stop(): void {
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  #later(post: Post, wait: Millis): void {
    const { clock } = this.#parts;
    this.#waiting.set(
      post.question.id,
      clock.after(wait, () => {
        this.#waiting.delete(post.question.id);
        void this.#post(post);
      }),
    );
  }

  async #post(post: Post): Promise<void> {
    const { config, node, incident, logger } = this.#parts;
    const { event, question } = post;
    if (config.webhook === undefined) return;
    const about = incident(question.incident);
    const body = JSON.stringify({ event, node, question, ...(about !== undefined && { incident: about }) });
    try {
      const answer = await fetch(config.webhook, {
        ...{ method: 'POST', body, redirect: 'error', headers: { 'content-type': 'application/json' } },
        signal: AbortSignal.timeout(ANSWER_WITHIN),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    } catch (thrown) {
      const wait = RETRIES[post.tries + 1];
      logger.warn({ error: messageOf(thrown), again: wait !== undefined }, 'the webhook was not reached');
      if (wait !== undefined) this.#later({ ...post, tries: post.tries + 1 }, wait);
    }
  }

  /** Until quiet hours are over; 0 outside of them. */
  #quietFor({ incident: id }: QuestionView): Millis {
    const { clock, incident } = this.#parts;
    const { quietHours } = this.#parts.config;
    const fault = incident(id)?.fault;
    if (quietHours === undefined || (fault !== undefined && PRIORITIES[fault] >= URGENT)) return 0;
    const at = new Date(clock.wall());
    return quietLeft(at.getHours() * 60 + at.getMinutes(), quietHours) * 60_000;
  }
}

/** Minutes that are left of quiet hours, which may span midnight. Pure. @param now minutes of the day */
export function quietLeft(now: number, { from, until }: { from: string; until: string }): number {
  const [begin, end] = [minutesOf(from), minutesOf(until)];
  const since = (now - begin + 1440) % 1440;
  const length = (end - begin + 1440) % 1440;
  return since < length ? length - since : 0;
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
