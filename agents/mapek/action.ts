// What can be done about a symptom. The loop knows what an action needs, costs and touches (`action-catalogue.ts`); what
// really happens is handed in by the daemon, one hand an action.

import type { Millis } from '../../core/clock.ts';
import type { ActionName } from './action-catalogue.ts';
import type { Fault, Symptom } from './symptom.ts';

/** What an action touches beyond what is wrong, from least to most. */
export const BLAST_RADII = ['subject', 'service', 'node', 'neighbour', 'network'] as const;
export type BlastRadius = (typeof BLAST_RADII)[number];

export interface RepairAction {
  /** Dotted and stable, the name that the oracle, the journal and what was learned know it by: `agent.restart`. */
  readonly name: ActionName;
  /** Which faults it may be tried on. */
  readonly faults: readonly Fault[];
  /** For people, with the subject: "restart agent checker-1". */
  inWords(symptom: Symptom): string;
  /** What it takes away while it runs, 0 (nothing that anybody notices) to 1 (the node's work stops). */
  readonly cost: number;
  readonly blastRadius: BlastRadius;
  /** Done only when a person says so. */
  readonly asksFirst: boolean;
  /**
   * What nothing else may act on meanwhile: `agent/x`, `service/mqtt`, `camera/north`, `node`. Two plans that share one
   * never run at once.
   */
  resources(symptom: Symptom): readonly string[];
  /** Whether it can be done from here now; a reason when not. Never throws. */
  precondition(symptom: Symptom): true | string;
  /** Resolves with what was done as a sentence; rejects with why it was not. Ends by itself when `signal` aborts. */
  carryOut(symptom: Symptom, why: string, signal: AbortSignal): Promise<string>;
  /** Takes back what `carryOut` did; left out where there is nothing to take back. */
  undo?(symptom: Symptom): Promise<void>;
  /** `carryOut` is given up after it. */
  readonly deadline: Millis;
  /** How long what was wrong may still be seen after it before it counts as of no effect. */
  readonly verifyWithin: Millis;
}

/** What the daemon hands in for an action: see `RepairAction` for what is promised. */
export type RepairHand = Pick<RepairAction, 'precondition' | 'carryOut' | 'undo'>;

/** Those that are left out cannot be done on this node. */
export type RepairHands = Readonly<Partial<Record<ActionName, RepairHand>>>;

/** Sees whether a symptom is still there. */
export interface Verifier {
  /** Resolves with true as soon as the symptom is seen to be gone, with false once `within` has passed. Never rejects. */
  isGone(symptom: Symptom, within: Millis, signal: AbortSignal): Promise<boolean>;
}
