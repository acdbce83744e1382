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
  /** How long an answer is awaited: 10 s. */
  answerWithin?: Millis;
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
  readonly #waiting = new Map<string, { post: Post; timer: Timer }>();
  /** What is being posted about a question now, and what is to follow it. */
  readonly #underWay = new Map<string, Post | undefined>();
  readonly #ended = new AbortController();

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  tell(event: Post['event'], question: QuestionView): void {
    const post: Post = { event, question, tries: 0 };
    if (this.#underWay.has(question.id)) {
      // One after the other: a question that is tried again must not come after its end.
      this.#underWay.set(question.id, post);
      return;
    }
    const before = this.#waiting.get(question.id);
    before?.timer.cancel();
    this.#waiting.delete(question.id);
    // It was not posted yet: nobody need know that it was asked. One that was tried may have arrived.
    if (before?.post.tries === 0 && event === 'question-closed') return;
    if (this.#parts.config.webhook === undefined) return;
    if (this.#waiting.size + this.#underWay.size >= MOST_WAITING) {
      this.#parts.logger.warn({ question: question.id }, 'a question was not posted: too many wait for the webhook');
      return;
    }
    this.#later(post, this.#quietFor(question));
  }

  stop(): void {
    this.#ended.abort();
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  #later(post: Post, wait: Millis): void {
    const timer = this.#parts.clock.after(wait, () => {
      this.#waiting.delete(post.question.id);
      void this.#post(post);
    });
    this.#waiting.set(post.question.id, { post, timer });
  }

  async #post(post: Post): Promise<void> {
    const { id } = post.question;
    this.#underWay.set(id, undefined);
    const flaw = await this.#send(post);
    const next = this.#underWay.get(id);
    this.#underWay.delete(id);
    if (this.#ended.signal.aborted) return;
    const wait = RETRIES[post.tries + 1];
    const again = flaw !== undefined && next === undefined && wait !== undefined;
    if (next !== undefined) this.#later(next, this.#quietFor(next.question));
    else if (again) this.#later({ ...post, tries: post.tries + 1 }, wait);
    if (flaw !== undefined) this.#parts.logger.warn({ error: flaw, again }, 'the webhook was not reached');
  }

  /** @returns why it did not arrive */
  async #send({ event, question }: Post): Promise<string | undefined> {
    const { config, node, incident, answerWithin = ANSWER_WITHIN } = this.#parts;
    if (config.webhook === undefined) return undefined;
    try {
      const about = incident(question.incident);
      const body = JSON.stringify({ event, node, question, ...(about !== undefined && { incident: about }) });
      const answer = await fetch(config.webhook, {
        ...{ method: 'POST', body, redirect: 'error', headers: { 'content-type': 'application/json' } },
        signal: AbortSignal.any([this.#ended.signal, AbortSignal.timeout(answerWithin)]),
      });
      await answer.body?.cancel();
      return answer.ok ? undefined : `it answers ${answer.status}`;
    } catch (thrown) {
      return messageOf(thrown);
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
