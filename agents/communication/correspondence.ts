// The post as one agent uses it.

import type { Millis } from '../../core/clock.ts';
import type { Pick } from './kind-directory.ts';

export interface LetterOptions {
  /** Milliseconds for delivery and reply, at most 60,000. Default: 5,000. */
  deadline?: Millis;
}

export interface KindOptions extends LetterOptions {
  /** Default: this node only. */
  scope?: 'node' | 'network';
  /** Default: least-loaded (on this node first, then the nearest node). */
  pick?: Pick;
}

/** What one agent may do with the post. Every address is `NODE/AGENT`; without a slash an agent of this node is meant. */
export interface Correspondence {
  /** Resolves once the letter is in the recipient's mailbox; rejects with why it was refused. */
  send(to: string, body: unknown, options?: LetterOptions): Promise<void>;
  /** Resolves to the reply. Rejects at once when the recipient dies, and with `LETTER_UNANSWERED` after the deadline. */
  request(to: string, body: unknown, options?: LetterOptions): Promise<unknown>;
  sendToKind(kind: string, body: unknown, options?: KindOptions): Promise<void>;
  requestOfKind(kind: string, body: unknown, options?: KindOptions): Promise<unknown>;
  /** Whether an address leads to this node or to another one. */
  reachOf(to: string): 'node' | 'network';
  /** To every agent of the kind but the sender. Counts the mailboxes that took it and those that did not. */
  broadcast(kind: string, body: unknown, options?: KindOptions): Promise<BroadcastOutcome>;
}

export interface BroadcastOutcome {
  delivered: number;
  /** Agents that refused it, and nodes that could not be reached. */
  refused: number;
}
