// Writes the story of an incident, step by step. Pure but for the view that it writes into.

import type { Millis } from '../../core/clock.ts';
import { type ActionName, inWords } from './action-catalogue.ts';
import { cut, type IncidentState, type IncidentView, MOST, type StepOutcome } from './incident.ts';
import type { Symptom } from './symptom.ts';

export function beginStory(id: string, node: string, symptom: Symptom, wall: Millis): IncidentView {
  const view: IncidentView = {
    ...{ id, node, fault: symptom.fault, subject: symptom.subject, state: 'repairing' },
    ...{ confidence: 0, severity: 0, cause: '', evidence: [], explains: [], steps: [], relapses: 0 },
    ...{ beganAt: Math.min(symptom.since, wall), seenAt: wall },
  };
  tellSymptom(view, symptom);
  return view;
}

/** What is known of it by now. Evidence is added to, so that what was first seen is not lost. */
export function tellSymptom(view: IncidentView, { confidence, severity, cause, evidence, explains }: Symptom): void {
  view.confidence = Math.max(view.confidence, confidence);
  view.severity = Math.max(view.severity, severity);
  view.cause = cut(cause);
  view.evidence = [...new Set([...view.evidence, ...evidence.map((sentence) => cut(sentence))])].slice(
    0,
    MOST.evidence,
  );
  view.explains = [...new Set([...view.explains, ...explains])].slice(0, MOST.explains);
}

/** The place of the new step. */
export function beginStep(
  view: IncidentView,
  { action, reason, by }: { action: ActionName; reason: string; by: string },
  wall: Millis,
): number {
  view.actedAt ??= wall;
  const step = { action, inWords: inWords(action, view), startedAt: wall, by: cut(by, 200), reason: cut(reason) };
  return view.steps.push({ ...step, said: '', outcome: 'running' }) - 1;
}

export function endStep(view: IncidentView, step: number, outcome: StepOutcome, said: string, wall: Millis): void {
  Object.assign(view.steps[step]!, { outcome, said: cut(said), endedAt: wall });
}

export function closeStory(view: IncidentView, state: IncidentState, outcome: string, wall: Millis): void {
  view.state = state;
  view.outcome = cut(outcome);
  view.closedAt = wall;
  view.learned = cut(lessonOf(view));
  for (const step of view.steps) {
    if (step.outcome === 'running' || step.outcome === 'verifying') step.outcome = 'interrupted';
  }
}

function lessonOf({ fault, steps }: IncidentView): string {
  const named = (outcomes: readonly StepOutcome[]): string =>
    [...new Set(steps.filter(({ outcome }) => outcomes.includes(outcome)).map(({ action }) => action))].join(', ');
  const [helped, not] = [named(['helped']), named(['relapsed', 'no-effect', 'worse', 'failed', 'gave-up'])];
  const parts = [
    ...(helped === '' ? [] : [`${helped} helps against ${fault} here`]),
    ...(not === '' ? [] : [`${not} did not help this time`]),
  ];
  return parts.length === 0 ? 'Nothing was tried, so nothing was learned' : parts.join('; ');
}

/** What a story that is taken up after a restart was about. */
export function symptomOf(view: IncidentView): Symptom {
  const { fault, subject, confidence, severity, beganAt, cause, evidence, explains } = view;
  return { fault, subject, confidence, severity, since: beganAt, cause, evidence, explains, context: {} };
}
