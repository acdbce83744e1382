// The question that stands before everything that changes something: may this actor do that? The oracle answers it.

import type { CapabilityScope } from './capabilities.ts';

/** Who wants to act. */
export type Actor =
  /** Somebody at the board: the Unix socket, or loopback while there is no token. */
  | { kind: 'operator'; name: string }
  /** Holder of a token of the API. */
  | { kind: 'client'; name: string; tokenId: string }
  | { kind: 'agent'; id: string }
  /** Another node of the network. */
  | { kind: 'peer'; node: string }
  | { kind: 'job'; id: string };

export interface ProposedAction {
  /** Dotted name: `job.submit`, `agent.restart`, `policy.promote`. */
  action: string;
  actor: Actor;
  scope: CapabilityScope;
  /** Ids of the nodes that it would touch. */
  nodes: readonly string[];
  /** What is done to what, for people and the audit log: `agent/camera/north`. */
  subject: string;
  /** The same for the same change, whoever makes it and on whichever node; left out, no two changes are the same. */
  fingerprint?: string;
}

export interface Authorizer {
  /** Resolves when the action may go on, which is then on record. Rejects with `NOT_AUTHORIZED`, naming what lacks. */
  authorize(action: ProposedAction): Promise<void>;
}
