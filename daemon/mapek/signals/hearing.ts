// What every source of signals is handed, and what it is.

import type { Signal } from '../../../agents/mapek/signal.ts';

/** Takes a signal in: the loop's `observe`. */
export type Say = (signal: Signal) => void;

/** Something that hears what happens on this node. */
export interface Source {
  /** Begins to listen; returns how to stop that. */
  listen(): () => void;
  /** Says again how everything is: for the slow sweep, and when somebody wants to know now. */
  repeat(subjects?: ReadonlySet<string>): void;
}
