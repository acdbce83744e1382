// What the rounds ask of the other parts of the federation. Each is handed in, so that a test, the simulator or another
// way of doing it fits; each says what it must bear when asked twice, since a coordinator may be killed between any two steps.

import type { Aggregate, Verdict } from '../aggregation/aggregator.ts';
import type { Comparison, Learner, Model } from '../learner.ts';
import type { Answer, Extras, Invitation, UpdateHeader } from '../messages.ts';

/** Who coordinates, as this node knows it now. */
export interface Leadership {
  /** Undefined while nobody is known to. `term` never falls, and grows whenever another node takes over. */
  current(): { node: string; term: number } | undefined;
  /** Calls `listener` after that changed, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** What numbers a packing is of. */
export interface Shape {
  learner: string;
  format: number;
  size: number;
}

/** How numbers are packed to travel. */
export interface UpdateCodec {
  /** As headers name it. */
  readonly name: string;
  /** What packing loses may be kept until `settled` and added to a later update (error feedback). */
  pack(shape: Shape, delta: Float32Array): Uint8Array;
  /** What was packed last for this learner has arrived, or never will. */
  settled?(learner: string, arrived: boolean): void;
  /** Throws a `ParlmeshError` of code `UPDATE_NOT_FINITE` or another for bytes that are no numbers of this shape. */
  unpack(data: Uint8Array, shape: Shape): Float32Array;
}

/** An update that counts in a round. */
export interface Counted {
  header: UpdateHeader;
  /** The packed numbers. */
  data: Uint8Array;
  /** Examples, bounded, times what staleness leaves of them. */
  weight: number;
}

export interface AggregationTask {
  learner: string;
  format: number;
  round: number;
  id: string;
  base: Model;
  updates: readonly Counted[];
}

/** From what came in to one step. */
export interface Aggregation {
  /** What goes into the invitations of a round: keys, masks. */
  prepare?(round: { learner: string; round: number; id: string; nodes: readonly string[] }): Promise<Extras>;
  /**
   * The same for the same updates: it is asked again after a restart. Rejects with `AGGREGATION_TOO_FEW` and the like:
   * the round has then failed for that reason.
   */
  aggregate(task: AggregationTask, signal: AbortSignal): Promise<Aggregate>;
}

/** What is thought of nodes. */
export interface Reputation {
  /** 0 (never believed) to 1. */
  of(learner: string, node: string): number;
  /** Asked once or more for a round, with the same verdicts: one round counts once. */
  judged(learner: string, round: number, verdicts: readonly Verdict[]): Promise<void>;
}

/** Is the candidate better than what it came from? A first look at the coordinator; the roll-out judges on its own. */
export type Evaluate = (
  learner: Learner,
  candidate: Model,
  baseline: Model,
  signal: AbortSignal,
) => Promise<{ accepted: boolean; comparison: Comparison }>;

/** Gives invitations to nodes. */
export interface Dispatch {
  /** For people: "as a swarm job", "directly". */
  readonly name: string;
  /**
   * Tries until every node has answered, the round is recalled or `signal` aborts; never throws. Asked again after a
   * restart: a node that trains already answers the same.
   */
  invite(round: InvitationRound, signal: AbortSignal): void;
  /** The round wants nothing more of these nodes. */
  recall(id: string, learner: string, nodes: readonly string[]): void;
}

export interface InvitationRound {
  id: string;
  learner: string;
  round: number;
  nodes: readonly string[];
  /** Seconds of one processor that training may take. */
  budget: number;
  /** Milliseconds in which an update still counts. */
  lasts(): number;
  /** Signed anew each time: what is left of the round has become less. */
  invitation(): { body: string; signature: string };
  answered(node: string, answer: Answer): void;
}

/** Why a node keeps out of a round, asked before it trains: consent, privacy, capability. Rejects: it declines. */
export type Gate = (invitation: Invitation, coordinator: string) => Promise<GateRefusal | undefined>;

export interface GateRefusal {
  reason: 'veto' | 'privacy' | 'not-allowed' | 'budget';
  cause: string;
}

/** What is done to an update before it leaves the board: clipping, noise, masks, and the owner's last word. */
export interface Protection {
  /** Asked once for what was trained. */
  protect(invitation: Invitation, delta: Float32Array): Promise<ProtectedDelta>;
  /** Figures of the training as far as they may leave; left out, all of them. */
  metrics?(invitation: Invitation, figures: Record<string, number>): Promise<Record<string, number>>;
  /** The same question as `release` after a restart, with the bytes as they were kept. */
  releaseAgain?(
    of: Pick<Invitation, 'learner' | 'term' | 'round' | 'coordinator'>,
    data: Uint8Array,
    examples: number,
  ): Promise<Release>;
}

export interface ProtectedDelta {
  delta: Float32Array;
  extras?: Extras;
  /**
   * May these bytes leave now? `leave` once that is on record; `held` until the owner has said so: asked again later.
   * @param data what `delta` was packed to
   */
  release(data: Uint8Array, examples: number): Promise<Release>;
}

export type Release =
  | { kind: 'leave' }
  | { kind: 'held'; cause: string }
  | { kind: 'refused'; reason: GateRefusal['reason']; cause: string };

/** A small durable document of this node. */
export interface Notebook {
  read(): Promise<unknown>;
  /** Resolves once it is on the disk. */
  write(document: unknown): Promise<void>;
}
