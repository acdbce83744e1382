// What an injected fault is: which one, where, what is done, how it is undone, and what would be left of it if the process
// ended meanwhile.

import type { Fault } from '../../agents/mapek/symptom.ts';
import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Trace } from './traces.ts';

/** Takes the fault away. May find it gone already: a repair was quicker. */
export type Undo = () => void | Promise<void>;

/** One fault at one place for a bounded time. */
export interface Injection {
  /** What the loop is to take it for, and the subject of that symptom. */
  fault: Fault;
  subject: string;
  target: string;
  lasts: Millis;
  /** What outlives the process and has to be taken away at the next start; written down before anything is done. */
  traces?: readonly Trace[];
  /**
   * Whether the fault still does harm, asked while it is injected: a repair may end it, or go around it, before its time is over.
   * Left out where nothing on the node can.
   */
  harms?(): boolean;
  /** Does it, for real. Rejects when it cannot; nothing of it is left then. */
  inject(): Promise<Undo>;
}

/** A kind of fault that can be injected here. */
export interface InjectionKind {
  /** As it is named on the command line; most are called like their fault. */
  name: string;
  fault: Fault;
  /** What it does, one sentence for people. */
  does: string;
  /** How long it lasts when nobody says otherwise. */
  lasts: Millis;
  /** Where it can be injected now. Empty: nowhere, and `why` says why. */
  targets(): readonly string[];
  why?(): string;
  /** @param target one of `targets` */
  at(target: string, lasts: Millis): Injection | Promise<Injection>;
}

/** Throws `CHAOS_NO_TARGET` where there is none of that name, or none at all. */
export function targetOf(kind: InjectionKind, wanted: string | undefined, pick: (count: number) => number): string {
  const targets = kind.targets();
  if (targets.length === 0) {
    throw new ParlmeshError(
      'CHAOS_NO_TARGET',
      `${kind.name} cannot be injected here: ${kind.why?.() ?? 'there is none'}`,
    );
  }
  if (wanted === undefined) return targets[pick(targets.length)]!;
  if (targets.includes(wanted)) return wanted;
  throw new ParlmeshError('CHAOS_NO_TARGET', `${kind.name} cannot be injected at "${wanted.slice(0, 100)}"`, {
    hint: `There are: ${targets.slice(0, 12).join(', ')}`,
  });
}
