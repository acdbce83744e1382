// A medium in memory, on a clock that is handed in: nodes joined by connections with delay and loss. Deterministic.

import type { Clock, Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import { noTraffic, type PeerTransport, type PeerTransportEvents, type Traffic } from './transport.ts';

/** What a connection does to what it carries. */
export interface MemoryLinkOptions {
  /** Milliseconds one way. */
  delay: Millis;
  /** Milliseconds that a message may take longer, evenly spread; messages keep their order. */
  jitter?: Millis;
  /** Share of messages lost, 0 to 1. */
  loss: number;
}

/** A connection, both ways. */
export interface Wire extends MemoryLinkOptions {
  cut: boolean;
  /** When the last message will have arrived, by who sent it: none overtakes another. */
  busyUntil: Map<NodeId, Millis>;
}

/** The world that the transports of one simulation share. */
export class MemoryMedium {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #standard: MemoryLinkOptions;
  readonly #nodes = new Map<NodeId, MemoryTransport>();
  readonly #wires = new Map<string, Wire>();
  readonly #floods = new WeakMap<Uint8Array, Flood>();
  #transports = 0;
  #isHushed = false;

  constructor(clock: Clock, random: Random, standard: MemoryLinkOptions = { delay: 1, loss: 0 }) {
    this.#clock = clock;
    this.#random = random;
    this.#standard = standard;
  }

  /** Changes one connection, both ways. */
  shape(a: NodeId, b: NodeId, options: Partial<MemoryLinkOptions>): void {
    Object.assign(this.wire(a, b), options);
  }

  /** From now on the pair hears nothing of each other and is not told: a silent failure. */
  cut(a: NodeId, b: NodeId): void {
    this.wire(a, b).cut = true;
  }

  mend(a: NodeId, b: NodeId): void {
    this.wire(a, b).cut = false;
  }

  isCut(a: NodeId, b: NodeId): boolean {
    return this.wire(a, b).cut;
  }

  /** While hushed, no gossip is carried. */
  hush(hushed: boolean): void {
    this.#isHushed = hushed;
  }

  get isHushed(): boolean {
    return this.#isHushed;
  }

  /** A number for a transport of its own. */
  attend(): number {
    return this.#transports++;
  }

  attach(transport: MemoryTransport): void {
    this.#nodes.set(transport.id, transport);
  }

  detach(transport: MemoryTransport): void {
    if (this.#nodes.get(transport.id) === transport) this.#nodes.delete(transport.id);
  }

  node(id: NodeId): MemoryTransport | undefined {
    return this.#nodes.get(id);
  }

  wire(a: NodeId, b: NodeId): Wire {
    const key = a < b ? `${a}|${b}` : `${b}|${a}`;
    let wire = this.#wires.get(key);
    if (wire === undefined) {
      wire = { ...this.#standard, cut: false, busyUntil: new Map() };
      this.#wires.set(key, wire);
    }
    return wire;
  }

  /** Who has had this very frame already; a copy of its bytes is another frame, as a replay is. */
  flood(frame: Uint8Array): Flood {
    let flood = this.#floods.get(frame);
    if (flood === undefined) {
      flood = new Flood();
      this.#floods.set(frame, flood);
    }
    return flood;
  }

  /** Runs `deliver` at `to` after the connection's delay. False when it is lost on the way. */
  carry(from: NodeId, to: NodeId, wire: Wire, deliver: (transport: MemoryTransport) => void): boolean {
    const { delay, loss, jitter = 0, busyUntil } = wire;
    if (wire.cut || (loss > 0 && this.#random.next() < loss)) return false;
    let takes = delay;
    if (jitter > 0) {
      const now = this.#clock.now();
      takes = Math.max(delay + this.#random.next() * jitter, (busyUntil.get(from) ?? 0) - now);
      busyUntil.set(from, now + takes);
    }
    this.#clock.after(takes, () => {
      const transport = wire.cut ? undefined : this.#nodes.get(to);
      if (transport !== undefined) deliver(transport);
    });
    return true;
  }

  /** As `carry`, but a datagram: one may overtake another, and no connection is needed. */
  cast(from: NodeId, to: NodeId, wire: Wire, deliver: () => void): void {
    const { delay, loss, jitter = 0 } = wire;
    if (wire.cut || !this.#nodes.has(from) || (loss > 0 && this.#random.next() < loss)) return;
    this.#clock.after(jitter > 0 ? delay + this.#random.next() * jitter : delay, () => {
      if (!wire.cut && this.#nodes.has(to)) deliver();
    });
  }
}

/** The transports that have a frame or that it is on its way to: what comes to them again is thrown away unread. */
class Flood {
  #reached = new Uint8Array(16);

  /** True the first time. */
  reach(transport: number): boolean {
    const at = transport >>> 3;
    const bit = 1 << (transport & 7);
    if (at >= this.#reached.length) {
      const longer = new Uint8Array(Math.max(at + 1, 2 * this.#reached.length));
      longer.set(this.#reached);
      this.#reached = longer;
    }
    if ((this.#reached[at]! & bit) !== 0) return false;
    this.#reached[at]! |= bit;
    return true;
  }

  has(transport: number): boolean {
    return ((this.#reached[transport >>> 3] ?? 0) & (1 << (transport & 7))) !== 0;
  }
}

/** An address is the peer's id behind `memory:`. */
export const memoryAddress = (id: NodeId): string => `memory:${id}`;

/** How a transport differs from a well one. */
export interface MemoryTransportOptions {
  /** False: passes on nothing that others say. */
  relays?: boolean;
  /** Sees every frame that arrives, before the node does. */
  tap?: (frame: Uint8Array) => void;
  /** True of a neighbour's message that the node never hears of. */
  swallows?: (bytes: Uint8Array) => boolean;
}

interface Connected {
  wire: Wire;
  other: MemoryTransport;
}

export class MemoryTransport implements PeerTransport {
  readonly kind = 'memory';
  readonly id: NodeId;
  readonly #medium: MemoryMedium;
  readonly #number: number;
  readonly #options: MemoryTransportOptions;
  readonly #connected = new Map<NodeId, Connected>();
  #events: PeerTransportEvents | undefined;
  #traffic = noTraffic();

  constructor(id: NodeId, medium: MemoryMedium, options: MemoryTransportOptions = {}) {
    this.id = id;
    this.#medium = medium;
    this.#number = medium.attend();
    this.#options = options;
  }

  async start(events: PeerTransportEvents): Promise<void> {
    this.#events = events;
    this.#medium.attach(this);
    events.ready();
  }

  async stop(): Promise<void> {
    for (const peer of [...this.#connected.keys()]) this.disconnect(peer, 'stopped');
    this.kill();
  }

  /** Power is lost: it is gone from one moment to the next, and nobody is told. */
  kill(): void {
    this.#connected.clear();
    this.#medium.detach(this);
    this.#events = undefined;
  }

  async dial(addresses: string[], expected: NodeId | undefined): Promise<NodeId> {
    for (const address of addresses) {
      const peer = address.slice('memory:'.length);
      if (expected !== undefined && peer !== expected) continue;
      const other = this.#medium.node(peer);
      if (other === undefined || this.#medium.isCut(this.id, peer)) continue;
      if (!other.#events?.admits(this.id) || !this.#events?.admits(peer)) continue;
      if (!this.#connected.has(peer)) {
        // What the other side still holds is from an earlier life of this node.
        if (other.#connected.delete(this.id)) other.#events.disconnected(this.id, 'replaced by a new connection');
        const wire = this.#medium.wire(this.id, peer);
        this.#connected.set(peer, { wire, other });
        other.#connected.set(this.id, { wire, other: this });
        this.#events.connected(peer, address);
        other.#events.connected(this.id, memoryAddress(this.id));
      }
      return peer;
    }
    throw new ParlmeshError('DIAL_FAILED', `Nobody answers at ${addresses.join(', ')}`);
  }

  send(peer: NodeId, bytes: Uint8Array): boolean {
    const connected = this.#connected.get(peer);
    if (connected === undefined) return false;
    this.#sent(bytes);
    this.#medium.carry(this.id, peer, connected.wire, (other) => {
      if (!other.#connected.has(this.id)) return;
      other.#received(bytes);
      if (!other.#options.swallows?.(bytes)) other.#events?.message(this.id, bytes);
    });
    return true;
  }

  isClear(peer: NodeId): boolean {
    return this.#connected.has(peer);
  }

  broadcast(frame: Uint8Array, _topic?: string, origin: NodeId = this.id, to?: readonly NodeId[]): void {
    const { relays = true } = this.#options;
    if (this.#medium.isHushed || (!relays && origin !== this.id)) return;
    const flood = this.#medium.flood(frame);
    flood.reach(this.#number);
    for (const peer of to ?? this.#connected.keys()) this.#tell(peer, frame, flood);
  }

  disconnect(peer: NodeId, cause: string): void {
    if (!this.#connected.delete(peer)) return;
    this.#events?.disconnected(peer, cause);
    const other = this.#medium.node(peer);
    if (other === undefined || !other.#connected.delete(this.id)) return;
    other.#events?.disconnected(this.id, 'the other side closed the connection');
  }

  addresses(): string[] {
    return [memoryAddress(this.id)];
  }

  traffic(): Traffic {
    return { ...this.#traffic };
  }

  #tell(peer: NodeId, frame: Uint8Array, flood: Flood): void {
    const connected = this.#connected.get(peer);
    if (connected === undefined) return;
    this.#sent(frame);
    if (flood.has(connected.other.#number)) return;
    const arrives = this.#medium.carry(this.id, peer, connected.wire, (other) => {
      if (other.#connected.has(this.id)) other.#take(frame, this.id);
    });
    if (arrives) flood.reach(connected.other.#number);
  }

  #take(frame: Uint8Array, from: NodeId): void {
    this.#received(frame);
    this.#options.tap?.(frame);
    this.#events?.frame(frame, from);
  }

  #sent(bytes: Uint8Array): void {
    this.#traffic.sentMessages++;
    this.#traffic.sentBytes += bytes.length;
  }

  #received(bytes: Uint8Array): void {
    this.#traffic.receivedMessages++;
    this.#traffic.receivedBytes += bytes.length;
  }
}
