// When the loop is at its end it asks people: once for an incident, with what they may approve, and it goes on with what
// they say. What they refuse, or do not answer, is left to them.

import type { Millis } from '../../core/clock.ts';
import type { ActionName } from './action-catalogue.ts';
import type { IncidentBook } from './incident-book.ts';
import type { Done, OpenIncident } from './loop-state.ts';
import type { Plan } from './planner.ts';
import type { Answer } from './questions.ts';

/** What came back too often must stay well for so long before its question is withdrawn. */
export const CALM: Millis = 600_000;

export class Escalation {
  readonly #book: IncidentBook;
  readonly #newId: () => string;

  constructor(book: IncidentBook, newId: () => string) {
    this.#book = book;
    this.#newId = newId;
  }

  ask(incident: OpenIncident, why: string, offers: readonly ActionName[]): Done {
    const { key, view, symptom } = incident;
    const question = this.#newId();
    this.#book.locks.release(key);
    incident.phase = { kind: 'asked', question, quietSince: undefined };
    view.state = 'asked';
    view.question = question;
    const reason = `${symptom.cause}; ${why}`;
    this.#book.emit({ kind: 'ask', question, incident: view, key, reason, offers: [...offers] });
    this.#book.journal('error', 'asked', incident, `People are asked: ${reason}`);
    this.#book.tell(incident);
  }

  onAnswer(question: string, answer: Answer, by: string): Done {
    const incident = this.#askedAbout(question);
    if (incident === undefined) return;
    if (answer.kind === 'refuse') return this.#leave(incident, `${by} refused`);
    const reason = `approved by ${by}`;
    const plan: Plan = {
      by: 'people',
      waves: [[{ action: answer.action, reason }]],
      offers: [],
      leftOut: [],
      cut: 1e9,
    };
    incident.isRecurrent = false;
    incident.view.state = 'repairing';
    delete incident.view.question;
    incident.phase = { kind: 'waiting', plan, since: this.#book.now, approvedBy: by };
    this.#book.tell(incident);
  }

  onNoAnswer(question: string, why: 'not-asked' | 'expired'): Done {
    const incident = this.#askedAbout(question);
    if (incident === undefined) return;
    return this.#leave(
      incident,
      why === 'expired' ? 'nobody answered' : 'so many questions are open that it was not asked',
    );
  }

  #askedAbout(question: string): OpenIncident | undefined {
    return this.#book.all().find(({ phase }) => phase.kind === 'asked' && phase.question === question);
  }

  #leave(incident: OpenIncident, why: string): Done {
    this.#book.mute(incident.key);
    this.#book.close(incident, 'escalated', `Left to people: ${why}`);
  }
}
