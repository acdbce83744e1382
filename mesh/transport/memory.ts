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
  /** Share of messages lost, 0 to 1. */
  loss: number;
}

/** The world that the transports of one simulation share. */
export class MemoryMedium {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #standard: MemoryLinkOptions;
  readonly #nodes = new Map<NodeId, MemoryTransport>();
  readonly #special = new Map<string, MemoryLinkOptions>();
  readonly #cut = new Set<string>();

  constructor(clock: Clock, random: Random, standard: MemoryLinkOptions = { delay: 1, loss: 0 }) {
    this.#clock = clock;
    this.#random = random;
    this.#standard = standard;
  }

  /** Changes one connection, both ways. */
  shape(a: NodeId, b: NodeId, options: Partial<MemoryLinkOptions>): void {
    this.#special.set(pair(a, b), { ...this.optionsOf(a, b), ...options });
  }

  /** From now on the pair hears nothing of each other and is not told: a silent failure. */
  cut(a: NodeId, b: NodeId): void {
    this.#cut.add(pair(a, b));
  }

  mend(a: NodeId, b: NodeId): void {
    this.#cut.delete(pair(a, b));
  }

  optionsOf(a: NodeId, b: NodeId): MemoryLinkOptions {
    return this.#special.get(pair(a, b)) ?? this.#standard;
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

  isCut(a: NodeId, b: NodeId): boolean {
    return this.#cut.has(pair(a, b));
  }

  /** Runs `deliver` at `to` after the connection's delay, unless it is lost on the way. */
  carry(from: NodeId, to: NodeId, deliver: (transport: MemoryTransport) => void): void {
    const { delay, loss } = this.optionsOf(from, to);
    if (this.isCut(from, to) || (loss > 0 && this.#random.next() < loss)) return;
    this.#clock.after(delay, () => {
      const transport = this.#nodes.get(to);
      if (transport !== undefined && !this.isCut(from, to)) deliver(transport);
    });
  }
}

const pair = (a: NodeId, b: NodeId): string => (a < b ? `${a}|${b}` : `${b}|${a}`);

/** An address is the peer's id behind `memory:`. */
export const memoryAddress = (id: NodeId): string => `memory:${id}`;

export class MemoryTransport implements PeerTransport {
  readonly kind = 'memory';
  readonly id: NodeId;
  readonly #medium: MemoryMedium;
  readonly #connected = new Set<NodeId>();
  #events: PeerTransportEvents | undefined;
  #traffic = noTraffic();

  constructor(id: NodeId, medium: MemoryMedium) {
    this.id = id;
    this.#medium = medium;
  }

  async start(events: PeerTransportEvents): Promise<void> {
    this.#events = events;
    this.#medium.attach(this);
    events.ready();
  }

  async stop(): Promise<void> {
    for (const peer of [...this.#connected]) this.disconnect(peer, 'stopped');
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
        this.#connected.add(peer);
        other.#connected.add(this.id);
        this.#events.connected(peer, address);
        other.#events.connected(this.id, memoryAddress(this.id));
      }
      return peer;
    }
    throw new ParlmeshError('DIAL_FAILED', `Nobody answers at ${addresses.join(', ')}`);
  }

  send(peer: NodeId, bytes: Uint8Array): boolean {
    if (!this.#connected.has(peer)) return false;
    this.#sent(bytes);
    this.#medium.carry(this.id, peer, (other) => {
      if (!other.#connected.has(this.id)) return;
      other.#received(bytes);
      other.#events?.message(this.id, bytes);
    });
    return true;
  }

  isClear(peer: NodeId): boolean {
    return this.#connected.has(peer);
  }

  broadcast(frame: Uint8Array): void {
    this.#flood(frame, undefined);
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

  #flood(frame: Uint8Array, except: NodeId | undefined): void {
    for (const peer of this.#connected) {
      if (peer === except) continue;
      this.#sent(frame);
      this.#medium.carry(this.id, peer, (other) => {
        if (!other.#connected.has(this.id)) return;
        other.#received(frame);
        if (other.#events?.frame(frame) === 'accept') other.#flood(frame, this.id);
      });
    }
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
