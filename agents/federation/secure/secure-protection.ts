// A node's update in a secure round, as the rounds see it: what is signed and sent is that there is one, in one byte; its
// numbers leave only masked, when the coordinator calls (`secure-participant.ts`).

import type { Invitation } from '../messages.ts';
import type { RoundGuard } from '../privacy/round-guard.ts';
import type { ProtectedDelta, Protection, Shape, UpdateCodec } from '../rounds/ports.ts';
import type { SecureParticipant } from './secure-participant.ts';

/** Examples that weigh in full in a sum, the same on all nodes; fewer weigh less. */
const FULL_EXAMPLES = 1000;

export interface SecureProtectionParts {
  guard: RoundGuard;
  participant: SecureParticipant;
  /** Id of the network that this node is in. */
  network(): string;
}

/** `Protection` for both kinds of rounds: in plain ones, the guard's. */
export class SecureProtection implements Protection {
  readonly #parts: SecureProtectionParts;

  constructor(parts: SecureProtectionParts) {
    this.#parts = parts;
  }

  async protect(invitation: Invitation, delta: Float32Array): Promise<ProtectedDelta> {
    const { guard, participant, network } = this.#parts;
    if (!guard.isSecure(invitation)) return guard.protect(invitation, delta);
    const { learner, format, term, round, base, size } = invitation;
    return {
      delta: new Float32Array(0),
      release: async (_, examples) => {
        const facts = { network: network(), learner, format, term, round, base, size };
        participant.ready({ facts, delta, examples, fullExamples: FULL_EXAMPLES });
        return { kind: 'leave' };
      },
    };
  }
}

const MARK = 0x53;

/**
 * A packing that also knows updates of which only a mark travels. For nodes and for the coordinator, around what packs
 * otherwise: a mark is read as zeros, which is what it says of the numbers.
 */
export class MarkedCodec implements UpdateCodec {
  readonly #inner: UpdateCodec;

  constructor(inner: UpdateCodec) {
    this.#inner = inner;
  }

  get name(): string {
    return this.#inner.name;
  }

  pack(shape: Shape, delta: Float32Array): Uint8Array {
    return delta.length === 0 ? Uint8Array.of(MARK) : this.#inner.pack(shape, delta);
  }

  settled(learner: string, arrived: boolean): void {
    this.#inner.settled?.(learner, arrived);
  }

  unpack(data: Uint8Array, shape: Shape): Float32Array {
    if (data.length === 1 && data[0] === MARK) return new Float32Array(shape.size);
    return this.#inner.unpack(data, shape);
  }
}
