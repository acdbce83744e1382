// What the mesh counts, for metrics: refusals and drops, each by its reason.

import type { ProbeFigures } from './link/probe-messages.ts';
import type { TransitCounts } from './relay/transit-checks.ts';
import type { SwitchOverCounts } from './routing/switch-over.ts';
import type { Traffic, TransportKind } from './transport/transport.ts';

/** Why a gossiped frame or a direct message was dropped. */
export const DROP_REASONS = [
  'oversized',
  'malformed',
  'other-network',
  'stranger',
  'certificate-expired',
  'revoked',
  'forged',
  'expired',
  'clock',
  'duplicate',
  'replay',
  'rate',
  'other-area',
  'payload',
  'full',
  'not-admitted',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A count of drops by reason. */
export class DropCounters {
  readonly #counts = new Map<DropReason, number>();

  add(reason: DropReason): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** Every reason, also those that did not occur: a metric that is missing cannot be watched. */
  snapshot(): Record<DropReason, number> {
    const empty: Partial<Record<DropReason, number>> = {};
    for (const reason of DROP_REASONS) empty[reason] = this.#counts.get(reason) ?? 0;
    return empty as Record<DropReason, number>;
  }
}

/** Totals since the start of the mesh. */
export interface MeshCounters {
  drops: Record<DropReason, number>;
  /** Refused connections by reason. */
  strangers: Record<string, number>;
  traffic: Partial<Record<TransportKind, Traffic>>;
  /** Frames accepted, by topic; topics that this version does not know are `other`. */
  accepted: Record<string, number>;
  published: number;
  /** Of the UDP prober; undefined where there is none. */
  probes: ProbeFigures | undefined;
  /** Probes of whether neighbours pass on what they are handed. */
  transit: TransitCounts;
  routeComputations: number;
  routeChanges: number;
  /** Destinations whose traffic took a backup when a link failed, by its kind, and those that had none. */
  backups: SwitchOverCounts['backups'];
  /** Frames sent over a backup before the routes were computed. */
  reroutedFrames: number;
  dialsFailed: number;
  /** Left out where no traffic is told and no plan followed, as in a simulation. */
  planning?: PlanningFigures;
}

export interface PlanningFigures {
  /** Links of this node that cost more than measured, by a plan. */
  raisedLinks: number;
  /** Bytes per second that all nodes told they send. */
  toldRate: number;
}
