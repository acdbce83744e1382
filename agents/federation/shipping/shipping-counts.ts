// What a sender counts.

import { SHIPPING_REFUSALS, type ShippingRefusal } from './messages.ts';
import type { Plan } from './selection.ts';

export interface Counts {
  /** Also what was sent again. */
  sent: { batches: number; bytes: number };
  acknowledged: { rows: number; decisions: number };
  /** Rows that were left out: worth too little for the budget, or unreadable. */
  leftOut: number;
  /** Tries that got no answer. */
  unanswered: number;
  vetoes: number;
  refused: Record<ShippingRefusal, number>;
}

export class ShippingCounts implements Counts {
  readonly sent = { batches: 0, bytes: 0 };
  readonly acknowledged = { rows: 0, decisions: 0 };
  leftOut = 0;
  unanswered = 0;
  vetoes = 0;
  readonly refused = Object.fromEntries(SHIPPING_REFUSALS.map((reason) => [reason, 0])) as Counts['refused'];

  /** What of a plan has come. */
  arrived({ rows, until, left }: Plan, received: number): void {
    for (const { sequence, decisions } of rows) {
      if (sequence > received) continue;
      this.acknowledged.rows += 1;
      this.acknowledged.decisions += decisions;
    }
    if (received >= until) this.leftOut += left;
  }

  get figures(): Counts {
    const { sent, acknowledged, leftOut, unanswered, vetoes, refused } = this;
    return {
      ...{ sent: { ...sent }, acknowledged: { ...acknowledged }, refused: { ...refused } },
      ...{ leftOut, unanswered, vetoes },
    };
  }
}
