// Probes every connected peer and keeps the state, quality and cost of each link. A thin shell around the pure parts.

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import type { TransportKind } from '../transport/transport.ts';
import { type PeerMessage, PeerMessageSchema, type Ping, type Pong } from '../wire/generated/parlmesh_pb.ts';
import { costOf, type LinkQuality, steadyCost, unmeasured, withAnswer, withMiss } from './link-quality.ts';
import { type LinkState, newLink, onAnswer, onClosed, onMiss } from './link-state-machine.ts';
import type { LinkTiming } from './presets.ts';

export interface Link {
  peer: NodeId;
  transport: TransportKind;
  state: LinkState;
  quality: LinkQuality;
  /** As announced, with hysteresis. */
  cost: number;
  /** Milliseconds since 1970 of the last change of state. */
  since: Millis;
  /** Routes may use it: it was measured and is not down. */
  usable: boolean;
}

export interface LinkMonitorParts {
  clock: Clock;
  random: Random;
  timing: LinkTiming;
  send: (peer: NodeId, message: PeerMessage) => boolean;
  /** After every change of state or cost; `before` is undefined for a new link. */
  changed: (link: Link, before: Link | undefined) => void;
  /** A link was down for so long that its connection should be dialled anew. */
  hopeless: (peer: NodeId, cause: string) => void;
}

/** Until its first answer a new link is probed faster than its interval. */
const FIRST_PROBES: Millis = 250;
/** Down links that are still shown. */
const MOST_GONE = 64;
const MOST_OUTSTANDING = 8;

interface Probed {
  link: Link;
  sequence: number;
  /** Sequence number and time of probes without an answer yet. */
  outstanding: Map<number, Millis>;
  timer: Timer | undefined;
}

export class LinkMonitor {
  readonly #parts: LinkMonitorParts;
  readonly #probed = new Map<NodeId, Probed>();
  readonly #gone = new Map<NodeId, Link>();

  constructor(parts: LinkMonitorParts) {
    this.#parts = parts;
  }

  add(peer: NodeId, transport: TransportKind): void {
    if (this.#probed.has(peer)) return;
    const { clock } = this.#parts;
    const link: Link = {
      peer,
      transport,
      state: newLink(clock.now()),
      quality: unmeasured,
      cost: costOf(unmeasured),
      since: clock.wall(),
      usable: false,
    };
    this.#gone.delete(peer);
    const probed: Probed = { link, sequence: 0, outstanding: new Map(), timer: undefined };
    this.#probed.set(peer, probed);
    this.#parts.changed(link, undefined);
    this.#probe(probed);
  }

  /** The connection is gone: the link is down at once. */
  remove(peer: NodeId, cause: string): void {
    const probed = this.#probed.get(peer);
    if (probed === undefined) return;
    probed.timer?.cancel();
    this.#probed.delete(peer);
    const before = probed.link;
    const after = this.#withState(before, onClosed(before.state, this.#parts.clock.now(), cause));
    this.#gone.set(peer, after);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
    this.#parts.changed(after, before);
  }

  /** Takes those messages of an admitted peer that are probes. */
  hear(peer: NodeId, message: PeerMessage['kind']): void {
    if (message.case === 'ping') this.#onPing(peer, message.value);
    else if (message.case === 'pong') this.#onPong(peer, message.value);
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
    const { clock } = this.#parts;
    const first = probed.link.quality.roundTrip === undefined;
    const quality = withAnswer(probed.link.quality, clock.now() - sentAt);
    this.#update(probed, onAnswer(probed.link.state, clock.now()), quality);
    if (first) this.#schedule(probed);
  }

  links(): Link[] {
    return [...[...this.#probed.values()].map((probed) => probed.link), ...this.#gone.values()];
  }

  get(peer: NodeId): Link | undefined {
    return this.#probed.get(peer)?.link ?? this.#gone.get(peer);
  }

  stop(): void {
    for (const { timer } of this.#probed.values()) timer?.cancel();
    this.#probed.clear();
  }

  #probe(probed: Probed): void {
    const { clock, send, timing, hopeless } = this.#parts;
    const now = clock.now();
    this.#countMissed(probed, now);
    const { link } = probed;
    if (link.state.kind === 'down' && now - link.state.since >= timing.giveUpAfter) {
      hopeless(link.peer, link.state.cause);
      return;
    }
    const sequence = ++probed.sequence;
    if (probed.outstanding.size < MOST_OUTSTANDING) probed.outstanding.set(sequence, now);
    send(
      link.peer,
      create(PeerMessageSchema, {
        kind: { case: 'ping', value: { sequence, sentAt: BigInt(Math.floor(now * 1000)) } },
      }),
    );
    this.#schedule(probed);
  }

  /** A probe that has no answer when the next one is due was missed. */
  #countMissed(probed: Probed, now: Millis): void {
    const { timing } = this.#parts;
    const allowed = probed.link.quality.roundTrip === undefined ? FIRST_PROBES : timing.interval * 0.9;
    for (const [sequence, sentAt] of probed.outstanding) {
      if (now - sentAt < allowed) continue;
      probed.outstanding.delete(sequence);
      const state = onMiss(probed.link.state, now, timing.detectMultiplier);
      this.#update(probed, state, withMiss(probed.link.quality));
    }
  }

  #schedule(probed: Probed): void {
    const { clock, random, timing } = this.#parts;
    const measured = probed.link.quality.roundTrip !== undefined;
    const interval = measured ? timing.interval : Math.min(FIRST_PROBES, timing.interval);
    probed.timer?.cancel();
    // A tenth of jitter keeps many nodes from probing in step.
    probed.timer = clock.after(interval * (0.95 + 0.1 * random.next()), () => this.#probe(probed));
  }

  #update(probed: Probed, state: LinkState, quality: LinkQuality): void {
    const before = probed.link;
    const announced = before.quality.roundTrip === undefined ? undefined : before.cost;
    probed.link = { ...this.#withState(before, state), quality, cost: steadyCost(announced, costOf(quality)) };
    probed.link.usable = quality.roundTrip !== undefined && state.kind !== 'down';
    if (state.kind !== before.state.kind || probed.link.cost !== before.cost || probed.link.usable !== before.usable) {
      this.#parts.changed(probed.link, before);
    }
  }

  #withState(link: Link, state: LinkState): Link {
    const since = state.kind === link.state.kind ? link.since : this.#parts.clock.wall();
    return { ...link, state, since, usable: link.usable && state.kind !== 'down' };
  }
}
