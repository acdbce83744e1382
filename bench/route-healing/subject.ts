// What the bench asks of a routing program that it measures.

import type { NamespaceRig } from '../rig/namespaces.ts';
import type { Probe } from '../rig/outage.ts';

/** A program running on every node of a rig, with traffic from one corner to the other. */
export interface RunningSubject {
  /** The probes sent from `from` to `to`, milliseconds of the monotonic clock. */
  probes(from: number, to: number): Probe[];
  /** The nodes that traffic takes now, both ends included; undefined where there is no way. */
  path(): Promise<number[] | undefined>;
  /** Every cable is a link again. Left out: it cannot be asked, and `settling` must do. */
  isWhole?(): Promise<boolean>;
  /** What the nodes say of a span of time, one event a line, milliseconds of the monotonic clock. */
  story?(from: number, to: number): Promise<string[]>;
  stop(): Promise<void>;
}

export interface Subject {
  readonly name: string;
  /** Program that must be installed, and the Debian package that brings it. */
  readonly needs?: { program: string; debianPackage: string };
  /** How the flow is measured, for the results. */
  readonly flow: string;
  /**
   * Milliseconds of rest after a cable was joined again, before the next cut: as long as the program holds back or
   * repeats its announcements, so that each cut meets a settled network.
   */
  readonly settling: number;
  /**
   * Networks that its cuts are spread over, all at the same time. Those that wait for timers of many seconds and need
   * hardly any processor time would take hours one after the other.
   */
  readonly lanes: number;
  /** Resolves when every node can reach every other. */
  start(rig: NamespaceRig): Promise<RunningSubject>;
}
