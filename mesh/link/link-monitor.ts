// Probes every connected peer and keeps the state, quality and cost of each link. Joins what is known of one: UDP probes,
// probes over the connection, the kernel's word on the interface, how often it failed, what third nodes see.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { NodeId } from '../membership/keys.ts';
import type { TransportKind } from '../transport/transport.ts';
import type { PeerMessage } from '../wire/generated/parlmesh_pb.ts';
import { Attention, type Pace } from './attention.ts';
import { FlapRegister } from './flap-register.ts';
import { IndirectProbes, type IndirectVerdict } from './indirect-probes.ts';
import { type AnnouncedCost, costOf, dampedCost, type LinkQuality, steadyCost, unmeasured } from './link-quality.ts';
import { type LinkState, newLink, onClosed } from './link-state-machine.ts';
import { type LinkTiming, linkTiming, type TimingConfig } from './presets.ts';
import type { ProbeFigures } from './probe-messages.ts';
import type { CarrierWatch, LinkProber, LinkSenses, LinkVoice, UdpProbed } from './senses.ts';
import { StreamProbes } from './stream-probes.ts';
import { type Way, withoutHelpers, withWay } from './ways.ts';

export interface Link {
  peer: NodeId;
  transport: TransportKind;
  /** What its state and quality come from. */
  probe: 'udp' | 'stream';
  pace: Pace;
  /** Whose carrier the kernel watches for it; none where the peer is behind a gateway. */
  interface?: string;
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
  /** What came of the ways that were tried last. */
  tried: readonly Way[];
}

export interface LinkMonitorParts extends Omit<LinkVoice, 'timing'> {
  self: NodeId;
  config: TimingConfig;
  clock: Clock;
  random: Random;
  senses?: LinkSenses | undefined;
  /** After every change of state, cost or verdict; `before` is undefined for a new link. */
  changed: (link: Link, before: Link | undefined) => void;
  /** A link was down for so long that its connection should be dialled anew. */
  hopeless: (peer: NodeId, cause: string) => void;
}

/** How long a connection may take to answer once UDP does again: TCP that waits to repeat what was lost waits longer. */
const STALLED: Millis = 2500;
/** Down links that are still shown. */
const MOST_GONE = 64;

interface Watched {
  link: Link;
  changedAt: Millis;
  /** The cost without damping, as it holds until it differs for good. */
  announced: AnnouncedCost | undefined;
  udp: UdpProbed | undefined;
  /** Why the interface carries nothing; undefined while it does. */
  noCarrier: LinkState | undefined;
  /** Runs while UDP is back and the connection is not. */
  stalled: Timer | undefined;
}

export class LinkMonitor {
  readonly #parts: LinkMonitorParts;
  readonly #timing: LinkTiming;
  readonly #streams: StreamProbes;
  readonly #attention: Attention;
  readonly #indirect: IndirectProbes;
  readonly #prober: LinkProber | undefined;
  readonly #carriers: CarrierWatch | undefined;
  readonly #watched = new Map<NodeId, Watched>();
  readonly #gone = new Map<NodeId, Link>();
  readonly #flaps: FlapRegister;

  constructor(parts: LinkMonitorParts) {
    this.#parts = parts;
    const timing = linkTiming(parts.config);
    this.#timing = timing;
    this.#prober = parts.senses?.prober({ ...parts, timing, changed: (peer, probed) => this.#onUdp(peer, probed) });
    this.#carriers = parts.senses?.carriers({ carrier: (name, up) => this.#onCarrier(name, up) });
    this.#flaps = new FlapRegister({ ...parts, reuse: (peer) => this.#undamp(peer) });
    // What the kernel sends by itself is not seen here: then every link may be in use.
    const eases = parts.config.kernelRoutes?.enabled !== true;
    this.#attention = new Attention({ ...parts, eases, changed: (peer, pace) => this.#onPace(peer, pace) });
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
    for (const { stalled } of this.#watched.values()) stalled?.cancel();
    this.#watched.clear();
    this.#flaps.stop();
    this.#attention.stop();
    this.#streams.stop();
    this.#indirect.stop();
    this.#carriers?.stop();
    await this.#prober?.stop();
  }

  /** @param address of the connection's other side; a multiaddress */
  add(peer: NodeId, transport: TransportKind, address: string): void {
    if (this.#watched.has(peer)) return;
    const { clock } = this.#parts;
    const flap = this.#flaps.of(peer);
    const name = this.#carriers?.interfaceTo(address);
    const link: Link = {
      peer,
      transport,
      probe: 'stream',
      pace: 'full',
      ...(name !== undefined && { interface: name }),
      state: newLink(clock.now()),
      quality: unmeasured,
      cost: costOf(unmeasured),
      since: clock.wall(),
      usable: false,
      flaps: flap.count,
      damped: flap.damped,
      indirect: undefined,
      tried: [],
    };
    this.#gone.delete(peer);
    this.#watched.set(peer, {
      link,
      changedAt: clock.now(),
      announced: undefined,
      udp: undefined,
      noCarrier: undefined,
      stalled: undefined,
    });
    this.#parts.changed(link, undefined);
    this.#attention.add(peer);
    this.#prober?.add(peer, address);
    this.#streams.add(peer);
  }

  /** The connection is gone: the link is down at once. */
  remove(peer: NodeId, cause: string): void {
    const watched = this.#watched.get(peer);
    if (watched === undefined) return;
    this.#attention.remove(peer);
    this.#streams.remove(peer);
    this.#prober?.remove(peer);
    watched.stalled?.cancel();
    const { clock } = this.#parts;
    const state = onClosed(watched.link.state, clock.now(), cause);
    const tried = withWay(watched.link.tried, { way: 'stream', outcome: 'closed', at: clock.wall() });
    this.#change(watched, { state, usable: false, tried });
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

  /** The link to this neighbour is about to carry something. */
  need(peer: NodeId): void {
    this.#attention.need(peer);
  }

  /** Somebody else lost its link to this neighbour: it is asked at once, and believed only when it does not answer. */
  doubt(peer: NodeId): void {
    if (this.#watched.get(peer)?.link.usable !== true) return;
    this.#prober?.doubt(peer);
    this.#attention.need(peer);
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
    const isNew = watched.udp === undefined && probed !== undefined;
    watched.udp = probed;
    if (isNew) this.#prober?.pace(peer, watched.link.pace);
    this.#streams.besideUdp(peer, probed !== undefined && probed.state.kind !== 'down');
    // From here on the connection must prove itself anew: what it said before the silence is no answer to it.
    if (probed?.state.kind === 'down' && !wasDown) this.#streams.doubt(peer, probed.state.cause);
    if (probed?.state.kind === 'up' && wasDown) this.#expectConnection(peer, watched);
    this.#update(peer);
  }

  /** The path is whole again: a connection that goes on waiting is worth less than a new one. */
  #expectConnection(peer: NodeId, watched: Watched): void {
    watched.stalled?.cancel();
    watched.stalled = this.#parts.clock.after(STALLED, () => {
      const isBack = watched.udp?.state.kind === 'up';
      if (isBack && this.#streams.get(peer)?.state.kind === 'down') {
        this.#parts.hopeless(peer, 'it answers probes, but its connection has stalled');
      }
    });
  }

  #onPace(peer: NodeId, pace: Pace): void {
    const watched = this.#watched.get(peer);
    if (watched === undefined) return;
    watched.link = { ...watched.link, pace };
    if (watched.udp !== undefined) this.#prober?.pace(peer, pace);
  }

  #onCarrier(name: string, up: boolean): void {
    const now = this.#parts.clock.now();
    for (const [peer, watched] of this.#watched) {
      if (watched.link.interface !== name || up === (watched.noCarrier === undefined)) continue;
      watched.noCarrier = up ? undefined : { kind: 'down', since: now, answers: 0, cause: `interface ${name} is down` };
      this.#update(peer);
    }
  }

  #reaches(peer: NodeId, within: Millis, done: (reached: boolean) => void): void {
    const link = this.#watched.get(peer)?.link;
    // What this node found out by itself just now need not be found out again.
    const isKnown = link === undefined || link.state.kind === 'down';
    if (isKnown || this.#prober === undefined || link.probe === 'stream') {
      done(link?.state.kind === 'up');
      return;
    }
    this.#prober.watch(peer, within, done);
    this.#attention.need(peer);
  }

  #onVerdict(peer: NodeId, indirect: IndirectVerdict): void {
    const watched = this.#watched.get(peer);
    if (watched?.link.state.kind !== 'down' || watched.link.indirect?.reached === indirect.reached) return;
    const at = this.#parts.clock.wall();
    let tried = withoutHelpers(watched.link.tried);
    for (const { via, outcome } of indirect.answers) tried = withWay(tried, { way: 'indirect', via, outcome, at });
    this.#change(watched, { indirect, tried });
  }

  #update(peer: NodeId): void {
    const watched = this.#watched.get(peer);
    const stream = this.#streams.get(peer);
    if (watched === undefined || stream === undefined) return;
    const { udp, noCarrier, link } = watched;
    const { probe, state, quality } = judge(stream, udp);
    const verdict = noCarrier ?? state;
    const isMeasured = quality.roundTrip !== undefined;
    const at = this.#parts.clock.wall();
    let { tried } = link;
    if (udp !== undefined) tried = withWay(tried, { way: 'udp', outcome: outcomeOf(udp), at });
    if (stream.quality.answers > 0) tried = withWay(tried, { way: 'stream', outcome: outcomeOf(stream), at });
    const announced = steadyCost(watched.announced, costOf(quality), this.#parts.clock.now());
    if (isMeasured) watched.announced = announced;
    this.#change(watched, {
      probe,
      state: verdict,
      quality,
      cost: link.damped ? dampedCost(announced.cost) : announced.cost,
      usable: isMeasured && verdict.kind !== 'down',
      tried,
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
      this.#attention.need(after.peer);
      if (after.state.kind === 'down') {
        const { count, damped } = this.#flaps.failed(after.peer);
        after.flaps = count;
        after.damped = damped;
      } else after.indirect = undefined;
    }
    watched.link = after;
    const isNews =
      after.state.kind !== before.state.kind ||
      after.cost !== before.cost ||
      after.usable !== before.usable ||
      after.indirect !== before.indirect;
    if (isNews) this.#parts.changed(after, before);
  }

  #undamp(peer: NodeId): void {
    const watched = this.#watched.get(peer);
    if (watched === undefined) return;
    watched.link = { ...watched.link, damped: false };
    this.#update(peer);
  }
}

const outcomeOf = ({ state }: UdpProbed): Way['outcome'] => (state.kind === 'down' ? 'silent' : 'answered');

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
