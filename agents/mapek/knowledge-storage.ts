// What the loop asks of the store: what was tried on which symptom and what came of it.

import type { ActionName } from './action-catalogue.ts';
import type { Fault } from './symptom.ts';

/** `helped`: gone, and it stayed so. `relapsed`: gone, and back within the incident. */
export const REPAIR_OUTCOMES = ['helped', 'relapsed', 'no-effect', 'worse', 'failed', 'gave-up'] as const;
export type RepairOutcome = (typeof REPAIR_OUTCOMES)[number];

export interface RepairRecord {
  /** Unique on this node and stable. */
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Id of the incident that it belongs to. */
  incident: string;
  fault: Fault;
  subject: string;
  /** Of the symptom when the action began: at most 8 numbers, 0 to 1. */
  context: Record<string, number>;
  action: ActionName;
  outcome: RepairOutcome;
  /** From the beginning of the action until what was wrong was gone, or until it was given up. */
  seconds: number;
  /** Actions that ran at once on that symptom, this one included: each has this share of what came of it. */
  together: number;
}

/** Sums over everything that was ever appended, also what is no longer kept. */
export interface RepairSums {
  fault: Fault;
  action: ActionName;
  /** Records count 1 / `together`. */
  helped: number;
  notHelped: number;
  /** Over those that helped: sum of ln(seconds), and of its square. */
  logSeconds: number;
  logSecondsSquared: number;
}

export interface KnowledgeStorage {
  /** Resolves once it is on the disk. The oldest records beyond 10,000 go; the sums stay. */
  append(record: RepairRecord): Promise<void>;
  /** Newest first, at most `limit` and 4,096. What is read is checked again. */
  recent(limit: number): Promise<RepairRecord[]>;
  /** One entry for each fault and action that was ever tried. */
  statistics(): Promise<RepairSums[]>;
}

/** What one record adds to the sums. */
export function addToSums(sums: RepairSums, record: RepairRecord): void {
  const share = 1 / Math.max(1, record.together);
  if (record.outcome !== 'helped') {
    sums.notHelped += share;
    return;
  }
  const log = Math.log(Math.max(0.001, record.seconds));
  sums.helped += share;
  sums.logSeconds += share * log;
  sums.logSecondsSquared += share * log * log;
}

/** Adds a record to the sums of its fault and action, which begin with it where there are none. */
export function countIn(sumsOf: Map<string, RepairSums>, record: RepairRecord): void {
  const key = `${record.fault} ${record.action}`;
  const sums = sumsOf.get(key) ?? emptySums(record.fault, record.action);
  addToSums(sums, record);
  sumsOf.set(key, sums);
}

export const emptySums = (fault: Fault, action: ActionName): RepairSums => ({
  ...{ fault, action, helped: 0, notHelped: 0, logSeconds: 0, logSecondsSquared: 0 },
});
