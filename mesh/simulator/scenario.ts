// What a simulation is asked to do, and what it answers.

import type { Millis } from '../../core/clock.ts';
import type { Vice } from './adversary.ts';
import type { Wiring } from './topologies.ts';
import type { TrialReport } from './trial.ts';

/** How long a message travels: drawn once for each link. */
export type DelayLaw =
  | { kind: 'fixed'; milliseconds: Millis }
  | { kind: 'uniform'; from: Millis; to: Millis }
  | { kind: 'exponential'; mean: Millis };

export interface Scenario {
  seed: number;
  wiring: Wiring;
  /** Nodes start from nothing before all else happens; else the network begins as after a long run. */
  cold: boolean;
  delay: DelayLaw;
  /** Milliseconds that any message may take longer. */
  jitter: Millis;
  /** Share of messages lost on every link, 0 to 1. */
  loss: number;
  /** Share of links that fall silent, all at one moment. */
  failLinks: number;
  /** Share of nodes that lose power at one moment, and come back. */
  churn: number;
  /** The network is cut in two halves, and joined again. */
  partition: boolean;
  /** Clocks of the nodes are wrong by up to this much, either way. */
  skew: Millis;
  /** Which shares of the members do what harm. */
  byzantine: readonly { vice: Vice; share: number }[];
  /** Milliseconds of virtual time that each event may take to settle. */
  within: Millis;
  /** Milliseconds between two computations of routes at a node; 20 in the daemon. */
  computePeriod: Millis;
}

export const ASSERTIONS = [
  'converges',
  'no-unreachable-pairs',
  'frames-arrive',
  'no-forged-state',
  'no-lured-routes',
  'bounded-messages',
  'memory-bounded',
] as const;
export type AssertionName = (typeof ASSERTIONS)[number];

export interface AssertionResult {
  name: AssertionName;
  holds: boolean;
  /** What was found, as a sentence. */
  finding: string;
}

export interface SimulationReport {
  seed: number;
  nodes: number;
  links: number;
  /** Warm: the network began as after a long run, see `startWarm`. */
  start: 'cold' | 'warm';
  /** Of the event that took longest; null when one did not settle in time. */
  convergence_seconds: number | null;
  /** Sent in all, from the first start to the last event; without probes, and without what a warm start hands out. */
  messages_per_node: number;
  bytes_per_node: number;
  /** Ordered pairs that a working path joins but the routes do not, at the end of the worst event. */
  unreachable_pairs: number;
  violated: AssertionName[];
  assertions: AssertionResult[];
  /** Starting is the first of them. */
  trials: TrialReport[];
  /** Messages dropped by honest nodes, by reason. */
  drops: Record<string, number>;
  virtual_seconds: number;
  /** Timers and deliveries. */
  events: number;
}
