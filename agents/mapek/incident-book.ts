// What the parts of the loop's core share: the open incidents with their stories, who holds what, what may still be spent,
// and the effects that gather while an event is handled.

import type { Millis } from '../../core/clock.ts';
import { inWords } from './action-catalogue.ts';
import { type BudgetLimits, Budgets } from './budgets.ts';
import type { IncidentState } from './incident.ts';
import { closeStory } from './incident-story.ts';
import type { RepairOutcome } from './knowledge-storage.ts';
import type { Done, Effect, OpenIncident, Run } from './loop-state.ts';
import { ResourceLocks } from './resource-locks.ts';

/** Recovered so often within an hour, it came back too often: people are asked. */
export const RECURRENT = 3;
const HOUR: Millis = 3_600_000;
const MOST_REMEMBERED = 1_000;

export class IncidentBook {
  /** By key, in the order in which they began. */
  readonly open = new Map<string, OpenIncident>();
  readonly locks = new ResourceLocks();
  readonly budgets: Budgets;
  now: Millis = 0;
  wall: Millis = 0;
  readonly #limits: () => BudgetLimits;
  readonly #recoveries = new Map<string, Millis[]>();
  /** Left to people: not taken up again until then. */
  readonly #muted = new Map<string, Millis>();
  #effects: Effect[] = [];
  #serial = 0;

  constructor(limits: () => BudgetLimits) {
    this.#limits = limits;
    this.budgets = new Budgets(limits);
  }

  nextSerial(): number {
    return ++this.#serial;
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  takeEffects(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  all(): OpenIncident[] {
    return [...this.open.values()];
  }

  isMuted(key: string): boolean {
    return (this.#muted.get(key) ?? this.now) > this.now;
  }

  mute(key: string): void {
    remember(this.#muted, key, this.now + HOUR);
  }

  /** Times that it recovered within the last hour. */
  recoveriesOf(key: string): number {
    return (this.#recoveries.get(key) ?? []).filter((at) => this.now - at < HOUR).length;
  }

  spend(subject: string): void {
    if (!this.budgets.spend(subject, this.now)) return;
    const seconds = this.#limits().storm.pause / 1000;
    const message = `So much is repaired at once that nothing more is begun for ${seconds} s`;
    this.emit({ kind: 'journal', entry: { severity: 'error', kind: 'mapek.paused', subject: 'node', message } });
  }

  closeRecovered(incident: OpenIncident, runs: readonly Run[]): Done {
    this.learn(incident, runs, 'helped');
    const times = (this.#recoveries.get(incident.key) ?? []).filter((at) => this.now - at < HOUR);
    remember(this.#recoveries, incident.key, [...times, this.now].slice(-2 * RECURRENT));
    const done = runs.map(({ action }) => inWords(action, incident.symptom)).join(', ');
    this.close(incident, 'recovered', done === '' ? 'It went away by itself' : `Gone after: ${done}`);
  }

  closeFaded(incident: OpenIncident): Done {
    this.close(incident, 'faded', 'Nothing is heard of it any more: whether it is gone is not known');
  }

  closeExplained(incident: OpenIncident): Done {
    const by = incident.explainedBy!;
    const cause = this.open.get(by);
    if (cause !== undefined) incident.view.explainedBy = cause.view.id;
    this.close(incident, 'explained', `It follows from ${by.replace('@', ' of ')}`);
  }

  close(incident: OpenIncident, state: IncidentState, outcome: string): Done {
    const { key, view, phase } = incident;
    if (phase.kind === 'asked') this.emit({ kind: 'withdraw', question: phase.question });
    if (phase.kind === 'verifying') this.emit({ kind: 'stop-verifying', check: phase.check });
    this.locks.release(key);
    this.open.delete(key);
    closeStory(view, state, outcome, this.wall);
    if (state !== 'explained') this.journal('info', 'ended', incident, `${outcome}: ${incident.symptom.cause}`);
    this.tell(incident);
  }

  /** @param runs of one wave; those that are watched keep how long they took in `startedAt` */
  learn({ view, phase }: OpenIncident, runs: readonly Run[], outcome: RepairOutcome): void {
    const isPast = phase.kind === 'watching';
    for (const { action, step, startedAt, context } of runs) {
      const seconds = Math.max(0, (isPast ? startedAt : this.now - startedAt) / 1000);
      const { id: incident, fault, subject } = view;
      const what = { id: `${incident}/${step}`, at: this.wall, incident, fault, subject, context, action };
      this.emit({ kind: 'learn', record: { ...what, outcome, seconds, together: runs.length } });
    }
  }

  journal(
    severity: 'info' | 'warning' | 'error',
    kind: string,
    { view: { id, fault, subject } }: OpenIncident,
    message: string,
  ): void {
    const entry = { severity, kind: `mapek.${kind}`, subject, message, data: { incident: id, fault } };
    this.emit({ kind: 'journal', entry });
  }

  tell({ view }: OpenIncident): Done {
    this.emit({ kind: 'tell', incident: view });
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MOST_REMEMBERED) map.delete(map.keys().next().value!);
}
