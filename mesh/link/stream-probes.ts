// Probes over the connection itself: the only ones where UDP gets no answer, and
// beside UDP the proof that the peer's main loop is alive and the connection carries.

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import { type PeerMessage, PeerMessageSchema, type Ping, type Pong } from '../wire/generated/parlmesh_pb.ts';
import { type LinkQuality, unmeasured, withAnswer, withMiss } from './link-quality.ts';
import { type LinkState, newLink, onAnswer, onClosed, onMiss } from './link-state-machine.ts';
import type { LinkTiming } from './presets.ts';

export interface StreamProbesParts {
  clock: Clock;
  random: Random;
  timing: Pick<LinkTiming, 'interval' | 'streamInterval'>;
  send: (peer: NodeId, message: PeerMessage) => boolean;
  changed: (peer: NodeId) => void;
  /** Before each probe; false when there is to be none any more. */
  goesOn: (peer: NodeId) => boolean;
}

export interface StreamProbed {
  state: LinkState;
  quality: LinkQuality;
}

/** Until its first answer, and while in doubt, a connection is probed faster than its interval. */
const QUICK: Millis = 250;
/** Beside UDP probes, which see the path, these only watch the process. */
const BESIDE_UDP: Millis = 5000;
const DETECT_MULTIPLIER = 3;
/** Probed that fast, an answer may still come this late: it proves that the connection carries, if a busy node is slow. */
const PATIENCE: Millis = 2000;
const MOST_OUTSTANDING = 8;

interface Probed extends StreamProbed {
  peer: NodeId;
  sequence: number;
  /** Sequence number and time of probes without an answer yet. */
  outstanding: Map<number, Millis>;
  besideUdp: boolean;
  /** UDP fell silent, and the connection has not answered since. */
  doubted: boolean;
  timer: Timer | undefined;
}

export class StreamProbes {
  readonly #parts: StreamProbesParts;
  readonly #probed = new Map<NodeId, Probed>();

  constructor(parts: StreamProbesParts) {
    this.#parts = parts;
  }

  add(peer: NodeId): void {
    const probed: Probed = {
      peer,
      state: newLink(this.#parts.clock.now()),
      quality: unmeasured,
      sequence: 0,
      outstanding: new Map(),
      besideUdp: false,
      doubted: false,
      timer: undefined,
    };
    this.#probed.set(peer, probed);
    this.#probe(probed);
  }

  remove(peer: NodeId): void {
    this.#probed.get(peer)?.timer?.cancel();
    this.#probed.delete(peer);
  }

  get(peer: NodeId): StreamProbed | undefined {
    return this.#probed.get(peer);
  }

  hear(peer: NodeId, message: PeerMessage['kind']): void {
    if (message.case === 'ping') this.#onPing(peer, message.value);
    else if (message.case === 'pong') this.#onPong(peer, message.value);
  }

  /** UDP probes serve this link too, or no longer do. */
  besideUdp(peer: NodeId, serves: boolean): void {
    const probed = this.#probed.get(peer);
    if (probed === undefined || probed.besideUdp === serves) return;
    probed.besideUdp = serves;
    this.#schedule(probed);
  }

  /** UDP is silent: only what the connection answers from now on counts. */
  doubt(peer: NodeId, cause: string): void {
    const probed = this.#probed.get(peer);
    if (probed === undefined) return;
    probed.outstanding.clear();
    probed.doubted = true;
    probed.state = onClosed({ kind: 'up', since: 0 }, this.#parts.clock.now(), cause);
    this.#probe(probed);
  }

  stop(): void {
    for (const { timer } of this.#probed.values()) timer?.cancel();
    this.#probed.clear();
  }

  #onPing(peer: NodeId, { sequence, sentAt }: Ping): void {
    this.#parts.send(peer, create(PeerMessageSchema, { kind: { case: 'pong', value: { sequence, sentAt } } }));
  }

  #onPong(peer: NodeId, { sequence }: Pong): void {
    const probed = this.#probed.get(peer);
    const sentAt = probed?.outstanding.get(sequence);
    // An answer that was counted as missed comes too late to count again.
    if (probed === undefined || sentAt === undefined) return;
    probed.outstanding.delete(sequence);
    const now = this.#parts.clock.now();
    const wasQuick = isQuick(probed);
    probed.quality = withAnswer(probed.quality, now - sentAt);
    probed.state = onAnswer(probed.state, now);
    if (probed.state.kind === 'up') probed.doubted = false;
    this.#parts.changed(peer);
    if (wasQuick) this.#schedule(probed);
  }

  #probe(probed: Probed): void {
    const { clock, send, goesOn } = this.#parts;
    const now = clock.now();
    this.#countMissed(probed, now);
    if (!goesOn(probed.peer)) return;
    const sequence = ++probed.sequence;
    if (probed.outstanding.size < MOST_OUTSTANDING) probed.outstanding.set(sequence, now);
    send(
      probed.peer,
      create(PeerMessageSchema, {
        kind: { case: 'ping', value: { sequence, sentAt: BigInt(Math.floor(now * 1000)) } },
      }),
    );
    this.#schedule(probed);
  }

  /** A probe that has no answer when the next one is due was missed. */
  #countMissed(probed: Probed, now: Millis): void {
    const allowed = isQuick(probed) ? PATIENCE : this.#interval(probed) * 0.9;
    for (const [sequence, sentAt] of probed.outstanding) {
      if (now - sentAt < allowed) continue;
      probed.outstanding.delete(sequence);
      probed.state = onMiss(probed.state, now, DETECT_MULTIPLIER);
      probed.quality = withMiss(probed.quality);
      this.#parts.changed(probed.peer);
    }
  }

  #schedule(probed: Probed): void {
    const { clock, random } = this.#parts;
    probed.timer?.cancel();
    // A tenth of jitter keeps many nodes from probing in step.
    probed.timer = clock.after(this.#interval(probed) * (0.95 + 0.1 * random.next()), () => this.#probe(probed));
  }

  #interval(probed: Probed): Millis {
    const { interval, streamInterval } = this.#parts.timing;
    if (probed.quality.roundTrip === undefined) return Math.min(QUICK, streamInterval);
    if (probed.doubted) return Math.max(QUICK, interval);
    return probed.besideUdp ? Math.max(BESIDE_UDP, streamInterval) : streamInterval;
  }
}

const isQuick = ({ quality, doubted }: Probed): boolean => quality.roundTrip === undefined || doubted;
