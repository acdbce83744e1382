// Ends a child process with everything that it started: the child leads a process group of its own.

import type { ChildProcess } from 'node:child_process';
import type { Clock, Millis } from '../../core/clock.ts';

/** What the group may take to clean up before it is killed. */
const GRACE: Millis = 2_000;

/** Sends a signal to the whole group of a child that was spawned `detached`; false when nothing of it is left. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** Asks the group to end, and kills what is left of it after two seconds. */
export function endGroup(child: ChildProcess, clock: Clock): void {
  signalGroup(child, 'SIGTERM');
  clock.after(GRACE, () => signalGroup(child, 'SIGKILL'));
}
