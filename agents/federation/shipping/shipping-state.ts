// What a sender is doing, and what it shows of it.

import type { Millis } from '../../../core/clock.ts';
import type { Counts } from './shipping-counts.ts';

/** What would leave the board with one batch. */
export interface Shipment {
  coordinator: string;
  rows: number;
  decisions: number;
  bytes: number;
}

/**
 * idle -> greeting (a coordinator is known) -> sending (there is something) -> idle | waiting -> greeting | sending.
 * `waiting` names why: budget, veto, the way, what the coordinator asked for.
 */
export type ShippingState =
  | { kind: 'stopped' }
  | { kind: 'idle'; why: 'no-coordinator' | 'own-store' | 'nothing-new' }
  | { kind: 'greeting' }
  | { kind: 'sending' }
  | { kind: 'waiting'; for: 'budget' | 'consent' | 'answer' | 'coordinator' | 'store'; cause: string };

export interface ShipperFigures extends Counts {
  state: ShippingState;
  coordinator?: string;
  /** Number up to which the coordinator has all. */
  received: number;
  /** Numbers that the coordinator has not; milliseconds since the oldest of them was lived. */
  lag: { rows: number; millis: Millis };
}
