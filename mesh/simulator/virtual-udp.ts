// The UDP probes of simulated nodes: the prober's own loop on virtual time, its datagrams carried by the medium. What is
// left out is the sealing, as nobody in a simulation listens at a wire.

import { create } from '@bufbuild/protobuf';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { Pace } from '../link/attention.ts';
import type { LinkTiming } from '../link/presets.ts';
import type { Probe, ProbeCodec, ProbeHead } from '../link/probe-datagram.ts';
import { ProbeLoop } from '../link/probe-loop.ts';
import type { ProbeFigures, ProbeReport } from '../link/probe-messages.ts';
import type { LinkProber, LinkSenses, UdpProbed } from '../link/senses.ts';
import type { NodeId } from '../membership/keys.ts';
import type { MemoryMedium, Wire } from '../transport/memory.ts';
import { type PeerMessage, PeerMessageSchema, type ProbeOffer } from '../wire/generated/parlmesh_pb.ts';

interface Datagram extends ProbeHead {
  probe: Probe;
}

const plainProbes: ProbeCodec<Datagram> = {
  readHead: (datagram) => datagram,
  channel: () => ({
    seal: ({ session, sequence }, probe) => ({ session, sequence, probe }),
    open: ({ probe }) => probe,
  }),
};

/** An offer says a share of this size, so that messages are as long as real ones. */
const NO_SHARE = new Uint8Array(32);
const NO_KEYS = { send: NO_SHARE, receive: NO_SHARE };
const PORT = 7423;
const REPEAT: Millis = 1000;
const MOST_OFFERS = 5;

/** The sockets of all nodes of one simulation. */
export class VirtualUdp {
  readonly #parts: { clock: Clock; random: Random; medium: MemoryMedium };
  readonly #sockets = new Map<NodeId, VirtualProber>();

  constructor(parts: { clock: Clock; random: Random; medium: MemoryMedium }) {
    this.#parts = parts;
  }

  /** What a node sees its links with. Nobody pulls cables: links fall silent. */
  sensesOf(self: NodeId): LinkSenses {
    return {
      prober: (events) => {
        const prober = new VirtualProber({ ...this.#parts, ...events, self, socketOf: (id) => this.#sockets.get(id) });
        this.#sockets.set(self, prober);
        return prober;
      },
      carriers: () => ({ start: () => {}, stop: () => {}, interfaceTo: () => undefined }),
    };
  }
}

interface VirtualProberParts {
  self: NodeId;
  clock: Clock;
  random: Random;
  medium: MemoryMedium;
  timing: LinkTiming;
  send: (peer: NodeId, message: PeerMessage) => boolean;
  changed: (peer: NodeId, probed: UdpProbed | undefined) => void;
  socketOf: (id: NodeId) => VirtualProber | undefined;
}

interface Peer {
  id: NodeId;
  session: number;
  wire: Wire;
  theirs: ProbeOffer | undefined;
  offers: number;
  probed: UdpProbed | undefined;
  timer: Timer | undefined;
}

class VirtualProber implements LinkProber {
  readonly #parts: VirtualProberParts;
  readonly #loop: ProbeLoop<Datagram>;
  readonly #peers = new Map<NodeId, Peer>();
  readonly #sessions = new Map<number, Peer>();
  readonly #watches = new Map<number, (reached: boolean) => void>();
  #lastSession = 0;
  #lastWatch = 0;

  constructor(parts: VirtualProberParts) {
    this.#parts = parts;
    const { clock, random, timing } = parts;
    this.#loop = new ProbeLoop({
      ...{ clock, random, timing },
      codec: plainProbes,
      send: (datagram, { address }) => this.#cast(datagram, address),
      report: (report) => this.#onReport(report),
    });
  }

  start(): void {}

  async stop(): Promise<void> {
    this.#loop.stop();
    for (const { timer } of this.#peers.values()) timer?.cancel();
    this.#peers.clear();
    this.#sessions.clear();
  }

  add(id: NodeId): void {
    const session = ++this.#lastSession;
    const wire = this.#parts.medium.wire(this.#parts.self, id);
    const peer: Peer = { id, session, wire, theirs: undefined, offers: 0, probed: undefined, timer: undefined };
    this.#peers.set(id, peer);
    this.#sessions.set(session, peer);
    this.#offer(peer, false);
  }

  remove(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    peer.timer?.cancel();
    this.#peers.delete(id);
    this.#sessions.delete(peer.session);
    this.#loop.command({ kind: 'close', session: peer.session });
  }

  hear(id: NodeId, offer: ProbeOffer): void {
    const peer = this.#peers.get(id);
    if (peer === undefined) return;
    const isKnown = peer.theirs?.session === offer.session;
    peer.theirs = offer;
    if (!isKnown) {
      const endpoint = { address: id, port: offer.port };
      const { session } = peer;
      this.#loop.command({ kind: 'open', session, remoteSession: offer.session, keys: NO_KEYS, endpoint });
    }
    if (!offer.answer) this.#offer(peer, true);
  }

  watch(id: NodeId, within: Millis, done: (reached: boolean) => void): void {
    const peer = this.#peers.get(id);
    if (peer?.theirs === undefined) {
      done(false);
      return;
    }
    const number = ++this.#lastWatch;
    this.#watches.set(number, done);
    this.#loop.command({ kind: 'watch', number, session: peer.session, within });
  }

  pace(id: NodeId, pace: Pace): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#loop.command({ kind: 'pace', session: peer.session, eased: pace === 'eased' });
  }

  doubt(id: NodeId): void {
    const peer = this.#peers.get(id);
    if (peer !== undefined) this.#loop.command({ kind: 'doubt', session: peer.session });
  }

  figures(): ProbeFigures {
    return this.#loop.figures();
  }

  receive(datagram: Datagram, from: NodeId): void {
    this.#loop.receive(datagram, { address: from, port: PORT });
  }

  #offer(peer: Peer, answer: boolean): void {
    const { clock, send } = this.#parts;
    const value = { share: NO_SHARE, port: PORT, session: peer.session, answer };
    send(peer.id, create(PeerMessageSchema, { kind: { case: 'probeOffer', value } }));
    if (answer || ++peer.offers >= MOST_OFFERS) return;
    peer.timer?.cancel();
    peer.timer = clock.after(REPEAT, () => {
      if (peer.theirs === undefined) this.#offer(peer, false);
    });
  }

  #cast(datagram: Datagram, to: NodeId): void {
    const { self, medium, socketOf } = this.#parts;
    const peer = this.#peers.get(to);
    if (peer === undefined) return;
    medium.cast(self, to, peer.wire, () => socketOf(to)?.receive(datagram, self));
  }

  #onReport(report: ProbeReport): void {
    if (report.kind === 'changed') {
      this.#change(this.#sessions.get(report.session), { state: report.state, quality: report.quality });
    } else if (report.kind === 'watched') {
      const done = this.#watches.get(report.number);
      this.#watches.delete(report.number);
      done?.(report.reached);
    } else if (report.kind === 'summary') {
      for (const { session, quality } of report.sessions) {
        const peer = this.#sessions.get(session);
        if (peer?.probed !== undefined) this.#change(peer, { ...peer.probed, quality });
      }
    }
  }

  #change(peer: Peer | undefined, probed: UdpProbed): void {
    if (peer === undefined) return;
    peer.probed = probed;
    this.#parts.changed(peer.id, probed);
  }
}
