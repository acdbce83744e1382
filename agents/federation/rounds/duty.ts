// What a node does for a learner's rounds, and how that ends.

import type { Millis } from '../../../core/clock.ts';
import type { DeclineReason } from '../messages.ts';
import type { Delivered } from './delivery.ts';
import type { Pending } from './notes.ts';

/** What this node does for a learner's rounds. */
export type Duty =
  | { kind: 'idle' }
  | { kind: 'training'; round: number; id: string; coordinator: string; since: Millis }
  /** The owner is to say whether it may leave. */
  | { kind: 'held'; round: number; id: string; coordinator: string; since: Millis; cause: string }
  | { kind: 'sending'; id: string; coordinator: string; since: Millis; bytes: number };

/** How a round ended for this node. */
export type DutyEnd =
  | Delivered
  | { kind: 'withdrawn'; reason: DeclineReason; cause: string }
  | { kind: 'dropped'; cause: string };

export function sending({ id, coordinator, data }: Pending, since: Millis): Extract<Duty, { kind: 'sending' }> {
  return { kind: 'sending', id, coordinator, since, bytes: Buffer.byteLength(data, 'base64') };
}
