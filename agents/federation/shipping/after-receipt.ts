// What an answer of the coordinator means to the sender: pure, so that every answer, also of a liar, is one row of a table.

import type { Millis } from '../../../core/clock.ts';
import type { Receipt } from './messages.ts';
import type { Plan } from './selection.ts';

export type Consequence =
  /** All of the plan has come. */
  | { kind: 'arrived'; received: number; wait: Millis }
  /** The coordinator has another number than was thought: what follows it is chosen anew. */
  | { kind: 'reconsider'; received: number; wait: Millis }
  /** A row comes in pieces; the next one begins there. */
  | { kind: 'continue'; offset: number; wait: Millis }
  /** These rows are never taken: they are left out from now on. */
  | { kind: 'leave-out'; sequences: number[]; cause: string }
  /** The same again, later. Nothing is given up. */
  | { kind: 'later'; wait: Millis | undefined; cause: string };

/** @param schema what this version packs */
export function afterReceipt(receipt: Receipt, plan: Plan, schema: string): Consequence {
  const { received, have, refused, wait } = receipt;
  if (refused === undefined) {
    if (have !== undefined) return { kind: 'continue', offset: have, wait };
    if (received === undefined) return { kind: 'later', wait: undefined, cause: 'the coordinator answered nothing' };
    return { kind: received >= plan.until ? 'arrived' : 'reconsider', received, wait };
  }
  const { reason, message, sequence } = refused;
  switch (reason) {
    case 'out-of-order':
      return received === undefined
        ? { kind: 'later', wait: undefined, cause: message }
        : { kind: 'reconsider', received, wait };
    case 'forged-count':
    case 'invalid-row': {
      const isOurs = plan.rows.some((row) => row.sequence === sequence);
      if (!isOurs || sequence === undefined) return { kind: 'later', wait: undefined, cause: message };
      return { kind: 'leave-out', sequences: [sequence], cause: message };
    }
    case 'unknown-schema':
      // Rows of a form that both have left behind: nobody will read them again. Else the coordinator is older: it may be
      // brought up to date, and the rows are kept until then.
      if (refused.schema === schema && plan.schema !== schema) {
        return { kind: 'leave-out', sequences: plan.rows.map((row) => row.sequence), cause: message };
      }
      return { kind: 'later', wait, cause: message };
    default:
      return { kind: 'later', wait: wait > 0 ? wait : undefined, cause: message };
  }
}
