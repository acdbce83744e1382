// A transport with connections whose links can be made worse: see `Impairments`. Passes everything on untouched while
// there is none.

import { fromBinary } from '@bufbuild/protobuf';
import type { Clock, Millis } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { Impairment, Impairments } from '../impairments.ts';
import type { NodeId } from '../membership/keys.ts';
import { PeerMessageSchema } from '../wire/generated/parlmesh_pb.ts';
import type { PeerTransport, PeerTransportEvents, Traffic, TransportKind } from './transport.ts';

/** What a lost segment of a stream costs: the least retransmission time-out of Linux' TCP. */
const RETRANSMISSION: Millis = 200;
/** What may be on its way over a slow link; the rest is lost. */
const MOST_ON_THEIR_WAY = 256;

/** One direction of one link: what is late keeps its order. */
interface Lane {
  /** Nothing arrives before what went before it. */
  free: Millis;
  onTheirWay: number;
}

export interface ImpairedParts {
  self: NodeId;
  impairments: Impairments;
  clock: Clock;
  random: Random;
}

export class ImpairedTransport implements PeerTransport {
  readonly #inner: PeerTransport;
  readonly #parts: ImpairedParts;
  readonly #connected = new Set<NodeId>();
  readonly #lanes = new Map<string, Lane>();
  #isRunning = false;

  constructor(inner: PeerTransport, parts: ImpairedParts) {
    this.#inner = inner;
    this.#parts = parts;
  }

  get kind(): TransportKind {
    return this.#inner.kind;
  }

  async start(events: PeerTransportEvents, signal: AbortSignal): Promise<void> {
    this.#isRunning = true;
    await this.#inner.start(this.#heard(events), signal);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#inner.stop();
    this.#connected.clear();
    this.#lanes.clear();
  }

  async dial(addresses: string[], peer: NodeId | undefined, signal: AbortSignal): Promise<NodeId> {
    const { impairments } = this.#parts;
    if (peer !== undefined && impairments.of(peer)?.cut) await never(signal);
    return this.#inner.dial(addresses, peer, signal);
  }

  send(peer: NodeId, bytes: Uint8Array): boolean {
    const impairment = this.#parts.impairments.of(peer);
    if (impairment === undefined) return this.#inner.send(peer, bytes);
    this.#pass(`to ${peer}`, impairment, () => this.#inner.send(peer, bytes));
    return true;
  }

  isClear(peer: NodeId): boolean {
    return this.#inner.isClear(peer);
  }

  broadcast(frame: Uint8Array, topic: string, origin: NodeId, to?: readonly NodeId[]): void {
    const { impairments } = this.#parts;
    if (!impairments.any) {
      this.#inner.broadcast(frame, topic, origin, to);
      return;
    }
    const peers = to ?? [...this.#connected];
    const sound = peers.filter((peer) => impairments.of(peer) === undefined);
    if (sound.length > 0) this.#inner.broadcast(frame, topic, origin, sound);
    for (const peer of peers) {
      const impairment = impairments.of(peer);
      if (impairment === undefined) continue;
      const forgeries = Array.from({ length: impairment.forged ?? 0 }, () => this.#altered(frame));
      for (const bytes of [frame, ...forgeries]) {
        this.#pass(`to ${peer}`, impairment, () => this.#inner.broadcast(bytes, topic, origin, [peer]));
      }
    }
  }

  disconnect(peer: NodeId, cause: string): void {
    this.#inner.disconnect(peer, cause);
  }

  addresses(): string[] {
    return this.#inner.addresses();
  }

  traffic(): Traffic {
    return this.#inner.traffic();
  }

  #heard(events: PeerTransportEvents): PeerTransportEvents {
    const { self, impairments } = this.#parts;
    const from = (peer: NodeId | undefined, arrive: () => void): void => {
      const impairment = peer === undefined ? undefined : impairments.of(peer);
      if (impairment === undefined) arrive();
      else this.#pass(`from ${peer}`, impairment, arrive);
    };
    return {
      frame: (frame, peer) => from(peer, () => events.frame(frame, peer)),
      message: (peer, bytes) => {
        if (impairments.of(peer)?.withholds && isForOthers(self, bytes)) return;
        from(peer, () => events.message(peer, bytes));
      },
      connected: (peer, address) => {
        this.#connected.add(peer);
        events.connected(peer, address);
      },
      disconnected: (peer, cause) => {
        this.#connected.delete(peer);
        this.#lanes.delete(`to ${peer}`);
        this.#lanes.delete(`from ${peer}`);
        events.disconnected(peer, cause);
      },
      admits: (peer) => !impairments.of(peer)?.cut && events.admits(peer),
      drained: (peer) => events.drained(peer),
      discovered: (peer, addresses) => events.discovered(peer, addresses),
      handshakeFailed: (address) => events.handshakeFailed(address),
      ready: () => events.ready(),
      lost: (cause) => events.lost(cause),
    };
  }

  #pass(way: string, { cut = false, loss, delay = 0 }: Impairment, go: () => void): void {
    if (cut) return;
    const { clock } = this.#parts;
    const now = clock.now();
    const lane = this.#lanes.get(way) ?? { free: now, onTheirWay: 0 };
    this.#lanes.set(way, lane);
    const late = delay + (this.#isHit(loss) ? RETRANSMISSION : 0);
    lane.free = Math.max(lane.free, now + late);
    if (lane.free <= now) {
      go();
      return;
    }
    if (lane.onTheirWay >= MOST_ON_THEIR_WAY) return;
    lane.onTheirWay++;
    clock.after(lane.free - now, () => {
      lane.onTheirWay--;
      if (this.#isRunning) go();
    });
  }

  #isHit(share = 0): boolean {
    return share > 0 && this.#parts.random.next() < share;
  }

  #altered(frame: Uint8Array): Uint8Array {
    // A buffer's own `slice` is no copy.
    const bytes = Uint8Array.from(frame);
    const at = this.#parts.random.below(bytes.length);
    bytes[at] = bytes[at]! ^ 0xff;
    return bytes;
  }
}

function isForOthers(self: NodeId, bytes: Uint8Array): boolean {
  try {
    const { kind } = fromBinary(PeerMessageSchema, bytes);
    return kind.case === 'relay' && kind.value.destination !== self;
  } catch {
    return false;
  }
}

/** As a dial into the void: it ends when the caller gives up. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
