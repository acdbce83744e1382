// Whose turn it is: begins the next actions of the incidents that wait, most urgent first, within the budgets and never two
// on one resource.

import type { Millis } from '../../core/clock.ts';
import { resourcesOf } from './action-catalogue.ts';
import type { Escalation } from './escalation.ts';
import type { IncidentBook } from './incident-book.ts';
import { beginStep } from './incident-story.ts';
import { PRIORITIES } from './ladder.ts';
import type { Done, OpenIncident, Run } from './loop-state.ts';
import type { PlannedAction } from './planner.ts';

export interface DispatcherParts {
  /** Incidents that are repaired at once, by what is in force now. */
  atOnce: () => number;
  book: IncidentBook;
  escalation: Escalation;
  /** Does not wait any longer whether what was done to an incident helps. */
  cutShort: (incident: OpenIncident, why: string) => void;
}

/** What takes so much precedence may cut short the waiting for an effect, but never an action. */
const PRECEDENCE = 2;

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #book: IncidentBook;
  #pausedUntil: Millis | undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#book = parts.book;
  }

  /** The end of a pause that something waits for. */
  get pausedUntil(): Millis | undefined {
    return this.#pausedUntil;
  }

  /** Begins what may begin: most urgent first, by what it cuts of the time to recover where that is equal. */
  beginWhatMay(): Done {
    this.#pausedUntil = undefined;
    const waiting = this.#book.all().filter(({ phase }) => phase.kind === 'waiting');
    const rank = ({ phase }: OpenIncident): number => (phase.kind === 'waiting' ? phase.plan.cut : 0);
    waiting.sort((a, b) => priorityOf(b) - priorityOf(a) || rank(b) - rank(a));
    for (const incident of waiting) {
      if (this.#busy() >= this.#parts.atOnce()) return;
      this.#tryBegin(incident);
    }
  }

  #busy(): number {
    return this.#book
      .all()
      .filter(({ phase: { kind } }) => kind === 'acting' || kind === 'verifying' || kind === 'undoing').length;
  }

  #tryBegin(incident: OpenIncident): Done {
    const { phase, symptom, key } = incident;
    if (phase.kind !== 'waiting') return;
    const wave = phase.plan.waves[0]!;
    if (phase.approvedBy === undefined) {
      const allowance = this.#book.budgets.may(symptom.subject, wave.length, this.#book.now);
      if (allowance.kind === 'spent') return this.#parts.escalation.ask(incident, allowance.why, phase.plan.offers);
      if (allowance.kind === 'paused') {
        this.#pausedUntil = allowance.until;
        return;
      }
    }
    const resources = wave.flatMap(({ action }) => resourcesOf(action, symptom));
    const holders = this.#book.locks.inTheWay(key, resources);
    for (const holder of holders) {
      const other = this.#book.open.get(holder);
      if (other?.phase.kind !== 'verifying' || priorityOf(incident) < priorityOf(other) + PRECEDENCE) return;
    }
    for (const holder of holders) {
      this.#parts.cutShort(this.#book.open.get(holder)!, `${key.replace('@', ' of ')} is more urgent`);
    }
    if (!this.#book.locks.acquire(key, resources)) return;
    this.#act(incident, wave, phase.approvedBy);
  }

  #act(incident: OpenIncident, wave: readonly PlannedAction[], by: string | undefined): Done {
    const { symptom, view } = incident;
    const runs = wave.map(({ action, reason }): Run => {
      const run = this.#book.nextSerial();
      const step = beginStep(view, { action, reason, by: by ?? 'loop' }, this.#book.wall);
      incident.tried.add(action);
      this.#book.spend(symptom.subject);
      this.#book.emit({ kind: 'act', run, action, symptom, why: symptom.cause, by: by ?? 'loop' });
      return { run, action, step, startedAt: this.#book.now, context: symptom.context, end: undefined };
    });
    incident.isGone = incident.isFaded = false;
    incident.phase = { kind: 'acting', runs, before: symptom.severity };
    this.#book.tell(incident);
  }
}

const priorityOf = ({ symptom: { fault } }: OpenIncident): number => PRIORITIES[fault];
