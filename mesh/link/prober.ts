// The main thread's side of the UDP probes: runs the prober's thread, agrees on keys with each peer, and knows what the
// thread last said of whom. A thread that dies is started again, with new keys; until then connections are probed.

import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { Impairments } from '../impairments.ts';
import type { NodeId } from '../membership/keys.ts';
import { type PeerMessage, PeerMessageSchema, type ProbeOffer } from '../wire/generated/parlmesh_pb.ts';
import type { Pace } from './attention.ts';
import { bindAddress, remoteAddress, tcpPort } from './probe-address.ts';
import { agree, type KeyShare, newKeyShare } from './probe-keys.ts';
import type { ProbeCommand, ProbeFigures, ProbeReport, ProberSetup } from './probe-messages.ts';
import type { ProbeTiming } from './probe-session.ts';
import type { LinkProber, UdpProbed } from './senses.ts';

export interface ProberParts {
  self: NodeId;
  timing: ProbeTiming;
  /** `mesh.listen`: where to bind. */
  listen: readonly string[];
  /** `mesh.probe.port`. */
  port: number;
  impairments?: Impairments;
  clock: Clock;
  logger: Logger;
  send: (peer: NodeId, message: PeerMessage) => boolean;
  changed: (peer: NodeId, probed: UdpProbed | undefined) => void;
}

interface Peer {
  id: NodeId;
  address: string;
  session: number;
  own: KeyShare;
  /** What the peer offered last. */
  theirs: ProbeOffer | undefined;
  offers: number;
  /** What the peer may offer: each new one costs a key agreement here. */
  heard: TokenBucket;
  /** What the thread last said. */
  probed: UdpProbed | undefined;
  /** Repeats the offer until the peer has made its own. */
  timer: Timer | undefined;
}

const RESTART: Millis = 5000;
const REPEAT: Millis = 1000;
const MOST_OFFERS = 5;
/** Of one peer, a second and at once. A prober that is well makes one when it begins; five more repeat it. */
const OFFERS = { rate: 0.5, burst: 10 };
const MOST_WATCHES = 64;

export class Prober implements LinkProber {
  readonly #parts: ProberParts;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #watches = new Map<number, (reached: boolean) => void>();
  #setup: ProberSetup | undefined;
  #worker: Worker | undefined;
  #port: number | undefined;
  #figures: ProbeFigures | undefined;
  readonly #refusedOffers = { offer: 0, rate: 0 };
  #watchNumber = 0;
  #restart: Timer | undefined;
  readonly #onImpaired = (id: NodeId): void => {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#impair(peer);
  };

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  start(addresses: readonly string[]): void {
    const { timing, listen, port } = this.#parts;
    this.#setup = { timing, address: bindAddress(listen), port: port || tcpPort(addresses) };
    this.#run(this.#setup);
    this.#parts.impairments?.on('changed', this.#onImpaired);
  }

  async stop(): Promise<void> {
    this.#setup = undefined;
    this.#parts.impairments?.off('changed', this.#onImpaired);
    this.#restart?.cancel();
    for (const { timer } of this.#peers.values()) timer?.cancel();
    this.#peers.clear();
    this.#answerAll();
    const worker = this.#worker;
    this.#worker = undefined;
    this.#port = undefined;
    await worker?.terminate();
  }

  add(id: NodeId, multiaddress: string): void {
    const address = remoteAddress(multiaddress);
    if (address === undefined) return;
    const peer: Peer = {
      id,
      address,
      session: 0,
      own: newKeyShare(),
      theirs: undefined,
      offers: 0,
      heard: new TokenBucket(OFFERS.rate, OFFERS.burst, this.#parts.clock.now()),
      probed: undefined,
      timer: undefined,
    };
    this.#peers.set(id, peer);
    this.#begin(peer);
  }

  remove(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    peer.timer?.cancel();
    this.#peers.delete(id);
    this.#tell({ kind: 'close', session: peer.session });
  }

  hear(id: NodeId, offer: ProbeOffer): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    const isSound = offer.port > 0 && offer.port <= 0xffff;
    if (!isSound || !peer.heard.take(this.#parts.clock.now())) {
      this.#refusedOffers[isSound ? 'rate' : 'offer']++;
      return;
    }
    const isKnown = peer.theirs?.session === offer.session && sameBytes(peer.theirs.share, offer.share);
    peer.theirs = offer;
    if (!isKnown) this.#open(peer);
    if (!offer.answer) this.#offer(peer, true);
  }

  /** False through `done` also when UDP does not serve this peer. */
  watch(id: NodeId, within: Millis, done: (reached: boolean) => void): void {
    const peer = this.#peers.get(id);
    if (peer?.theirs === undefined || this.#worker === undefined || this.#watches.size >= MOST_WATCHES) {
      done(false);
      return;
    }
    const number = ++this.#watchNumber;
    this.#watches.set(number, done);
    this.#tell({ kind: 'watch', number, session: peer.session, within });
  }

  pace(id: NodeId, pace: Pace): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#tell({ kind: 'pace', session: peer.session, eased: pace === 'eased' });
  }

  doubt(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#tell({ kind: 'doubt', session: peer.session });
  }

  /** Undefined before the first summary. */
  figures(): ProbeFigures | undefined {
    return this.#figures && { ...this.#figures, refused: { ...this.#figures.refused, ...this.#refusedOffers } };
  }

  /** Of the UDP socket; undefined while there is none. */
  get port(): number | undefined {
    return this.#port;
  }

  #run(setup: ProberSetup): void {
    const worker = new Worker(new URL('./probe.worker.ts', import.meta.url), {
      workerData: setup,
      name: 'probes',
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    worker.unref();
    worker.on('message', (report: ProbeReport) => {
      if (this.#worker === worker) this.#onReport(report);
    });
    let cause = 'its thread ended';
    worker.on('error', (error) => {
      cause = messageOf(error);
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#onExit(cause);
    });
    this.#worker = worker;
  }

  #onExit(cause: string): void {
    const { clock, logger } = this.#parts;
    logger.warn({ cause }, 'the link prober ended: links are probed over their connections until it is back');
    this.#worker = undefined;
    this.#port = undefined;
    this.#answerAll();
    for (const peer of this.#peers.values()) this.#change(peer, undefined);
    this.#restart = clock.after(RESTART, () => {
      if (this.#setup !== undefined) this.#run(this.#setup);
    });
  }

  #onReport(report: ProbeReport): void {
    if (report.kind === 'ready') {
      this.#port = report.port;
      for (const peer of this.#peers.values()) this.#begin(peer);
    } else if (report.kind === 'changed') {
      const peer = this.#bySession(report.session);
      if (peer === undefined) return;
      if (this.#figures !== undefined) this.#figures = { ...this.#figures, doubt: report.doubt };
      // The thread's clock began at another time than ours.
      const state = { ...report.state, since: this.#parts.clock.now() };
      this.#change(peer, { state, quality: report.quality });
    } else if (report.kind === 'watched') {
      const done = this.#watches.get(report.number);
      this.#watches.delete(report.number);
      done?.(report.reached);
    } else {
      this.#figures = report.figures;
      for (const { session, quality } of report.sessions) {
        const peer = this.#bySession(session);
        if (peer?.probed !== undefined) this.#change(peer, { ...peer.probed, quality });
      }
    }
  }

  /** Offers itself under a new session; the keys are new with it. */
  #begin(peer: Peer): void {
    if (this.#port === undefined) return;
    peer.session = randomInt(1, 2 ** 32);
    peer.own = newKeyShare();
    peer.offers = 0;
    this.#open(peer);
    this.#offer(peer, false);
  }

  #offer(peer: Peer, answer: boolean): void {
    const port = this.#port;
    if (port === undefined) return;
    const { session, own } = peer;
    const value = { share: own.share, port, session, answer };
    this.#parts.send(peer.id, create(PeerMessageSchema, { kind: { case: 'probeOffer', value } }));
    if (answer) return;
    peer.timer?.cancel();
    // A peer of an older version never answers, and is probed over its connection.
    if (++peer.offers >= MOST_OFFERS) return;
    peer.timer = this.#parts.clock.after(REPEAT, () => {
      if (peer.theirs === undefined) this.#offer(peer, false);
    });
  }

  #open(peer: Peer): void {
    const { self, logger } = this.#parts;
    const { theirs, session, own, address } = peer;
    if (theirs === undefined || this.#port === undefined) return;
    try {
      const keys = agree(own, self, theirs.share, peer.id);
      const endpoint = { address, port: theirs.port };
      this.#change(peer, undefined);
      this.#tell({ kind: 'open', session, remoteSession: theirs.session, keys, endpoint });
      if (this.#parts.impairments?.of(peer.id) !== undefined) this.#impair(peer);
    } catch (error) {
      logger.debug({ peer: peer.id, error: messageOf(error) }, 'no keys for probes could be agreed on');
      peer.theirs = undefined;
      this.#refusedOffers.offer++;
    }
  }

  #impair({ id, session }: Peer): void {
    const { cut = false, loss = 0, delay = 0 } = this.#parts.impairments?.of(id) ?? {};
    this.#tell({ kind: 'impair', session, loss: cut ? 1 : loss, delay });
  }

  #change(peer: Peer, probed: UdpProbed | undefined): void {
    const wasServed = peer.probed !== undefined;
    peer.probed = probed;
    if (wasServed || probed !== undefined) this.#parts.changed(peer.id, probed);
  }

  #bySession(session: number): Peer | undefined {
    for (const peer of this.#peers.values()) if (peer.session === session) return peer;
    return undefined;
  }

  #answerAll(): void {
    const waiting = [...this.#watches.values()];
    this.#watches.clear();
    for (const done of waiting) done(false);
  }

  #tell(command: ProbeCommand): void {
    this.#worker?.postMessage(command);
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);
