// What the loop's core is told, what it wants done, and what it keeps of each open incident.

import type { Millis } from '../../core/clock.ts';
import type { JournalEntry } from '../../core/journal.ts';
import type { ActionName } from './action-catalogue.ts';
import type { Finding } from './analyzer.ts';
import type { IncidentView } from './incident.ts';
import type { RepairRecord } from './knowledge-storage.ts';
import type { Plan } from './planner.ts';
import type { Answer } from './questions.ts';
import type { Symptom } from './symptom.ts';

/** Handlers end where they hand on to the next one: nothing comes back. */
export type Done = undefined;

/** How an action ended: done as said, rejected, beyond its deadline, or not allowed. */
export type RunEnd = 'done' | 'failed' | 'gave-up' | 'refused';

export type LoopEvent =
  | Finding
  | { kind: 'planned'; key: string; serial: number; plan: Plan }
  | { kind: 'run-ended'; run: number; how: RunEnd; said: string }
  /** What had been given up ended after all. */
  | { kind: 'run-settled'; run: number }
  | { kind: 'verified'; check: number; isGone: boolean }
  | { kind: 'undone'; run: number; ok: boolean }
  | { kind: 'not-asked'; question: string }
  | { kind: 'answered'; question: string; answer: Answer; by: string }
  | { kind: 'expired'; question: string }
  /** Somebody else of this node wants an action done under the loop's locks and budgets. */
  | { kind: 'proposed'; proposal: number; action: ActionName; symptom: Symptom; why: string; by: string }
  | { kind: 'tick' };

export type Effect =
  | { kind: 'plan'; key: string; serial: number; symptom: Symptom; tried: ReadonlySet<ActionName> }
  | { kind: 'act'; run: number; action: ActionName; symptom: Symptom; why: string; by: string; proposal?: number }
  | { kind: 'verify'; check: number; symptom: Symptom; within: Millis }
  | { kind: 'stop-verifying'; check: number }
  | { kind: 'undo'; run: number; action: ActionName; symptom: Symptom }
  | { kind: 'ask'; question: string; incident: IncidentView; key: string; reason: string; offers: ActionName[] }
  | { kind: 'withdraw'; question: string }
  | { kind: 'learn'; record: RepairRecord }
  /** The story changed. */
  | { kind: 'tell'; incident: IncidentView }
  | { kind: 'journal'; entry: JournalEntry }
  | { kind: 'refuse-proposal'; proposal: number; why: string };

/** One action of a wave. */
export interface Run {
  run: number;
  action: ActionName;
  /** Its place in the incident's steps. */
  step: number;
  startedAt: Millis;
  context: Record<string, number>;
  end: RunEnd | undefined;
}

/**
 * planning -> waiting -> acting -> verifying -> watching -> (closed); verifying -> undoing -> planning when it is still
 * there; planning | waiting -> asked when nothing (more) may be done; watching -> planning when it comes back.
 */
export type IncidentPhase =
  | { kind: 'planning'; serial: number }
  /** For resources, for its turn, or for the end of a pause. What people approved has no budget. */
  | { kind: 'waiting'; plan: Plan; since: Millis; approvedBy: string | undefined }
  /** `before`: the severity when its actions began. */
  | { kind: 'acting'; runs: Run[]; before: number }
  | { kind: 'verifying'; runs: Run[]; check: number; before: number }
  | { kind: 'undoing'; runs: Run[]; left: Set<number> }
  /** `quietSince`: it is gone, and this waits whether it stays so. */
  | { kind: 'asked'; question: string; quietSince: Millis | undefined }
  | { kind: 'watching'; runs: Run[]; until: Millis };

export interface OpenIncident {
  readonly key: string;
  readonly view: IncidentView;
  symptom: Symptom;
  phase: IncidentPhase;
  readonly tried: Set<ActionName>;
  /** Seen to be gone while something was still under way. */
  isGone: boolean;
  /** Nothing is heard of it any more. */
  isFaded: boolean;
  /** Key of the cause that turned out to explain it. */
  explainedBy: string | undefined;
  /** It came back too often for anything but a question. */
  isRecurrent: boolean;
}
