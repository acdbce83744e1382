// All the media of one node as one: starts and stops its transports, dials over the one that can, calls the roll on
// those that have listeners but no connections.

import type { Clock, Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Gossip } from '../gossip/gossip.ts';
import { rollCallTopic } from '../gossip/topics.ts';
import type { NodeId } from '../membership/keys.ts';
import {
  isPeerTransport,
  type PeerTransport,
  type PeerTransportEvents,
  type Traffic,
  type Transport,
  type TransportKind,
} from './transport.ts';

export interface MediaParts {
  transports: readonly Transport[];
  gossip: Gossip;
  /** What to tell of connections. */
  connectionEvents: (transport: PeerTransport) => Omit<PeerTransportEvents, 'frame' | 'ready' | 'lost'>;
  clock: Clock;
  random: Random;
  logger: Logger;
  journal: Journal;
}

/** Those who hear a roll call answer spread over this time: everybody was asked at once. */
const ROLL_CALL_SPREAD: Millis = 500;

export class Media {
  readonly #parts: MediaParts;
  #running = false;

  constructor(parts: MediaParts) {
    this.#parts = parts;
    parts.gossip.subscribe(rollCallTopic, { message: ({ source }) => this.#answerRollCall(source) });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = true;
    for (const transport of this.#parts.transports) await this.#startOne(transport, signal);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.allSettled(this.#parts.transports.map((transport) => transport.stop()));
  }

  /** False when the transports have direct connections only: then who is connected is all who listen. */
  get hasUnseenListeners(): boolean {
    return !this.#parts.transports.every(isPeerTransport);
  }

  get canDial(): boolean {
    return this.#parts.transports.some(isPeerTransport);
  }

  dial(addresses: string[], peer: NodeId | undefined, signal: AbortSignal): Promise<NodeId> {
    const transport = this.#parts.transports.find(isPeerTransport);
    if (transport === undefined) throw new ParlmeshError('NO_PEER_TRANSPORT', 'No transport can dial');
    return transport.dial(addresses, peer, signal);
  }

  /** Where others can dial this node, without the peer id. */
  addresses(): string[] {
    return this.#parts.transports.filter(isPeerTransport).flatMap((transport) => transport.addresses());
  }

  traffic(): Record<string, Traffic> {
    return Object.fromEntries(this.#parts.transports.map((transport) => [transport.kind, transport.traffic()]));
  }

  async #startOne(transport: Transport, signal: AbortSignal): Promise<void> {
    const { gossip, connectionEvents } = this.#parts;
    const { kind } = transport;
    let isAway = false;
    const events = {
      frame: (frame: Uint8Array) => (this.#running ? gossip.ingest(frame, kind) : 'ignore'),
      lost: (cause: string) => {
        if (this.#running && !isAway) this.#tell('warning', kind, `is away: ${cause}`);
        isAway = true;
      },
      ready: () => {
        if (isAway) this.#tell('info', kind, 'is back');
        isAway = false;
        if (!isPeerTransport(transport)) this.#callRoll(transport);
      },
    } as const;
    if (isPeerTransport(transport)) {
      await transport.start({ ...events, ...connectionEvents(transport) }, signal);
    } else {
      await transport.start(events, signal);
    }
  }

  #tell(severity: 'info' | 'warning', kind: TransportKind, what: string): void {
    const { logger, journal } = this.#parts;
    const message = `The mesh's way over ${kind} ${what}`;
    logger.info({ transport: kind }, message);
    const name = severity === 'info' ? 'mesh.medium.back' : 'mesh.medium.away';
    journal.record({ severity, kind: name, subject: 'service/mesh', message });
  }

  #callRoll(transport: Transport): void {
    this.#parts.gossip.publish(rollCallTopic, {}, transport);
    this.#parts.gossip.recite(transport);
  }

  #answerRollCall(source: string): void {
    const transport = this.#parts.transports.find(({ kind }) => kind === source);
    if (transport === undefined || isPeerTransport(transport)) return;
    this.#parts.clock.after(this.#parts.random.next() * ROLL_CALL_SPREAD, () => {
      if (this.#running) this.#parts.gossip.recite(transport);
    });
  }
}
