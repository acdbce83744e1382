// Execute: asks the oracle, has one action done, and gives it up when its time is over.

import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Actor, Authorizer } from '../authorizer.ts';
import type { RepairAction } from './action.ts';
import type { RunEnd } from './loop-state.ts';
import type { Symptom } from './symptom.ts';
import { OVER, within } from './within.ts';

export interface ActionRunnerParts {
  /** Id of this node. */
  self: string;
  authorizer: Authorizer;
  clock: Clock;
}

export interface RunOrder {
  action: RepairAction;
  symptom: Symptom;
  why: string;
  actor: Actor;
  /** Called when it is allowed and begins. */
  onBegin: () => void;
  /** What was given up ended after all. */
  onSettled: () => void;
}

/** The loop, as the oracle knows it. No agent of a user can be called so. */
export const MAPEK_AGENT = 'mapek loop';
const AUTHORISE_WITHIN: Millis = 10_000;
const UNDO_WITHIN: Millis = 30_000;

export class ActionRunner {
  readonly #parts: ActionRunnerParts;
  readonly #running = new Set<AbortController>();

  constructor(parts: ActionRunnerParts) {
    this.#parts = parts;
  }

  /** Resolves in any case, at the latest when the deadlines of the oracle and the action are over. */
  async run({ action, symptom, why, actor, onBegin, onSettled }: RunOrder): Promise<{ how: RunEnd; said: string }> {
    const { self, authorizer, clock } = this.#parts;
    const scope = action.blastRadius === 'network' ? 'network' : 'node';
    const proposed = { action: action.name, actor, scope, nodes: [self], subject: symptom.subject } as const;
    const abort = new AbortController();
    this.#running.add(abort);
    try {
      const asked = authorizer.authorize(proposed);
      await within(clock, AUTHORISE_WITHIN, asked, timedOut('the oracle did not answer'));
      abort.signal.throwIfAborted();
    } catch (error) {
      this.#running.delete(abort);
      return { how: 'refused', said: messageOf(error) };
    }
    onBegin();
    const over = new AbortController();
    const done = call(() => action.carryOut(symptom, why, abort.signal));
    const ended = done.then(
      (said): { how: RunEnd; said: string } => ({ how: 'done', said }),
      (error: unknown): { how: RunEnd; said: string } => ({ how: 'failed', said: messageOf(error) }),
    );
    const tooLate = delay(clock, action.deadline, over.signal).then(
      (): { how: RunEnd; said: string } => {
        const seconds = action.deadline / 1000;
        abort.abort(new ParlmeshError('REPAIR_TIMED_OUT', `${action.name} was given up after ${seconds} s`));
        return { how: 'gave-up', said: `It did not end within ${seconds} s and was given up` };
      },
      () => ended,
    );
    const outcome = await Promise.race([ended, tooLate]);
    over.abort(OVER);
    this.#running.delete(abort);
    if (outcome.how === 'gave-up') void ended.then(onSettled);
    return outcome;
  }

  /** Resolves with whether it was taken back. */
  async undo(action: RepairAction, symptom: Symptom): Promise<boolean> {
    try {
      const undone = call(async () => action.undo?.(symptom));
      await within(this.#parts.clock, UNDO_WITHIN, undone, timedOut('taking it back did not end'));
      return true;
    } catch {
      return false;
    }
  }

  /** Tells everything that runs to end. */
  abort(reason: string): void {
    for (const one of this.#running) one.abort(new ParlmeshError('REPAIR_STOPPED', reason));
    this.#running.clear();
  }
}

const timedOut = (why: string) => () => new ParlmeshError('REPAIR_TIMED_OUT', why);

/** What throws before it returns a promise rejects as well. */
async function call<T>(run: () => Promise<T>): Promise<T> {
  return run();
}
