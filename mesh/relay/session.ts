// The keys of one session between two ends: seals what goes out, opens what comes in, once each.

import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Millis } from '../../core/clock.ts';
import { ReplayWindow } from '../gossip/replay-window.ts';
import type { ProbeKeys } from '../link/probe-keys.ts';
import type { NodeId } from '../membership/keys.ts';
import type { RelaySealed } from '../wire/generated/parlmesh_pb.ts';

const CIPHER = 'chacha20-poly1305';
const TAG_BYTES = 16;
/** Frames of one session may overtake each other by so many: control passes bulk. */
const REORDER = 4096;

export class Session {
  readonly id: Uint8Array;
  readonly peer: NodeId;
  usedAt: Millis;
  /** Prepared once: to name a key by its bytes costs Node more than sealing a frame with it. */
  readonly #sending: KeyObject;
  readonly #receiving: KeyObject;
  readonly #seen = new ReplayWindow(REORDER);
  #sequence = 0;

  constructor(id: Uint8Array, peer: NodeId, keys: ProbeKeys, now: Millis) {
    this.id = id;
    this.peer = peer;
    this.usedAt = now;
    this.#sending = createSecretKey(keys.send);
    this.#receiving = createSecretKey(keys.receive);
  }

  seal(plain: Uint8Array): RelaySealed {
    const sequence = ++this.#sequence;
    const cipher = createCipheriv(CIPHER, this.#sending, nonceOf(sequence), { authTagLength: TAG_BYTES });
    cipher.setAAD(this.id, { plaintextLength: plain.length });
    const box = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { $typeName: 'parlmesh.v1.RelaySealed', session: this.id, sequence: BigInt(sequence), box };
  }

  /** What is inside, or why it is not opened. Never throws. */
  open({ sequence, box }: RelaySealed): Uint8Array | 'unsealed' | 'replay' {
    const number = Number(sequence);
    if (box.length < TAG_BYTES || !Number.isSafeInteger(number)) return 'unsealed';
    if (this.#seen.look(number) !== 'new') return 'replay';
    try {
      const decipher = createDecipheriv(CIPHER, this.#receiving, nonceOf(number), { authTagLength: TAG_BYTES });
      const boxed = box.subarray(0, box.length - TAG_BYTES);
      decipher.setAAD(this.id, { plaintextLength: boxed.length });
      decipher.setAuthTag(box.subarray(box.length - TAG_BYTES));
      const plain = Buffer.concat([decipher.update(boxed), decipher.final()]);
      this.#seen.mark(number);
      return plain;
    } catch {
      return 'unsealed';
    }
  }
}

function nonceOf(sequence: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(sequence), 4);
  return nonce;
}
