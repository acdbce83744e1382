// Questions to people, which outlive a restart: one line why, and what they may approve. An answer counts once; a question
// that nobody answers expires.

import { EventEmitter } from 'node:events';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { ACTION_NAMES, type ActionName } from './action-catalogue.ts';

export const QuestionView = Type.Object({
  id: Type.String({ maxLength: 64 }),
  incident: Type.String({ maxLength: 64 }),
  /** Symptom that it is about: `camera-moved@camera/north`. */
  key: Type.String({ maxLength: 260 }),
  reason: Type.String({ maxLength: 300, description: 'One line: what is wrong, and what was tried.' }),
  offers: Type.Array(
    Type.Object({
      action: Type.Enum([...ACTION_NAMES]),
      inWords: Type.String({ maxLength: 300 }),
    }),
    { maxItems: 4, description: 'What may be approved; refusing is always possible.' },
  ),
  askedAt: Type.Number({ description: 'Milliseconds since 1970.' }),
  expiresAt: Type.Number({ description: 'Milliseconds since 1970.' }),
});
export type QuestionView = Static<typeof QuestionView>;

/** Approving names one of the offers. */
export type Answer = { kind: 'approve'; action: ActionName } | { kind: 'refuse' };

export interface QuestionStorage {
  /** Resolves once it is on the disk. */
  put(question: QuestionView): Promise<void>;
  remove(id: string): Promise<void>;
  /** Those that were put and not removed. What is read is not trusted: it is checked again. */
  all(): Promise<unknown[]>;
}

export interface QuestionDeskParts {
  storage: QuestionStorage;
  clock: Clock;
  logger: Logger;
}

const MOST_QUESTIONS = 64;

/** Emits `asked` with a new question (for the page, MQTT, webhooks) and `closed` with one that needs no answer any more. */
export class QuestionDesk extends EventEmitter<{ asked: [QuestionView]; closed: [QuestionView] }> {
  readonly #parts: QuestionDeskParts;
  readonly #open = new Map<string, QuestionView>();

  constructor(parts: QuestionDeskParts) {
    super();
    this.#parts = parts;
  }

  /** Takes up what was asked before a restart. A store that cannot be read leaves the desk empty, and is told. */
  async load(): Promise<void> {
    try {
      for (const stored of (await this.#parts.storage.all()).slice(0, MOST_QUESTIONS)) {
        if (Value.Check(QuestionView, stored)) this.#open.set(stored.id, stored);
      }
    } catch (error) {
      this.#parts.logger.warn({ error: messageOf(error) }, 'open questions could not be read');
    }
  }

  open(): QuestionView[] {
    return [...this.#open.values()];
  }

  /** False when so many are open that nobody would read another one. */
  ask(question: QuestionView): boolean {
    if (this.#open.size >= MOST_QUESTIONS) return false;
    this.#open.set(question.id, question);
    this.#keep(this.#parts.storage.put(question));
    this.emit('asked', question);
    return true;
  }

  /** Throws `QUESTION_UNKNOWN` and `OFFER_UNKNOWN`. The question is closed. */
  answer(id: string, answer: Answer): QuestionView {
    const question = this.#open.get(id);
    if (question === undefined) {
      throw new ParlmeshError('QUESTION_UNKNOWN', `there is no open question "${id.slice(0, 64)}"`, {
        hint: 'it was answered, has expired, or what it was about is gone: parlmesh doctor shows what is open',
      });
    }
    if (answer.kind === 'approve' && !question.offers.some(({ action }) => action === answer.action)) {
      const offered = question.offers.map(({ action }) => action).join(', ') || 'nothing';
      throw new ParlmeshError('OFFER_UNKNOWN', `${answer.action} is not offered`, { hint: `offered is: ${offered}` });
    }
    this.withdraw(id);
    return question;
  }

  /** What it was about is over. Unknown ids are ignored. */
  withdraw(id: string): void {
    const question = this.#open.get(id);
    if (question === undefined) return;
    this.#open.delete(id);
    this.#keep(this.#parts.storage.remove(id));
    this.emit('closed', question);
  }

  /** Closes those whose time is over and returns them. A clock that was set back only lets them wait longer. */
  expire(): QuestionView[] {
    const now: Millis = this.#parts.clock.wall();
    const over = this.open().filter(({ expiresAt }) => expiresAt <= now);
    for (const { id } of over) this.withdraw(id);
    return over;
  }

  #keep(written: Promise<void>): void {
    written.catch((error: unknown) => {
      this.#parts.logger.warn({ error: messageOf(error) }, 'a question could not be written: it is lost at a restart');
    });
  }
}
