// The loop's core: from findings, ends of actions and time to what is done next. It knows no promise, clock or store; the
// executor carries out what it returns. Every incident ends: recovered, or with people asked; nothing that failed in an
// incident is tried in it again; no two plans hold one resource.

import type { Millis } from '../../core/clock.ts';
import { type ActionName, inWords, resourcesOf, specOf } from './action-catalogue.ts';
import type { BudgetLimits } from './budgets.ts';
import { Dispatcher } from './dispatcher.ts';
import { CALM, Escalation } from './escalation.ts';
import type { IncidentView } from './incident.ts';
import { IncidentBook, RECURRENT } from './incident-book.ts';
import { beginStory, endStep, tellSymptom } from './incident-story.ts';
import type { Done, Effect, LoopEvent, OpenIncident, Run, RunEnd } from './loop-state.ts';
import type { Plan } from './planner.ts';
import { Proposals } from './proposals.ts';
import { type Symptom, symptomKey } from './symptom.ts';

export interface LoopSettings {
  /** `advise`: nothing is done before a person approved it. */
  mode: 'repair' | 'advise';
  atOnce: number;
  budgets: BudgetLimits;
  relapseWithin: Millis;
}

export interface LoopParts {
  self: string;
  /** In force now. */
  settings: () => LoopSettings;
  newId: () => string;
  canUndo: (action: ActionName) => boolean;
  /** Whether the analysis still says that it is there. */
  isPresent: (key: string) => boolean;
}

const MOST_OPEN = 256;
const MOST_STEPS = 20;
/** Longest wait for what somebody else holds. */
const MOST_WAITING: Millis = 120_000;
/** What was given up may still run: it keeps what it holds for so long. */
const GIVEN_UP_HOLDS: Millis = 60_000;
/** A repair that is followed by so much more severity, or by another fault of what it acted on, made it worse. */
const WORSE = 0.25;

export class LoopCore {
  readonly #parts: LoopParts;
  readonly #book: IncidentBook;
  readonly #escalation: Escalation;
  readonly #proposals: Proposals;
  readonly #dispatcher: Dispatcher;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#book = new IncidentBook(() => parts.settings().budgets);
    this.#escalation = new Escalation(this.#book, parts.newId);
    this.#proposals = new Proposals(this.#book);
    this.#dispatcher = new Dispatcher({
      ...{ atOnce: () => parts.settings().atOnce, book: this.#book, escalation: this.#escalation },
      cutShort: (incident, why) => this.#endWave(incident, 'interrupted', why),
    });
  }

  open(): OpenIncident[] {
    return this.#book.all();
  }

  /** What follows from `event`, in the order in which it is to be done. */
  on(event: LoopEvent, now: Millis, wall: Millis): Effect[] {
    [this.#book.now, this.#book.wall] = [now, wall];
    this.#take(event);
    this.#dispatcher.beginWhatMay();
    return this.#book.takeEffects();
  }

  /** When to send `tick` next, monotonic. */
  dueAt(): Millis | undefined {
    const due = [this.#book.locks.dueAt(), this.#dispatcher.pausedUntil];
    for (const { phase, isRecurrent } of this.#book.open.values()) {
      if (phase.kind === 'watching') due.push(phase.until);
      if (phase.kind === 'waiting') due.push(phase.since + MOST_WAITING);
      if (phase.kind === 'asked' && phase.quietSince !== undefined)
        due.push(phase.quietSince + (isRecurrent ? CALM : 0));
    }
    const times = due.filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Takes up an incident that people were asked about before a restart. */
  resume(view: IncidentView, symptom: Symptom, question: string): Done {
    const key = symptomKey(symptom);
    if (this.#book.open.has(key)) return;
    const incident = this.#newIncident(key, view, symptom);
    for (const { action } of view.steps) incident.tried.add(action);
    incident.phase = { kind: 'asked', question, quietSince: undefined };
    this.#book.open.set(key, incident);
  }

  #take(event: LoopEvent): Done {
    switch (event.kind) {
      case 'raised':
      case 'changed':
        return this.#onSymptom(event.symptom);
      case 'over':
        return this.#onOver(event.key, event.how);
      case 'explained':
        return this.#onExplained(event.key, event.by);
      case 'planned':
        return this.#onPlanned(event.key, event.serial, event.plan);
      case 'run-ended':
        return this.#onRunEnded(event.run, event.how, event.said);
      case 'run-settled':
        this.#book.locks.release(`run ${event.run}`);
        return;
      case 'verified':
        return this.#onVerified(event.check, event.isGone);
      case 'undone':
        return this.#onUndone(event.run, event.ok);
      case 'not-asked':
      case 'expired':
        return this.#escalation.onNoAnswer(event.question, event.kind);
      case 'answered':
        return this.#escalation.onAnswer(event.question, event.answer, event.by);
      case 'proposed':
        this.#proposals.take(event);
        return;
      case 'tick':
        return this.#onTime();
    }
  }

  #onSymptom(symptom: Symptom): Done {
    const key = symptomKey(symptom);
    const incident = this.#book.open.get(key);
    if (incident === undefined) return this.#begin(key, symptom);
    incident.symptom = symptom;
    incident.isGone = incident.isFaded = false;
    tellSymptom(incident.view, symptom);
    const { phase } = incident;
    if (phase.kind === 'watching') return this.#relapse(incident, phase.runs);
    if (phase.kind === 'asked') phase.quietSince = undefined;
    if (phase.kind === 'verifying' && symptom.severity >= phase.before + WORSE) {
      const [before, after] = [phase.before.toFixed(2), symptom.severity.toFixed(2)];
      return this.#endWave(incident, 'worse', `severity rose from ${before} to ${after} after it`);
    }
    this.#book.tell(incident);
  }

  #begin(key: string, symptom: Symptom): Done {
    if (this.#book.isMuted(key) || this.#book.open.size >= MOST_OPEN) return;
    const { self, newId } = this.#parts;
    const incident = this.#newIncident(key, beginStory(newId(), self, symptom, this.#book.wall), symptom);
    this.#book.open.set(key, incident);
    const { cause, confidence } = symptom;
    this.#book.journal('warning', 'symptom', incident, `${cause} (${Math.round(confidence * 100)} % sure)`);
    const again = this.#book.recoveriesOf(key);
    if (again >= RECURRENT) {
      incident.isRecurrent = true;
      return this.#escalation.ask(
        incident,
        `it was repaired ${again} times within the hour and came back each time`,
        [],
      );
    }
    this.#overtaken(incident);
    this.#plan(incident);
  }

  /** A new fault of what another incident just acted on: that repair made it worse. */
  #overtaken({ key, symptom: { subject, fault } }: OpenIncident): Done {
    for (const other of this.#book.all()) {
      if (other.key === key || other.phase.kind !== 'verifying') continue;
      const held = other.phase.runs.flatMap(({ action }) => resourcesOf(action, other.symptom));
      if (held.includes(subject)) this.#endWave(other, 'worse', `${subject} has another fault after it: ${fault}`);
    }
  }

  #newIncident(key: string, view: IncidentView, symptom: Symptom): OpenIncident {
    return {
      ...{
        key,
        view,
        symptom,
        phase: { kind: 'planning', serial: 0 },
        tried: new Set(),
        isGone: false,
        isFaded: false,
      },
      ...{ explainedBy: undefined, isRecurrent: false },
    };
  }

  #onOver(key: string, how: 'well' | 'faded'): Done {
    const incident = this.#book.open.get(key);
    if (incident === undefined) return;
    incident.isGone = how === 'well';
    incident.isFaded = how === 'faded';
    const { phase } = incident;
    switch (phase.kind) {
      case 'planning':
      case 'waiting':
        return how === 'well' ? this.#watch(incident, []) : this.#book.closeFaded(incident);
      case 'verifying':
        return how === 'well' ? this.#succeed(incident, phase.runs, phase.check) : undefined;
      case 'asked':
        phase.quietSince ??= this.#book.now;
        return;
    }
  }

  #onExplained(key: string, by: string): Done {
    const incident = this.#book.open.get(key);
    if (incident === undefined) return;
    incident.explainedBy = by;
    const { kind } = incident.phase;
    // An action that runs is never cut off; what it did is not judged by a fault that it could not repair.
    if (kind !== 'acting' && kind !== 'undoing') this.#book.closeExplained(incident);
  }

  #plan(incident: OpenIncident): Done {
    const { key, symptom, tried } = incident;
    const serial = this.#book.nextSerial();
    incident.phase = { kind: 'planning', serial };
    incident.view.state = 'repairing';
    this.#book.tell(incident);
    this.#book.emit({ kind: 'plan', key, serial, symptom, tried });
  }

  #onPlanned(key: string, serial: number, plan: Plan): Done {
    const incident = this.#book.open.get(key);
    if (incident?.phase.kind !== 'planning' || incident.phase.serial !== serial) return;
    if (plan.waves.length === 0 || incident.view.steps.length >= MOST_STEPS) {
      const tried = [...incident.tried].join(', ');
      const reason = tried === '' ? 'nothing here can repair it without you' : `${tried} did not help`;
      return this.#escalation.ask(incident, reason, plan.offers);
    }
    if (this.#parts.settings().mode === 'advise') {
      const proposed = plan.waves.flat().map(({ action }) => action);
      return this.#escalation.ask(incident, `the loop would ${inWords(proposed[0]!, incident.symptom)}`, [
        ...proposed,
        ...plan.offers,
      ]);
    }
    incident.phase = { kind: 'waiting', plan, since: this.#book.now, approvedBy: undefined };
  }

  #onRunEnded(run: number, how: RunEnd, said: string): Done {
    if (this.#proposals.ended(run, how, GIVEN_UP_HOLDS)) return;
    const incident = this.#book
      .all()
      .find(({ phase }) => phase.kind === 'acting' && phase.runs.some((one) => one.run === run));
    if (incident?.phase.kind !== 'acting') return;
    const { phase, symptom, view } = incident;
    const ended = phase.runs.find((one) => one.run === run)!;
    ended.end = how;
    endStep(view, ended.step, how === 'done' ? 'verifying' : how, said, this.#book.wall);
    const done = how === 'done';
    const text = done ? said : `Could not ${inWords(ended.action, symptom)}: ${said}`;
    this.#book.journal(done ? 'info' : 'warning', done ? 'done' : 'not-done', incident, text);
    if (how === 'failed' || how === 'gave-up') this.#book.learn(incident, [ended], how);
    if (how === 'gave-up') {
      const until = this.#book.now + GIVEN_UP_HOLDS;
      this.#book.locks.handOver(incident.key, resourcesOf(ended.action, symptom), `run ${run}`, until);
    }
    if (phase.runs.some(({ end }) => end === undefined)) return this.#book.tell(incident);
    const runs = phase.runs.filter(({ end }) => end === 'done');
    if (incident.explainedBy !== undefined) return this.#book.closeExplained(incident);
    if (runs.length === 0) return this.#next(incident);
    if (incident.isGone) return this.#succeed(incident, runs);
    const check = this.#book.nextSerial();
    const within = Math.max(...runs.map(({ action }) => specOf(action).verifyWithin));
    incident.phase = { kind: 'verifying', runs, check, before: phase.before };
    this.#book.emit({ kind: 'verify', check, symptom, within });
    this.#book.tell(incident);
  }

  #onVerified(check: number, isGone: boolean): Done {
    const incident = this.#book.all().find(({ phase }) => phase.kind === 'verifying' && phase.check === check);
    if (incident?.phase.kind !== 'verifying') return;
    if (isGone) return this.#succeed(incident, incident.phase.runs);
    this.#endWave(incident, 'no-effect', 'it is still there');
  }

  #succeed(incident: OpenIncident, runs: Run[], check?: number): Done {
    const { view, symptom } = incident;
    if (check !== undefined) this.#book.emit({ kind: 'stop-verifying', check });
    for (const { step } of runs) view.steps[step]!.outcome = 'helped';
    const seconds = ((this.#book.wall - view.seenAt) / 1000).toFixed(2);
    const done = runs.map(({ action }) => inWords(action, symptom)).join(', ');
    this.#book.journal(
      'info',
      'recovered',
      incident,
      `Gone ${seconds} s after it was seen: ${symptom.cause}; done: ${done}`,
    );
    this.#watch(incident, runs);
  }

  /** It is gone; what it held is free, and whether it stays gone is seen. */
  #watch(incident: OpenIncident, runs: Run[]): Done {
    incident.view.state = 'watching';
    incident.view.recoveredAt = this.#book.wall;
    this.#book.locks.release(incident.key);
    for (const one of runs) one.startedAt = this.#book.now - one.startedAt;
    incident.phase = { kind: 'watching', runs, until: this.#book.now + this.#parts.settings().relapseWithin };
    this.#book.tell(incident);
  }

  #relapse(incident: OpenIncident, runs: Run[]): Done {
    const { view } = incident;
    view.relapses++;
    incident.isRecurrent ||= view.relapses >= RECURRENT;
    delete view.recoveredAt;
    for (const { step } of runs) view.steps[step]!.outcome = 'relapsed';
    this.#book.learn(incident, runs, 'relapsed');
    this.#book.journal('warning', 'relapsed', incident, `It came back: ${incident.symptom.cause}`);
    this.#plan(incident);
  }

  /** It is still there after `runs`, or worse: takes back what can be taken back, then goes on. */
  #endWave(incident: OpenIncident, outcome: 'no-effect' | 'worse' | 'interrupted', why: string): Done {
    const { phase, view, symptom } = incident;
    if (phase.kind !== 'verifying') return;
    this.#book.emit({ kind: 'stop-verifying', check: phase.check });
    for (const { step } of phase.runs) Object.assign(view.steps[step]!, { outcome });
    const named = phase.runs.map(({ action }) => inWords(action, symptom)).join(', ');
    const how = { 'no-effect': 'did not help', worse: 'made it worse', interrupted: 'was not waited for' }[outcome];
    this.#book.journal(outcome === 'worse' ? 'error' : 'warning', outcome, incident, `${named}: ${how}, ${why}`);
    if (outcome !== 'interrupted') this.#book.learn(incident, phase.runs, outcome);
    const back = outcome === 'interrupted' ? [] : phase.runs.filter(({ action }) => this.#parts.canUndo(action));
    if (back.length === 0) return this.#next(incident);
    incident.phase = { kind: 'undoing', runs: back, left: new Set(back.map(({ run }) => run)) };
    for (const { run, action } of back) this.#book.emit({ kind: 'undo', run, action, symptom });
    this.#book.tell(incident);
  }

  #onUndone(run: number, ok: boolean): Done {
    const incident = this.#book.all().find(({ phase }) => phase.kind === 'undoing' && phase.left.has(run));
    if (incident?.phase.kind !== 'undoing') return;
    const { runs, left } = incident.phase;
    left.delete(run);
    incident.view.steps[runs.find((one) => one.run === run)!.step]!.undone = ok;
    if (!ok)
      this.#book.journal(
        'error',
        'not-undone',
        incident,
        `Could not take back what was done to ${incident.symptom.subject}`,
      );
    if (left.size === 0) this.#next(incident);
  }

  #next(incident: OpenIncident): Done {
    this.#book.locks.release(incident.key);
    if (incident.explainedBy !== undefined) return this.#book.closeExplained(incident);
    if (incident.isFaded) return this.#book.closeFaded(incident);
    if (incident.isGone) return this.#watch(incident, []);
    this.#plan(incident);
  }

  #onTime(): Done {
    this.#book.locks.expire(this.#book.now);
    for (const incident of this.#book.all()) this.#passTime(incident);
  }

  #passTime(incident: OpenIncident): Done {
    const { phase, isRecurrent } = incident;
    switch (phase.kind) {
      case 'watching':
        if (phase.until > this.#book.now) return;
        if (this.#parts.isPresent(incident.key)) return this.#relapse(incident, phase.runs);
        return this.#book.closeRecovered(incident, phase.runs);
      case 'waiting': {
        if (this.#book.now - phase.since < MOST_WAITING) return;
        const resources = phase.plan.waves[0]!.flatMap(({ action }) => resourcesOf(action, incident.symptom));
        const holders = this.#book.locks.inTheWay(incident.key, resources).join(', ') || 'more urgent incidents';
        return this.#escalation.ask(
          incident,
          `what its repair needs was not free for two minutes (${holders})`,
          phase.plan.offers,
        );
      }
      case 'asked': {
        const { question, quietSince } = phase;
        if (quietSince === undefined || this.#book.now - quietSince < (isRecurrent ? CALM : 0)) return;
        this.#book.emit({ kind: 'withdraw', question });
        if (incident.isFaded) return this.#book.closeFaded(incident);
        return this.#watch(incident, []);
      }
    }
  }
}
