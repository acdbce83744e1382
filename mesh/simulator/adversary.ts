// A member that went bad: its links are well and its certificate is good, but it passes nothing on, replays, forges the
// words of others, and tells lies of its own.

import type { Clock, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import { sealEnvelope } from '../gossip/envelope.ts';
import type { SequenceNumbers } from '../gossip/sequence.ts';
import { type LinkStatePayload, linkStateTopic } from '../gossip/topics.ts';
import type { NodeId, SigningKey } from '../membership/keys.ts';
import type { Credentials } from '../membership/network.ts';
import type { MeshNode } from '../mesh-node.ts';
import type { MemoryTransport } from '../transport/memory.ts';
import { MAX_FRAME_BYTES } from '../transport/transport.ts';

export interface AdversaryParts {
  clock: Clock;
  random: Random;
  key: SigningKey;
  credentials: Credentials;
  sequence: SequenceNumbers;
  others: () => readonly { id: NodeId; key: SigningKey }[];
}

/** Milliseconds between two of its deeds. */
const PERIOD = 500;
/** Frames that it remembers in order to replay them. */
const MEMORY = 64;
/** More than a list may hold. */
const HUGE = 1500;

export class Adversary {
  readonly #parts: AdversaryParts;
  readonly #heard: Uint8Array[] = [];
  #timer: Timer | undefined;
  #turn = 0;

  constructor(parts: AdversaryParts) {
    this.#parts = parts;
  }

  sees(frame: Uint8Array): void {
    if (this.#heard.length < MEMORY) this.#heard.push(frame);
    else this.#heard[this.#parts.random.below(MEMORY)] = frame;
  }

  start(transport: MemoryTransport, mesh: MeshNode): void {
    this.#timer = this.#parts.clock.every(PERIOD, () => {
      for (const frame of this.#deed(mesh)) transport.broadcast(frame);
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #deed(mesh: MeshNode): Uint8Array[] {
    const deeds = [() => this.#replay(), () => this.#alter(), () => this.#impersonate(), () => this.#lie(mesh)];
    this.#turn++;
    if (this.#turn % 10 === 0) return [this.#huge(), new Uint8Array(MAX_FRAME_BYTES + 1)];
    return deeds[this.#turn % deeds.length]!();
  }

  /** Copies: the same bytes, sent again. */
  #replay(): Uint8Array[] {
    return this.#heard.map((frame) => Uint8Array.from(frame));
  }

  /** Turns one bit of what others said. */
  #alter(): Uint8Array[] {
    return this.#heard.slice(0, 8).map((frame) => {
      const altered = Uint8Array.from(frame);
      const at = this.#parts.random.below(altered.length);
      altered[at] = altered[at]! ^ 4;
      return altered;
    });
  }

  /** A list for somebody else, under its own certificate: the signature is good, the origin is not. */
  #impersonate(): Uint8Array[] {
    const { random, others, key } = this.#parts;
    const victim = others()[random.below(others().length)];
    if (victim === undefined || victim.id === key.nodeId) return [];
    const { publicKey } = victim.key;
    return [this.#seal({ links: [] }, { publicKey, sign: (domain, body) => key.sign(domain, body) })];
  }

  /** Its own links, and links at no cost to everybody else, who deny them. */
  #lie(mesh: MeshNode): Uint8Array[] {
    const { others } = this.#parts;
    const links = mesh
      .links()
      .map(({ peer, cost, roundTripSeconds = 0 }) => ({ to: peer, cost, roundTrip: roundTripSeconds }));
    const real = new Set(links.map(({ to }) => to));
    for (const { id } of others()) {
      if (links.length >= 300) break;
      if (!real.has(id)) links.push({ to: id, cost: 1, roundTrip: 0 });
    }
    return [this.#seal({ links })];
  }

  #huge(): Uint8Array {
    const to = this.#parts.key.nodeId;
    return this.#seal({ links: Array.from({ length: HUGE }, () => ({ to, cost: 1, roundTrip: 0 })) });
  }

  #seal(payload: LinkStatePayload, key: Pick<SigningKey, 'publicKey' | 'sign'> = this.#parts.key): Uint8Array {
    const { clock, credentials, sequence } = this.#parts;
    const envelope = {
      network: credentials.network.id,
      sequence: sequence.next(),
      topic: linkStateTopic.name,
      time: clock.wall(),
      lifetime: linkStateTopic.lifetime,
      payload: Buffer.from(JSON.stringify(payload)),
    };
    return sealEnvelope(envelope, key, credentials.certificate);
  }
}
