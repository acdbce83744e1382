// Gossip: what a node says reaches every member once, whatever it travels over; what strangers say reaches nobody.

import type { Static, TSchema } from 'typebox';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { DropCounters, DropReason } from '../counters.ts';
import type { Certificate } from '../membership/certificate.ts';
import type { NodeId, SigningKey } from '../membership/keys.ts';
import type { Members } from '../membership/members.ts';
import { isPeerTransport, type Transport } from '../transport/transport.ts';
import { Blame } from './blame.ts';
import { type OpenedEnvelope, sealEnvelope } from './envelope.ts';
import { FrameReader } from './frame-reader.ts';
import { ReplayWindow } from './replay-window.ts';
import type { SequenceNumbers } from './sequence.ts';
import { type SlotEntry, type Source, StateTable } from './state-table.ts';
import { DEFAULT_AREA, inArea, staysInArea, type Topic } from './topics.ts';

export interface GossipParts {
  networkId: string;
  key: SigningKey;
  /** This node's, as it goes over the wire. */
  certificate: () => Uint8Array;
  /** This node's; the default one when left out. */
  area?: string;
  members: Members;
  sequence: SequenceNumbers;
  transports: readonly Transport[];
  clock: Clock;
  drops: DropCounters;
  logger: Logger;
  /**
   * Neighbours that a frame goes to; left out: all who are connected.
   * @param area that it stays in
   * @param from the neighbour that passed it on
   */
  heirs?: (area: string | undefined, from: NodeId | undefined) => readonly NodeId[];
  /** Takes what this node says in another area to its neighbours there. */
  hand?: (frame: Uint8Array, area: string) => void;
  /** Left out: its own. */
  reader?: FrameReader | undefined;
  /** The network knows newer words of ours than we do (state came from a backup): all must be said again. */
  overtaken: () => void;
}

export interface Message<P> {
  origin: NodeId;
  payload: P;
  /** Milliseconds since 1970 by the origin's clock. */
  time: Millis;
  source: Source;
}

export interface TopicHandler<P> {
  message(message: Message<P>): void;
  /** A state that nobody repeated has aged out. */
  ended?(origin: NodeId): void;
}

/** How far the clocks of two boards may be apart. Beyond it their messages are dropped, counted as `clock`. */
export const CLOCK_TOLERANCE: Millis = 5 * 60_000;
/** What one origin may say: far above what a well one says, far below what hurts. */
const ORIGIN_RATE = { perSecond: 20, burst: 100 };
const MOST_ORIGINS = 10_000;
/** What no honest node passes on. */
const FAULTS: ReadonlySet<DropReason> = new Set(['oversized', 'malformed', 'forged']);
const MOST_STATES = 50_000;
/** Topics on which this node speaks in one other area. */
const MOST_ABROAD = 64;

/** What became of a frame. */
export type Verdict = 'accept' | 'ignore';

interface Subscription {
  topic: Topic;
  /** What to call with the rest of the message; undefined when the payload is not as the topic's schema says. */
  read(opened: OpenedEnvelope): ((context: Omit<Message<unknown>, 'payload'>) => void) | undefined;
  ended(origin: NodeId): void;
}

interface Speaker {
  /** Since its first event: most nodes say states only. */
  events: ReplayWindow | undefined;
  bucket: TokenBucket;
}

export class Gossip {
  readonly states: StateTable;
  readonly blame = new Blame();
  readonly reader: FrameReader;
  /** What this node says in other areas, by area. */
  readonly #abroad = new Map<string, StateTable>();
  readonly #parts: GossipParts;
  readonly #self: NodeId;
  /** This node's. */
  readonly area: string;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Names of topics that stay in an area, as they are said in the default one. */
  readonly #areaTopics = new Set<string>();
  readonly #speakers = new Map<NodeId, Speaker>();
  readonly #accepted = new Map<string, number>();
  #witness: ((state: OpenedEnvelope, source: Source) => void) | undefined;
  #published = 0;

  constructor(parts: GossipParts) {
    this.#parts = parts;
    this.#self = parts.key.nodeId;
    this.area = parts.area ?? DEFAULT_AREA;
    this.reader = parts.reader ?? new FrameReader();
    this.states = new StateTable(parts.clock, MOST_STATES);
  }

  /** One handler a topic; before the transports start. */
  subscribe<S extends TSchema>(topic: Topic<S>, handler: TopicHandler<Static<S>>): void {
    if (staysInArea(topic.scope)) this.#areaTopics.add(topic.name);
    this.#subscriptions.set(inArea(topic, this.area), {
      topic,
      read: (opened) => {
        const payload = this.reader.payload(opened);
        if (!this.reader.accepts(topic.schema, payload)) return undefined;
        return (context) => handler.message({ ...context, payload });
      },
      ended: (origin) => handler.ended?.(origin),
    });
  }

  /**
   * @param only the one transport to say it on
   * @param area where an area's topic is said; in another one than this node's it goes to the neighbours there only
   */
  publish<S extends TSchema>(topic: Topic<S>, payload: Static<S>, only?: Transport, area = this.area): void {
    const { networkId, key, certificate, sequence, clock, transports, hand } = this.#parts;
    const number = sequence.next();
    const name = inArea(topic, area);
    const envelope = {
      network: networkId,
      sequence: number,
      topic: name,
      time: clock.wall(),
      lifetime: topic.lifetime,
      payload: Buffer.from(JSON.stringify(payload)),
    };
    const frame = sealEnvelope(envelope, key, certificate());
    if (topic.kind === 'state') {
      const entry = {
        topic: name,
        origin: this.#self,
        originKey: key.publicKey.raw,
        sequence: number,
        frame,
        source: 'self',
        scope: topic.scope,
      } as const;
      this.#statesIn(area).put(entry, topic.lifetime, 0);
    }
    this.#published++;
    if (area !== this.area) {
      hand?.(frame, area);
      return;
    }
    const to = this.#parts.heirs?.(this.#areaOf(name), undefined);
    for (const transport of only === undefined ? transports : [only]) transport.broadcast(frame, name, this.#self, to);
  }

  /**
   * Takes a frame from anywhere. Never throws: what does not serve is dropped and counted.
   * @param from the neighbour that handed it over, where one did
   * @param passOn hands on what is new; what a border says itself is always handed on
   */
  ingest(frame: Uint8Array, source: Source, from?: NodeId, passOn = true): Verdict {
    const { clock } = this.#parts;
    if (from !== undefined && this.blame.isShunned(from, clock.now())) return this.#drop('rate');
    const opened = this.reader.open(frame);
    if (typeof opened === 'string') return this.#drop(opened, from);
    const dropped = this.#consider(opened, frame, source, from);
    if (dropped !== undefined) return this.#drop(dropped, from);
    if (passOn || this.#isBorders(opened, from)) this.#passOn(frame, opened, source, from);
    return 'accept';
  }

  /** Has `run` see every state that somebody says, new or not, before anything of it is verified. */
  witness(run: (state: OpenedEnvelope, source: Source) => void): void {
    this.#witness = run;
  }

  /** What this node says in `area`, and a border there says here. */
  *wordsBetween(border: NodeId, area: string): Iterable<SlotEntry> {
    yield* this.#abroad.get(area)?.saidBy(this.#self) ?? [];
    for (const entry of this.states.saidBy(border)) if (entry.scope === 'border') yield entry;
  }

  /** Ages states; call it every few seconds. */
  sweep(): void {
    for (const [area, states] of this.#abroad) {
      states.sweep();
      if (states.size === 0) this.#abroad.delete(area);
    }
    for (const { topic, origin } of this.states.sweep()) this.#subscriptions.get(topic)?.ended(origin);
  }

  counts(): { accepted: Record<string, number>; published: number } {
    return { accepted: Object.fromEntries(this.#accepted), published: this.#published };
  }

  /** The reason to drop, or undefined when the message was new, good and delivered. Cheap checks come first. */
  #consider(opened: OpenedEnvelope, frame: Uint8Array, source: Source, from?: NodeId): DropReason | undefined {
    const { networkId, members, sequence, clock } = this.#parts;
    if (opened.network !== networkId) return 'other-network';
    const origin = this.reader.idOf(opened.originKey);
    if (origin === this.#self && sequence.isOld(opened.sequence)) return 'duplicate';

    if (this.#isElsewhere(opened.topic)) return 'other-area';
    if (this.#subscriptions.get(opened.topic)?.topic.kind === 'state') this.#witness?.(opened, source);
    const seen = this.#seen(opened, origin);
    if (seen === 'replay' && from !== undefined) {
      this.blame.outOfDate(from, `${opened.topic} ${origin} ${opened.sequence}`, clock.now());
    }
    if (seen !== 'new') return seen;
    const member = members.check(opened.certificate, origin);
    if (!member.ok)
      return member.fault === 'expired' ? 'certificate-expired' : member.fault === 'revoked' ? 'revoked' : 'stranger';
    if (member.certificate.node !== origin) return 'stranger';
    const age = clock.wall() - opened.time;
    if (age < -CLOCK_TOLERANCE) return 'clock';
    if (age > opened.lifetime + CLOCK_TOLERANCE) return 'expired';
    if (!this.reader.verify(opened, member.certificate.key)) return 'forged';
    // Verified to be our own word from a life that this node's state has forgotten: speak above it from now on.
    if (origin === this.#self) {
      sequence.passed(opened.sequence);
      this.#parts.overtaken();
      return 'duplicate';
    }
    return this.#take(opened, member.certificate, frame, source);
  }

  #take(
    opened: OpenedEnvelope,
    { node: origin }: Certificate,
    frame: Uint8Array,
    source: Source,
  ): DropReason | undefined {
    const { clock, logger } = this.#parts;
    const speaker = this.#speaker(origin);
    if (speaker === undefined) return 'full';
    if (!speaker.bucket.take(clock.now())) {
      // Its signature was verified: nobody else can have said all that.
      this.blame.add(origin, 'flooded', clock.now());
      return 'rate';
    }
    const subscription = this.#subscriptions.get(opened.topic);
    const deliver = subscription?.read(opened);
    if (subscription !== undefined && deliver === undefined) return 'payload';
    if (subscription?.topic.kind === 'state') {
      const { topic, originKey, sequence, lifetime } = opened;
      const memory = opened.time + lifetime + CLOCK_TOLERANCE - clock.wall();
      const { scope } = subscription.topic;
      const entry = { topic, origin, originKey, sequence, frame: this.reader.keep(frame), source, scope };
      if (!this.states.put(entry, Math.min(lifetime, memory), memory)) return 'full';
    } else {
      speaker.events ??= new ReplayWindow();
      speaker.events.mark(opened.sequence);
    }
    this.#count(subscription === undefined ? 'other' : subscription.topic.name);
    try {
      deliver?.({ origin, time: opened.time, source });
    } catch (error) {
      logger.error({ topic: opened.topic, origin, error: messageOf(error) }, 'a topic handler failed');
    }
    return undefined;
  }

  /** Said by the very neighbour that hands it over, of another area: most likely nobody in this one has it yet. */
  #isBorders({ topic, originKey }: OpenedEnvelope, from: NodeId | undefined): boolean {
    return this.#subscriptions.get(topic)?.topic.scope === 'border' && this.reader.idOf(originKey) === from;
  }

  #statesIn(area: string): StateTable {
    if (area === this.area) return this.states;
    let states = this.#abroad.get(area);
    if (states === undefined) {
      states = new StateTable(this.#parts.clock, MOST_ABROAD);
      this.#abroad.set(area, states);
    }
    return states;
  }

  /** Said in another area: it is neither taken nor passed on here. */
  #isElsewhere(topic: string): boolean {
    return !this.#subscriptions.has(topic) && (topic.includes('.') || this.#areaTopics.has(topic));
  }

  #seen(opened: OpenedEnvelope, origin: NodeId): 'new' | 'duplicate' | 'replay' {
    if (this.#subscriptions.get(opened.topic)?.topic.kind !== 'state') {
      return this.#speakers.get(origin)?.events?.look(opened.sequence) ?? 'new';
    }
    const newest = this.states.sequence(opened.topic, origin);
    if (opened.sequence > newest) return 'new';
    return opened.sequence === newest ? 'duplicate' : 'replay';
  }

  #speaker(origin: NodeId): Speaker | undefined {
    const known = this.#speakers.get(origin);
    if (known !== undefined) return known;
    if (this.#speakers.size >= MOST_ORIGINS) return undefined;
    const speaker = {
      events: undefined,
      bucket: new TokenBucket(ORIGIN_RATE.perSecond, ORIGIN_RATE.burst, this.#parts.clock.now()),
    };
    this.#speakers.set(origin, speaker);
    return speaker;
  }

  /** Once, because it was new: to neighbours, and to media that did not bring it. */
  #passOn(frame: Uint8Array, { topic, originKey }: OpenedEnvelope, source: Source, from: NodeId | undefined): void {
    if (this.#subscriptions.get(topic)?.topic.scope === 'medium') return;
    const { heirs, transports } = this.#parts;
    // What comparing brought, the neighbours of who gave it need not have.
    const flooded = source === 'sync' ? undefined : from;
    const to = heirs?.(this.#areaOf(topic), flooded).filter((peer) => peer !== from);
    for (const transport of transports) {
      if (transport.kind !== source || isPeerTransport(transport)) {
        transport.broadcast(frame, topic, this.reader.idOf(originKey), to);
      }
    }
  }

  /** The area that a topic, as it goes over the wire, stays in. */
  #areaOf(topic: string): string | undefined {
    const point = topic.indexOf('.');
    if (point >= 0) return topic.slice(point + 1);
    return this.#areaTopics.has(topic) ? DEFAULT_AREA : undefined;
  }

  #count(topic: string): void {
    this.#accepted.set(topic, (this.#accepted.get(topic) ?? 0) + 1);
  }

  #drop(reason: DropReason, from?: NodeId): Verdict {
    const { drops, clock } = this.#parts;
    drops.add(reason);
    if (from !== undefined && FAULTS.has(reason)) this.blame.add(from, 'forged', clock.now());
    return 'ignore';
  }
}
