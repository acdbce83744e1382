// Everything the prober's thread does but the socket: whom to probe when, who is silent, whether this thread itself is
// late. Runs on any clock; the worker gives it a real one.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import { ReplayWindow } from '../gossip/replay-window.ts';
import { isLate, isTrouble, type LocalHealth, onPunctual, onTrouble, patienceOf, wellSince } from './local-health.ts';
import type { Probe, ProbeChannel, ProbeCodec } from './probe-datagram.ts';
import type { DatagramRefusal, Endpoint, ProbeCommand, ProbeFigures, ProbeReport } from './probe-messages.ts';
import {
  isDue,
  isEased,
  newSession,
  nextDeadline,
  nextProbe,
  onDoubt,
  onPace,
  onProbe,
  onStall,
  onTime,
  type ProbeSession,
  type ProbeTiming,
} from './probe-session.ts';

export interface ProbeLoopParts<Datagram> {
  clock: Clock;
  random: Random;
  timing: ProbeTiming;
  codec: ProbeCodec<Datagram>;
  send: (datagram: Datagram, to: Endpoint) => void;
  report: (report: ProbeReport) => void;
}

interface Peer<Datagram> {
  id: number;
  remoteId: number;
  channel: ProbeChannel<Datagram>;
  endpoint: Endpoint;
  replays: ReplayWindow;
  sequence: number;
  session: ProbeSession;
  /** See `Impairments`; undefined on a link that is left as it is. */
  impaired?: { loss: number; delay: Millis } | undefined;
}

interface Watch<Datagram> {
  number: number;
  peer: Peer<Datagram>;
  since: Millis;
  until: Millis;
}

const MOST_PEERS = 1024;
const MOST_WATCHES = 64;
const SUMMARY_PERIOD: Millis = 1000;
/** Timers are no finer. */
const SOONEST: Millis = 1;

export class ProbeLoop<Datagram = Uint8Array> {
  readonly #parts: ProbeLoopParts<Datagram>;
  readonly #peers = new Map<number, Peer<Datagram>>();
  readonly #refused: Record<DatagramRefusal, number> = { size: 0, unknown: 0, replay: 0, forged: 0 };
  #watches: Watch<Datagram>[] = [];
  #health: LocalHealth;
  #timer: { at: Millis; timer: Timer } | undefined;
  #summaryAt: Millis;
  #sent = 0;
  #received = 0;

  constructor(parts: ProbeLoopParts<Datagram>) {
    this.#parts = parts;
    this.#health = wellSince(parts.clock.now());
    this.#summaryAt = parts.clock.now() + SUMMARY_PERIOD;
  }

  command(command: ProbeCommand): void {
    if (command.kind === 'open') this.#open(command);
    else if (command.kind === 'close') this.#close(command.session);
    else if (command.kind === 'watch') this.#watch(command);
    else if (command.kind === 'impair') this.#impair(command);
    else this.#attend(command);
    this.#arm();
  }

  /** A datagram from anybody. What does not hold is counted and never answered. */
  receive(datagram: Datagram, from: Endpoint): void {
    const opened = this.#unseal(datagram);
    if (typeof opened === 'string') {
      this.#refused[opened]++;
      return;
    }
    if (this.#isLost(opened.peer)) return;
    const { peer, sequence, probe } = opened;
    peer.replays.mark(sequence);
    this.#received++;
    // Its address may change (another uplink, a NAT that forgot); whoever holds the key is where it last spoke from.
    if (sequence > peer.session.sequence) peer.endpoint = from;
    const now = this.#parts.clock.now();
    // After a stall the socket may be read before the timer runs: notice it first.
    if (this.#lateness(now) > 0) this.#wake();
    const doubts = this.#health.doubt > 0;
    this.#update(peer, onProbe(peer.session, sequence, probe, now, this.#parts.timing, doubts), now);
    this.#settleWatches(now);
    if (isDue(peer.session, now, this.#parts.timing, true)) this.#probe(peer, now);
    if (peer.session.dueAt < (this.#timer?.at ?? Number.POSITIVE_INFINITY)) this.#arm();
  }

  figures(): ProbeFigures {
    return {
      sent: this.#sent,
      received: this.#received,
      refused: { ...this.#refused, offer: 0, rate: 0 },
      doubt: this.#health.doubt,
    };
  }

  stop(): void {
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    this.#peers.clear();
    this.#watches = [];
  }

  #open({ session, remoteSession, keys, endpoint }: Extract<ProbeCommand, { kind: 'open' }>): void {
    if (this.#peers.size >= MOST_PEERS) return;
    this.#peers.set(session, {
      id: session,
      remoteId: remoteSession,
      channel: this.#parts.codec.channel(keys),
      endpoint,
      replays: new ReplayWindow(),
      sequence: 0,
      session: newSession(this.#parts.clock.now()),
    });
  }

  #close(session: number): void {
    this.#peers.delete(session);
    for (const watch of this.#watches) if (watch.peer.id === session) this.#answer(watch, false);
    this.#watches = this.#watches.filter((watch) => watch.peer.id !== session);
  }

  #attend(command: Extract<ProbeCommand, { kind: 'pace' | 'doubt' }>): void {
    const peer = this.#peers.get(command.session);
    if (peer === undefined) return;
    const { clock, timing } = this.#parts;
    const now = clock.now();
    peer.session =
      command.kind === 'doubt' ? onDoubt(peer.session, now, timing) : onPace(peer.session, command.eased, now, timing);
  }

  #impair({ session, loss, delay }: Extract<ProbeCommand, { kind: 'impair' }>): void {
    const peer = this.#peers.get(session);
    if (peer !== undefined) peer.impaired = loss > 0 || delay > 0 ? { loss, delay } : undefined;
  }

  #isLost({ impaired }: Peer<Datagram>): boolean {
    return impaired !== undefined && this.#parts.random.next() < impaired.loss;
  }

  #watch({ number, session, within }: Extract<ProbeCommand, { kind: 'watch' }>): void {
    const peer = this.#peers.get(session);
    const since = this.#parts.clock.now();
    if (peer === undefined || this.#watches.length >= MOST_WATCHES) {
      this.#parts.report({ kind: 'watched', number, reached: false });
      return;
    }
    this.#watches.push({ number, peer, since, until: since + within });
    peer.session = onDoubt(peer.session, since, this.#parts.timing);
  }

  #wake(): void {
    const now = this.#parts.clock.now();
    const lateness = this.#lateness(now);
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (lateness > 0) {
      // What came meanwhile still waits in the socket: nobody is judged by it.
      for (const peer of this.#peers.values()) peer.session = onStall(peer.session, lateness);
    }
    const isHard = isTrouble(lateness, this.#parts.timing.interval);
    this.#health = isHard ? onTrouble(this.#health, now) : onPunctual(this.#health, now);
    this.#judge(now);
    this.#probeDue(now);
    this.#settleWatches(now);
    if (now >= this.#summaryAt) this.#summarize(now);
    this.#arm();
  }

  /** By how much this thread missed its timer; 0 when it is punctual enough. */
  #lateness(now: Millis): Millis {
    const lateness = now - (this.#timer?.at ?? now);
    return isLate(lateness, this.#parts.timing.interval) ? lateness : 0;
  }

  #judge(now: Millis): void {
    const served = [...this.#peers.values()].filter(
      ({ session }) => session.answeredAt !== undefined && session.state.kind !== 'down',
    );
    const watched = served.filter(({ session }) => !isEased(session, this.#parts.timing));
    const lateBefore = watched.filter(({ session }) => session.late).length;
    for (const peer of served) {
      this.#update(peer, onTime(peer.session, now, this.#parts.timing, patienceOf(this.#health)), now);
    }
    const late = watched.filter(({ session }) => session.late).length;
    // Everybody at once: more likely it is this node.
    if (watched.length > 1 && late === watched.length && lateBefore < late) this.#health = onTrouble(this.#health, now);
  }

  #probeDue(now: Millis): void {
    for (const peer of this.#peers.values()) {
      if (isDue(peer.session, now, this.#parts.timing, false)) this.#probe(peer, now);
    }
  }

  #probe(peer: Peer<Datagram>, now: Millis): void {
    const { timing, random, send } = this.#parts;
    const { probe, session } = nextProbe(peer.session, now, timing, random.next());
    peer.session = session;
    peer.sequence++;
    this.#sent++;
    const head = { session: peer.remoteId, sequence: peer.sequence };
    const datagram = peer.channel.seal(head, probe);
    if (this.#isLost(peer)) return;
    const delay = peer.impaired?.delay ?? 0;
    if (delay === 0) send(datagram, peer.endpoint);
    else this.#parts.clock.after(delay, () => send(datagram, peer.endpoint));
  }

  #update(peer: Peer<Datagram>, session: ProbeSession, now: Millis): void {
    const before = peer.session;
    peer.session = session;
    const { state, quality } = session;
    if (state.kind === before.state.kind) return;
    const silence = now - (before.answeredAt ?? now);
    this.#parts.report({ kind: 'changed', session: peer.id, state, quality, silence, doubt: this.#health.doubt });
  }

  #settleWatches(now: Millis): void {
    if (this.#watches.length === 0) return;
    const [settled, open] = [[] as Watch<Datagram>[], [] as Watch<Datagram>[]];
    for (const watch of this.#watches) {
      const isAnswered = (watch.peer.session.answeredAt ?? Number.NEGATIVE_INFINITY) > watch.since;
      if (isAnswered || now >= watch.until) settled.push(watch);
      else open.push(watch);
      if (isAnswered) this.#answer(watch, true);
      else if (now >= watch.until) this.#answer(watch, false);
    }
    this.#watches = open;
  }

  #answer({ number }: Watch<Datagram>, reached: boolean): void {
    this.#parts.report({ kind: 'watched', number, reached });
  }

  #summarize(now: Millis): void {
    this.#summaryAt = now + Math.max(SUMMARY_PERIOD, this.#parts.timing.interval);
    const sessions = [...this.#peers.values()]
      .filter(({ session }) => session.answeredAt !== undefined)
      .map(({ id, session }) => ({ session: id, quality: session.quality }));
    this.#parts.report({ kind: 'summary', sessions, figures: this.figures() });
  }

  /** One timer for all: the next probe, deadline or watch. */
  #arm(): void {
    const { clock, timing } = this.#parts;
    const now = clock.now();
    const patience = patienceOf(this.#health);
    let at = Number.POSITIVE_INFINITY;
    for (const { session } of this.#peers.values()) {
      at = Math.min(at, session.dueAt, nextDeadline(session, now, timing, patience) ?? at);
    }
    for (const { until } of this.#watches) at = Math.min(at, until);
    at = Math.max(at, now + SOONEST);
    if (this.#timer?.at === at) return;
    this.#timer?.timer.cancel();
    this.#timer = Number.isFinite(at) ? { at, timer: clock.after(at - now, () => this.#wake()) } : undefined;
  }

  #unseal(datagram: Datagram): { peer: Peer<Datagram>; sequence: number; probe: Probe } | DatagramRefusal {
    const head = this.#parts.codec.readHead(datagram);
    if (head === undefined) return 'size';
    const { session, sequence } = head;
    const peer = this.#peers.get(session);
    if (peer === undefined) return 'unknown';
    if (peer.replays.look(sequence) !== 'new') return 'replay';
    const probe = peer.channel.open(datagram);
    return probe === undefined ? 'forged' : { peer, sequence, probe };
  }
}
