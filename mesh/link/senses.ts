// What a node sees its links with besides its connections: UDP probes, and the kernel's word. Real nodes and simulated
// ones have their own.

import type { Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import type { PeerMessage, ProbeOffer } from '../wire/generated/parlmesh_pb.ts';
import type { Pace } from './attention.ts';
import type { LinkQuality } from './link-quality.ts';
import type { LinkState } from './link-state-machine.ts';
import type { LinkTiming } from './presets.ts';
import type { ProbeFigures } from './probe-messages.ts';

export interface UdpProbed {
  state: LinkState;
  quality: LinkQuality;
}

/** UDP probes, where the medium has them. */
export interface LinkProber {
  /** @param addresses where this node listens; multiaddresses */
  start(addresses: readonly string[]): void;
  stop(): Promise<void>;
  add(peer: NodeId, address: string): void;
  remove(peer: NodeId): void;
  hear(peer: NodeId, offer: ProbeOffer): void;
  /** Does the peer answer a probe that is sent from now on? */
  watch(peer: NodeId, within: Millis, done: (reached: boolean) => void): void;
  /** What this side needs of a link that answers; the full pace until it is told. */
  pace(peer: NodeId, pace: Pace): void;
  /** Somebody does not reach the peer: it must answer from now on. */
  doubt(peer: NodeId): void;
  /** Undefined before the first second. */
  figures(): ProbeFigures | undefined;
}

/** What the kernel says of the interfaces that links run over. */
export interface CarrierWatch {
  start(): void;
  stop(): void;
  /** The name of the interface that leads to the address of a connection; undefined when it cannot be told. */
  interfaceTo(address: string): string | undefined;
}

/** Real nodes have sockets and the kernel for it; simulated ones the same prober on virtual time, and no kernel. */
export interface LinkSenses {
  prober(events: { changed: (peer: NodeId, probed: UdpProbed | undefined) => void } & LinkVoice): LinkProber;
  carriers(events: { carrier: (name: string, up: boolean) => void }): CarrierWatch;
}

export interface LinkVoice {
  send: (peer: NodeId, message: PeerMessage) => boolean;
  timing: LinkTiming;
}
