// What the bench asks of a membership program that it measures.

import type { NamespaceRig } from '../rig/namespaces.ts';
import type { Observation } from './observations.ts';

/** Members on one loopback that all know each other. */
export interface Group {
  readonly members: readonly string[];
  /** Of each member. */
  readonly pids: readonly number[];
  /** In the order in which they were made; grows. */
  readonly observations: readonly Observation[];
  /** Without a chance to say goodbye: `SIGKILL` ends a member, `SIGSTOP` freezes it, sockets and all. */
  signal(member: string, signal: 'SIGKILL' | 'SIGSTOP'): void;
  stop(): Promise<void>;
}

export interface Program {
  readonly name: string;
  readonly needs?: { program: string; debianPackage: string };
  /** Resolves when every member knows every other. */
  start(rig: NamespaceRig, count: number): Promise<Group>;
}
