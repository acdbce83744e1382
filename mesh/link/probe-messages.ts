// What the main thread and the prober's thread tell each other. Nothing is said per probe.

import type { Millis } from '../../core/clock.ts';
import type { LinkQuality } from './link-quality.ts';
import type { LinkState } from './link-state-machine.ts';
import type { ProbeKeys } from './probe-keys.ts';
import type { ProbeTiming } from './probe-session.ts';

export interface Endpoint {
  /** An IP address. */
  address: string;
  port: number;
}

export interface ProberSetup {
  timing: ProbeTiming;
  /** Address to bind; `::` takes IPv4 too. */
  address: string;
  /** 0 takes any. When it is taken, any is too. */
  port: number;
}

export type ProbeCommand =
  | {
      kind: 'open';
      /** Ours: what the peer's probes begin with. */
      session: number;
      remoteSession: number;
      keys: ProbeKeys;
      endpoint: Endpoint;
    }
  | { kind: 'close'; session: number }
  /** Is the slow pace enough on our side? A session begins with the full one. */
  | { kind: 'pace'; session: number; eased: boolean }
  /** Somebody does not reach the peer: it must answer from now on. */
  | { kind: 'doubt'; session: number }
  /** Does the peer answer a probe sent from now on, within so many milliseconds? */
  | { kind: 'watch'; number: number; session: number; within: Millis }
  /** For trying out: that share of datagrams is lost each way, and each takes so much longer. */
  | { kind: 'impair'; session: number; loss: number; delay: Millis };

/** Why a datagram was not taken. */
export type DatagramRefusal = 'size' | 'unknown' | 'replay' | 'forged';
/** And an offer: it makes no sense, or there were too many. */
export type ProbeRefusal = DatagramRefusal | 'offer' | 'rate';

export interface ProbeFigures {
  sent: number;
  received: number;
  refused: Record<ProbeRefusal, number>;
  /** 0 well, to 3: how much this prober doubts itself. */
  doubt: number;
}

export type ProbeReport =
  | { kind: 'ready'; port: number }
  | {
      kind: 'changed';
      session: number;
      state: LinkState;
      quality: LinkQuality;
      /** Milliseconds since the last answer, by the prober's own clock. */
      silence: Millis;
      /** How much this prober doubts itself now. */
      doubt: number;
    }
  | { kind: 'watched'; number: number; reached: boolean }
  | { kind: 'summary'; sessions: { session: number; quality: LinkQuality }[]; figures: ProbeFigures };
