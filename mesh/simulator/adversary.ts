// A member that went bad: its links are well and its certificate is good, and it does one kind of harm all the time.

import type { Clock, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import { sealEnvelope } from '../gossip/envelope.ts';
import type { SequenceNumbers } from '../gossip/sequence.ts';
import { type LinkStatePayload, linkStateTopic, type Topic } from '../gossip/topics.ts';
import type { NodeId, SigningKey } from '../membership/keys.ts';
import type { Credentials } from '../membership/network.ts';
import type { MeshNode } from '../mesh-node.ts';
import type { MemoryTransport, MemoryTransportOptions } from '../transport/memory.ts';
import { MAX_FRAME_BYTES } from '../transport/transport.ts';
import { swallowFrames } from './blackhole.ts';

/**
 * `blackhole`: takes the frames that should pass it, and passes none on. `dropper`: does so with every other pair of
 * ends, and carries the rest. `mute`: passes no gossip on. `replayer`: says again what others said. `forger`: turns
 * bits, signs for others, sends lists and frames beyond every limit. `flooder`: says ten times as much as it may.
 * `liar`: announces its links at no cost, and links to everybody. `colluder`: announces a link to each of its kind, who
 * announce it too.
 */
export const VICES = ['blackhole', 'dropper', 'mute', 'replayer', 'forger', 'flooder', 'liar', 'colluder'] as const;
export type Vice = (typeof VICES)[number];

interface Member {
  id: NodeId;
  key: SigningKey;
  credentials: Credentials;
  adversary: Adversary | undefined;
}

export interface AdversaryParts {
  vice: Vice;
  clock: Clock;
  random: Random;
  key: SigningKey;
  credentials: Credentials;
  sequence: SequenceNumbers;
  others: () => readonly Member[];
}

/** Milliseconds between two of its deeds. */
const PERIOD = 500;
/** Frames that it remembers in order to replay them. */
const MEMORY = 64;
/** More than a list may hold. */
const HUGE = 1500;
/** Links that a liar announces. */
const MOST_LIES = 300;
/** Frames at a time. */
const FLOOD = 100;
const floodTopic: Topic = { ...linkStateTopic, name: 'flood', kind: 'event' };

/** Newer than anything that was said. */
const FAR_AHEAD = 1_000_000;

type Sealer = Pick<SigningKey, 'publicKey' | 'sign'>;

export class Adversary {
  readonly vice: Vice;
  readonly #parts: AdversaryParts;
  readonly #heard: Uint8Array[] = [];
  #timer: Timer | undefined;

  constructor(parts: AdversaryParts) {
    this.vice = parts.vice;
    this.#parts = parts;
  }

  /** What its transport does that a well one does not. */
  transportOptions(): MemoryTransportOptions {
    const { vice } = this;
    const tap = (frame: Uint8Array): void => this.#sees(frame);
    if (vice === 'mute') return { relays: false };
    if (vice === 'replayer' || vice === 'forger') return { tap };
    if (vice === 'blackhole' || vice === 'dropper') {
      return { swallows: swallowFrames(this.#parts.key.nodeId, vice === 'dropper') };
    }
    return {};
  }

  start(transport: MemoryTransport, mesh: MeshNode): void {
    const deed = this.#deed(mesh);
    if (deed === undefined) return;
    this.#timer = this.#parts.clock.every(PERIOD, () => {
      for (const frame of deed()) transport.broadcast(frame);
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #deed(mesh: MeshNode): (() => Uint8Array[]) | undefined {
    switch (this.vice) {
      case 'replayer':
        return () => this.#replay();
      case 'forger':
        return () => [...this.#alter(), ...this.#impersonate(), this.#huge(), new Uint8Array(MAX_FRAME_BYTES + 1)];
      case 'flooder':
        return () => Array.from({ length: FLOOD }, () => this.#seal(floodTopic, { links: [] }));
      case 'liar':
        return () => [this.#lie(mesh)];
      case 'colluder':
        return () => [this.#collude(mesh)];
      default:
        return undefined;
    }
  }

  #sees(frame: Uint8Array): void {
    if (this.#heard.length < MEMORY) this.#heard.push(frame);
    else this.#heard[this.#parts.random.below(MEMORY)] = frame;
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

  /** Lists for somebody else: under its own certificate, and under the victim's, which everybody has. */
  #impersonate(): Uint8Array[] {
    const { random, others, key, credentials } = this.#parts;
    const victim = others()[random.below(others().length)];
    if (victim === undefined || victim.id === key.nodeId) return [];
    const forged = { publicKey: victim.key.publicKey, sign: key.sign.bind(key) };
    return [credentials.certificate, victim.credentials.certificate].map((certificate) =>
      this.#seal(linkStateTopic, { links: [] }, { key: forged, certificate, ahead: FAR_AHEAD }),
    );
  }

  #huge(): Uint8Array {
    const to = this.#parts.key.nodeId;
    return this.#seal(linkStateTopic, { links: Array.from({ length: HUGE }, () => ({ to, cost: 1, roundTrip: 0 })) });
  }

  /** Its own links at no cost, and links to everybody else, who deny them. */
  #lie(mesh: MeshNode): Uint8Array {
    const links = ownLinks(mesh).map((link) => ({ ...link, cost: 1, roundTrip: 0 }));
    return this.#seal(linkStateTopic, { links: this.#withInvented(links, () => true) });
  }

  #collude(mesh: MeshNode): Uint8Array {
    const links = this.#withInvented(ownLinks(mesh), ({ adversary }) => adversary?.vice === 'colluder');
    return this.#seal(linkStateTopic, { links });
  }

  #withInvented(
    links: LinkStatePayload['links'],
    suits: (other: { adversary: Adversary | undefined }) => boolean,
  ): LinkStatePayload['links'] {
    const known = new Set([this.#parts.key.nodeId, ...links.map(({ to }) => to)]);
    const invented = this.#parts.others().filter((other) => !known.has(other.id) && suits(other));
    const room = Math.max(0, MOST_LIES - links.length);
    return [...links, ...invented.slice(0, room).map(({ id }) => ({ to: id, cost: 1, roundTrip: 0 }))];
  }

  #seal(
    { name, lifetime }: Topic,
    payload: LinkStatePayload,
    { key, certificate, ahead = 0 }: { key: Sealer; certificate: Uint8Array; ahead?: number } = {
      key: this.#parts.key,
      certificate: this.#parts.credentials.certificate,
    },
  ): Uint8Array {
    const { clock, credentials, sequence } = this.#parts;
    const envelope = {
      network: credentials.network.id,
      sequence: sequence.next() + ahead,
      topic: name,
      time: clock.wall(),
      lifetime,
      payload: Buffer.from(JSON.stringify(payload)),
    };
    return sealEnvelope(envelope, key, certificate);
  }
}

function ownLinks(mesh: MeshNode): LinkStatePayload['links'] {
  return mesh
    .links()
    .filter(({ state }) => state !== 'down')
    .map(({ peer, cost, roundTripSeconds = 0 }) => ({ to: peer, cost, roundTrip: roundTripSeconds }));
}
