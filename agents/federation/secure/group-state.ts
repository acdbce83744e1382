// What a coordinator knows of one group of secure aggregation, step by step, and the words for what it does not take.

import type { Plan, SecureMessage } from './messages.ts';

/** Why a message of a node was not taken. Bounded: it is the label of a metric. */
export const MESSAGE_REFUSALS = [
  'malformed',
  'bad-signature',
  'digest-mismatch',
  'stranger',
  'wrong-round',
  'wrong-step',
  'duplicate',
  'contradiction',
  'bad-nonce',
  'wrong-length',
  'other-survivors',
] as const;
export type MessageRefusal = (typeof MESSAGE_REFUSALS)[number];

export interface ToNode {
  node: string;
  message: SecureMessage;
}

export interface GroupSum {
  /** Weighted mean of the survivors' updates: one update for a robust rule over groups. */
  mean: Float32Array;
  /** Sum of their weights, 1 for a full one. */
  weight: number;
  /** Ids of the nodes that are in the sum. */
  survivors: string[];
  /** Those whose masks were recovered, and those who never shared. */
  dropped: string[];
  /**
   * Nodes that gave a share which does not fit with the others'. They lie, or were dealt a wrong one by a member that lies:
   * who of the two cannot be told, so it is no proof against either.
   */
  wrongShares: string[];
}

export interface GroupMember {
  node: string;
  masking: Uint8Array;
  weight: number;
}

interface Group {
  plan: Plan;
  number: number;
  /** The digest that everything in it carries. */
  group: string;
  members: readonly GroupMember[];
  threshold: number;
}

/** By member: what a node sealed for the others, its seed's digest. */
interface Shared {
  seal: string;
  boxes: Uint8Array;
}

interface AfterSharing extends Group {
  shared: ReadonlyMap<number, Shared>;
}

interface AfterMasking extends AfterSharing {
  survivors: readonly number[];
  /** Of the masked updates of the survivors, modulo 2^32. */
  sum: Uint32Array;
}

export type GroupState =
  | ({ kind: 'sharing' } & AfterSharing)
  | ({ kind: 'masking'; masked: ReadonlySet<number>; sum: Uint32Array } & AfterSharing)
  | ({ kind: 'agreeing'; agreed: ReadonlyMap<number, string> } & AfterMasking)
  | ({ kind: 'unmasking'; agreed: readonly number[]; given: ReadonlyMap<number, Uint8Array> } & AfterMasking)
  | ({ kind: 'summed'; result: GroupSum } & Group)
  | ({ kind: 'failed'; reason: FailReason; sentence: string } & Group);

/** Why a group has no sum. Bounded: it is the label of a metric. */
export const FAIL_REASONS = [
  'too-few-shared',
  'too-few-masked',
  'too-few-agreed',
  'too-few-unmasked',
  'bad-shares',
] as const;
export type FailReason = (typeof FAIL_REASONS)[number];
