// All the media of one node as one: starts and stops its transports, dials over the one that can, keeps those in step
// that have listeners but no connections.

import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import { BroadcastSynchronizer } from '../gossip/broadcast-synchronizer.ts';
import type { Gossip } from '../gossip/gossip.ts';
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

export class Media {
  readonly #parts: MediaParts;
  /** Of the medium that has listeners without connections. */
  readonly #synchronizer: BroadcastSynchronizer | undefined;
  #running = false;

  constructor(parts: MediaParts) {
    this.#parts = parts;
    const transport = parts.transports.find((one) => !isPeerTransport(one));
    this.#synchronizer = transport && new BroadcastSynchronizer({ ...parts, transport });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = true;
    for (const transport of this.#parts.transports) await this.#startOne(transport, signal);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#synchronizer?.stop();
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
      frame: (frame: Uint8Array, from?: NodeId) => {
        if (this.#running) gossip.ingest(frame, kind, from);
      },
      lost: (cause: string) => {
        if (this.#running && !isAway) this.#tell('warning', kind, `is away: ${cause}`);
        isAway = true;
        if (!isPeerTransport(transport)) this.#synchronizer?.stop();
      },
      ready: () => {
        if (isAway) this.#tell('info', kind, 'is back');
        isAway = false;
        if (!isPeerTransport(transport)) this.#synchronizer?.start();
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
}
