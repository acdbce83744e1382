// What the learner of recovery knowledge asks of the planner (MAPE-K): what was tried here and how it ended, and a place
// for what all nodes know together. The daemon hands it in.

/** One repair as it ended. */
export interface RecoveryOutcome {
  /** Unique on this node and stable: says which trials are held back. */
  id: string;
  /** One of `FAULTS`. */
  fault: string;
  /** Name of a `RepairAction`: `agent.restart`. */
  action: string;
  recovered: boolean;
  /** Until what was wrong was seen to be gone, or until it was given up. */
  seconds: number;
  /** Milliseconds since 1970. */
  at: number;
}

/** What the nodes of the network saw of one action on one fault, as a mean node saw it. */
export interface SharedRecovery {
  fault: string;
  action: string;
  /** Tries of a mean node, aged and capped: how much it is worth. May be a fraction. */
  tries: number;
  /** Probability of recovery, 0 to 1. */
  success: number;
  /** Mean and standard deviation of the natural logarithm of the seconds until recovery. */
  logSeconds: number;
  logDeviation: number;
}

export interface RecoveryKnowledge {
  /** What was tried on this node, oldest first: the newest 4,096 at most. */
  outcomes(): readonly RecoveryOutcome[];
  /** What all nodes know replaces what was told before: a prior for the planner's choice. Resolves once it counts. */
  share(knowledge: readonly SharedRecovery[]): Promise<void>;
}
