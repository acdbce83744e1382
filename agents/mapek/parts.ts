// What the daemon hands to the loop, and what others on the node may ask of it.

import type { Clock, Millis } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Authorizer } from '../authorizer.ts';
import type { RepairHands, Verifier } from './action.ts';
import type { ActionName } from './action-catalogue.ts';
import type { MapekConfig } from './config.ts';
import type { IncidentStorage } from './incident.ts';
import type { KnowledgeStorage } from './knowledge-storage.ts';
import type { LoopPhase, PhaseHistogram } from './phase-times.ts';
import type { QuestionStorage } from './questions.ts';
import type { Fault } from './symptom.ts';

export interface MapekParts {
  /** Id of this node. */
  self: string;
  /** In force: what changes in it counts from then on, but for whether `mode` is `off`. */
  config: MapekConfig;
  /** What this node can do, by action: see `RepairHand`. */
  hands: RepairHands;
  authorizer: Authorizer;
  storage: { knowledge: KnowledgeStorage; incidents: IncidentStorage; questions: QuestionStorage };
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
  newId: () => string;
  /** Has these subjects looked at now; called when one is suspected, and when a repair is to be verified. */
  lookNow?: (subjects: readonly string[]) => void;
  /** Told of every phase as it ends, with its milliseconds: for histograms with other buckets than `figures()` has. */
  onPhase?: (phase: LoopPhase, took: Millis) => void;
  /** Sees for itself whether something is gone; left out, that is known from signals alone. */
  verifier?: Verifier;
}

/** An action that somebody else of this node wants done: the self-correction of the cameras. */
export interface Proposal {
  action: ActionName;
  fault: Fault;
  subject: string;
  why: string;
  /** Id of the agent that wants it, as the oracle knows it. */
  by: string;
}

export interface MapekFigures {
  phases: PhaseHistogram[];
  /** Incidents that are not over. */
  open: number;
  questions: number;
  /** By why: `impossible`, `from-future`, `too-old`, `nameless`, `too-many`. */
  ignoredSignals: Readonly<Record<string, number>>;
  /** Records of repairs that could not be written. */
  lostRecords: number;
}
