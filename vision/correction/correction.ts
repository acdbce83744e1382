// What can be done about what was concluded, and who does it.

import type { Millis } from '../../core/clock.ts';

/** Actions of the ladder, from the one that costs least. `operator.ask` is always the last. */
export type Correction =
  /** The present view is the right one: its reference is learned anew. */
  | { action: 'camera.accept-view'; camera: string }
  | { action: 'camera.restart'; camera: string }
  | { action: 'camera.lower-rate' }
  | { action: 'camera.switch-detector' }
  | { action: 'agent.restart'; agent: string }
  | { action: 'link.reset'; node: string }
  | { action: 'operator.ask'; question: string; offers: Exclude<Correction, { action: 'operator.ask' }>[] };

/** Carries corrections out: this node's own at first, later a planner that knows which action works. */
export interface CorrectionPlanner {
  /** Whether it can be done from here now. Never throws. */
  canDo(correction: Correction): boolean;
  /** Resolves with what was done, as a sentence; rejects with why it was not: refused, unknown, failed. */
  carryOut(correction: Correction, why: string): Promise<string>;
}

/** How long what was wrong may still be seen after an action before it counts as of no effect. */
export const VERIFY_WITHIN: Record<Correction['action'], Millis> = {
  'camera.accept-view': 10_000,
  'camera.restart': 30_000,
  'camera.lower-rate': 180_000,
  'camera.switch-detector': 60_000,
  // A lamp is judged over eight seconds.
  'agent.restart': 25_000,
  'link.reset': 25_000,
  // Nobody can say how soon somebody comes.
  'operator.ask': Number.POSITIVE_INFINITY,
};

/** As it is said: `restart agent checker-1`. */
export function inWords(correction: Correction): string {
  switch (correction.action) {
    case 'camera.accept-view':
      return `take the present view of camera ${correction.camera} for the right one`;
    case 'camera.restart':
      return `restart camera ${correction.camera}`;
    case 'camera.lower-rate':
      return 'look at fewer pictures a second';
    case 'camera.switch-detector':
      return 'use another detector';
    case 'agent.restart':
      return `restart agent ${correction.agent}`;
    case 'link.reset':
      return `connect to ${correction.node} anew`;
    case 'operator.ask':
      return `ask an operator: ${correction.question}`;
  }
}
