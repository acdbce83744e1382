// What the learner of anomaly baselines asks of the detectors: readings of this board, and a place for what boards like it
// usually read. The daemon hands it in.

export interface Reading {
  /** One of `BASELINE_METRICS`. */
  metric: string;
  /** In the metric's unit. */
  value: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Hour of the day where the board stands, 0 to 23: what the board does follows it. */
  hour: number;
}

/** What boards of one profile usually read. */
export interface SharedBaseline {
  metric: string;
  /** First hour of the part of the day that it is of; a part has `HOURS_OF_PART` hours. */
  hour: number;
  /** Median and 1.4826 MAD, in the metric's unit. */
  location: number;
  scale: number;
  /** 0 (nothing known) to 1. */
  evidence: number;
}

export interface BaselineSource {
  /** Name of this board's profile: `raspberry-pi-4`. */
  readonly profile: string;
  /** A sample of the readings of the last days, in any order: 20,000 at most. */
  readings(): readonly Reading[];
  /** What boards like this one usually read: replaces what was told before. Resolves once it counts. */
  share(baselines: readonly SharedBaseline[]): Promise<void>;
}
