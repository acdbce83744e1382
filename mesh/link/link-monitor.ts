// Probes every connected peer and keeps the state, quality and cost of each link. Joins what is known of one: UDP probes,
// probes over the connection, the kernel's word on the interface, how often it failed, what third nodes see.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import type { TransportKind } from '../transport/transport.ts';
import type { PeerMessage, ProbeOffer } from '../wire/generated/parlmesh_pb.ts';
import { type Flap, isForgotten, neverFlapped, onFlap, settled, untilReuse } from './flap-damping.ts';
import { IndirectProbes, type IndirectVerdict } from './indirect-probes.ts';
import { costOf, dampedCost, type LinkQuality, steadyCost, unmeasured } from './link-quality.ts';
import { type LinkState, newLink, onClosed } from './link-state-machine.ts';
import { type LinkTiming, linkTiming, type TimingConfig } from './presets.ts';
import type { ProbeFigures } from './probe-messages.ts';
import { StreamProbes } from './stream-probes.ts';

export interface Link {
  peer: NodeId;
  transport: TransportKind;
  /** What its state and quality come from. */
  probe: 'udp' | 'stream';
  state: LinkState;
  quality: LinkQuality;
  /** As announced, with hysteresis. */
  cost: number;
  /** Milliseconds since 1970 of the last change of state. */
  since: Millis;
  /** Routes may use it: it was measured and is not down. */
  usable: boolean;
  /** Failures so far. */
  flaps: number;
  /** It failed too often of late: a last resort until it holds. */
  damped: boolean;
  /** Of a link that is down: whether third nodes still reach the peer. */
  indirect: IndirectVerdict | undefined;
}

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

/** What real nodes have and simulated ones do not. */
export interface LinkSenses {
  prober(events: { changed: (peer: NodeId, probed: UdpProbed | undefined) => void } & LinkVoice): LinkProber;
  carriers(events: { carrier: (name: string, up: boolean) => void }): CarrierWatch;
}

interface LinkVoice {
  send: (peer: NodeId, message: PeerMessage) => boolean;
  timing: LinkTiming;
}

export interface LinkMonitorParts extends Omit<LinkVoice, 'timing'> {
  config: TimingConfig;
  clock: Clock;
  random: Random;
  senses?: LinkSenses | undefined;
  /** After every change of state, cost or verdict; `before` is undefined for a new link. */
  changed: (link: Link, before: Link | undefined) => void;
  /** A link was down for so long that its connection should be dialled anew. */
  hopeless: (peer: NodeId, cause: string) => void;
}

/** Down links that are still shown, and flaps that are still remembered. */
const MOST_GONE = 64;

interface Watched {
  link: Link;
  changedAt: Millis;
  /** The cost without damping, as it holds until it differs for good. */
  announced: number;
  udp: UdpProbed | undefined;
  interface: string | undefined;
  /** Why the interface carries nothing; undefined while it does. */
  noCarrier: LinkState | undefined;
  reuse: Timer | undefined;
}

export class LinkMonitor {
  readonly #parts: LinkMonitorParts;
  readonly #timing: LinkTiming;
  readonly #streams: StreamProbes;
  readonly #indirect: IndirectProbes;
  readonly #prober: LinkProber | undefined;
  readonly #carriers: CarrierWatch | undefined;
  readonly #watched = new Map<NodeId, Watched>();
  readonly #gone = new Map<NodeId, Link>();
  readonly #flaps = new Map<NodeId, Flap>();

  constructor(parts: LinkMonitorParts) {
    this.#parts = parts;
    const timing = linkTiming(parts.config);
    this.#timing = timing;
    this.#prober = parts.senses?.prober({ ...parts, timing, changed: (peer, probed) => this.#onUdp(peer, probed) });
    this.#carriers = parts.senses?.carriers({ carrier: (name, up) => this.#onCarrier(name, up) });
    this.#streams = new StreamProbes({
      ...parts,
      timing,
      changed: (peer) => this.#update(peer),
      goesOn: (peer) => this.#goesOn(peer),
    });
    this.#indirect = new IndirectProbes({
      ...parts,
      timing,
      neighbours: () => this.links().flatMap(({ peer, state }) => (state.kind === 'up' ? [peer] : [])),
      reaches: (peer, within, done) => this.#reaches(peer, within, done),
      verdict: (peer, verdict) => this.#onVerdict(peer, verdict),
    });
  }

  /** @param addresses where this node listens; multiaddresses */
  start(addresses: readonly string[]): void {
    this.#prober?.start(addresses);
    this.#carriers?.start();
  }

  async stop(): Promise<void> {
    for (const { reuse } of this.#watched.values()) reuse?.cancel();
    this.#watched.clear();
    this.#streams.stop();
    this.#indirect.stop();
    this.#carriers?.stop();
    await this.#prober?.stop();
  }

  /** @param address of the connection's other side; a multiaddress */
  add(peer: NodeId, transport: TransportKind, address: string): void {
    if (this.#watched.has(peer)) return;
    const { clock } = this.#parts;
    const flap = this.#flapOf(peer);
    const link: Link = {
      peer,
      transport,
      probe: 'stream',
      state: newLink(clock.now()),
      quality: unmeasured,
      cost: costOf(unmeasured),
      since: clock.wall(),
      usable: false,
      flaps: flap.count,
      damped: flap.damped,
      indirect: undefined,
    };
    this.#gone.delete(peer);
    this.#watched.set(peer, {
      link,
      changedAt: clock.now(),
      announced: link.cost,
      udp: undefined,
      interface: this.#carriers?.interfaceTo(address),
      noCarrier: undefined,
      reuse: undefined,
    });
    this.#parts.changed(link, undefined);
    this.#prober?.add(peer, address);
    this.#streams.add(peer);
  }

  /** The connection is gone: the link is down at once. */
  remove(peer: NodeId, cause: string): void {
    const watched = this.#watched.get(peer);
    if (watched === undefined) return;
    this.#streams.remove(peer);
    this.#prober?.remove(peer);
    watched.reuse?.cancel();
    const state = onClosed(watched.link.state, this.#parts.clock.now(), cause);
    this.#change(watched, { state, usable: false });
    this.#watched.delete(peer);
    this.#gone.set(peer, watched.link);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
  }

  /** A link that is gone is no longer shown. */
  forget(peer: NodeId): void {
    this.#gone.delete(peer);
  }

  /** Takes those messages of an admitted peer that are about links. */
  hear(peer: NodeId, message: PeerMessage['kind']): void {
    this.#streams.hear(peer, message);
    this.#indirect.hear(peer, message);
    if (message.case === 'probeOffer') this.#prober?.hear(peer, message.value);
  }

  links(): Link[] {
    return [...[...this.#watched.values()].map(({ link }) => link), ...this.#gone.values()];
  }

  get(peer: NodeId): Link | undefined {
    return this.#watched.get(peer)?.link ?? this.#gone.get(peer);
  }

  figures(): ProbeFigures | undefined {
    return this.#prober?.figures();
  }

  /** Its link is down, and no third node that was asked reaches it either. */
  readonly isSilent = (peer: NodeId): boolean => {
    const link = this.#watched.get(peer)?.link;
    return link?.state.kind === 'down' && link.indirect?.reached === false;
  };

  #goesOn(peer: NodeId): boolean {
    const watched = this.#watched.get(peer);
    if (watched === undefined) return false;
    const { state } = watched.link;
    const { clock, hopeless } = this.#parts;
    if (state.kind !== 'down') return true;
    if (clock.now() - watched.changedAt < this.#timing.giveUpAfter) {
      this.#indirect.ask(peer);
      return true;
    }
    hopeless(peer, state.cause);
    return false;
  }

  #onUdp(peer: NodeId, probed: UdpProbed | undefined): void {
    const watched = this.#watched.get(peer);
    if (watched === undefined) return;
    const wasDown = watched.udp?.state.kind === 'down';
    watched.udp = probed;
    this.#streams.besideUdp(peer, probed !== undefined && probed.state.kind !== 'down');
    // From here on the connection must prove itself anew: what it said before the silence is no answer to it.
    if (probed?.state.kind === 'down' && !wasDown) this.#streams.doubt(peer, probed.state.cause);
    this.#update(peer);
  }

  #onCarrier(name: string, up: boolean): void {
    const now = this.#parts.clock.now();
    for (const [peer, watched] of this.#watched) {
      if (watched.interface !== name || up === (watched.noCarrier === undefined)) continue;
      watched.noCarrier = up ? undefined : { kind: 'down', since: now, answers: 0, cause: `interface ${name} is down` };
      this.#update(peer);
    }
  }

  #reaches(peer: NodeId, within: Millis, done: (reached: boolean) => void): void {
    const link = this.#watched.get(peer)?.link;
    if (link === undefined || this.#prober === undefined || link.probe === 'stream') done(link?.state.kind === 'up');
    else this.#prober.watch(peer, within, done);
  }

  #onVerdict(peer: NodeId, indirect: IndirectVerdict): void {
    const watched = this.#watched.get(peer);
    if (watched?.link.state.kind !== 'down' || watched.link.indirect?.reached === indirect.reached) return;
    this.#change(watched, { indirect });
  }

  #update(peer: NodeId): void {
    const watched = this.#watched.get(peer);
    const stream = this.#streams.get(peer);
    if (watched === undefined || stream === undefined) return;
    const { udp, noCarrier, link } = watched;
    const { probe, state, quality } = judge(stream, udp);
    const verdict = noCarrier ?? state;
    const isMeasured = quality.roundTrip !== undefined;
    watched.announced = steadyCost(
      link.quality.roundTrip === undefined ? undefined : watched.announced,
      costOf(quality),
    );
    this.#change(watched, {
      probe,
      state: verdict,
      quality,
      cost: link.damped ? dampedCost(watched.announced) : watched.announced,
      usable: isMeasured && verdict.kind !== 'down',
    });
    if (verdict.kind === 'down' && link.state.kind !== 'down') this.#indirect.ask(peer);
  }

  #change(watched: Watched, change: Partial<Link>): void {
    const { clock } = this.#parts;
    const before = watched.link;
    const after = { ...before, ...change };
    if (after.state.kind !== before.state.kind) {
      after.since = clock.wall();
      watched.changedAt = clock.now();
      if (after.state.kind === 'down') this.#failed(watched, after);
      else after.indirect = undefined;
    }
    watched.link = after;
    const isNews =
      after.state.kind !== before.state.kind ||
      after.cost !== before.cost ||
      after.usable !== before.usable ||
      after.indirect !== before.indirect;
    if (isNews) this.#parts.changed(after, before);
  }

  #failed(watched: Watched, link: Link): void {
    const { clock } = this.#parts;
    const now = clock.now();
    const flap = onFlap(this.#flapOf(link.peer), now);
    this.#flaps.set(link.peer, flap);
    link.flaps = flap.count;
    link.damped = flap.damped;
    watched.reuse?.cancel();
    if (flap.damped) watched.reuse = clock.after(untilReuse(flap, now) + 1, () => this.#settleFlap(link.peer));
    if (this.#flaps.size <= MOST_GONE) return;
    for (const [peer, one] of this.#flaps) if (isForgotten(one, now)) this.#flaps.delete(peer);
  }

  #settleFlap(peer: NodeId): void {
    const watched = this.#watched.get(peer);
    if (watched === undefined) return;
    const flap = settled(this.#flapOf(peer), this.#parts.clock.now());
    this.#flaps.set(peer, flap);
    watched.link = { ...watched.link, damped: flap.damped };
    this.#update(peer);
  }

  #flapOf(peer: NodeId): Flap {
    const now = this.#parts.clock.now();
    return settled(this.#flaps.get(peer) ?? neverFlapped(now), now);
  }
}

/**
 * UDP tells of the path, the connection of the process and of what carries the frames: a link is as good as the worse of
 * them. Where UDP has fallen silent and the connection goes on answering, UDP is blocked and the connection counts.
 */
function judge(stream: UdpProbed, udp: UdpProbed | undefined): UdpProbed & { probe: Link['probe'] } {
  if (udp === undefined || udp.quality.roundTrip === undefined) return { ...stream, probe: 'stream' };
  if (udp.state.kind === 'down') {
    return stream.state.kind === 'down' ? { ...udp, probe: 'udp' } : { ...stream, probe: 'stream' };
  }
  if (stream.state.kind !== 'down') return { ...udp, probe: 'udp' };
  return { state: stream.state, quality: udp.quality, probe: 'udp' };
}
