// One node in one network: joins membership, links, gossip and routing over the transports it is handed. It knows no
// sockets, files or real time, so that a simulator runs the same code on virtual time.

import { EventEmitter } from 'node:events';
import { create } from '@bufbuild/protobuf';
import { delay, type Millis, type Timer } from '../core/clock.ts';
import { Announcer } from './announcer.ts';
import { DropCounters, type MeshCounters } from './counters.ts';
import { Gossip } from './gossip/gossip.ts';
import { Synchronizer } from './gossip/synchronizer.ts';
import { DEFAULT_AREA, linkStateTopic, REFRESH } from './gossip/topics.ts';
import { type Link, LinkMonitor } from './link/link-monitor.ts';
import { Accusations } from './membership/accusations.ts';
import type { Certificate } from './membership/certificate.ts';
import { Directory } from './membership/directory.ts';
import type { NodeId } from './membership/keys.ts';
import { Members } from './membership/members.ts';
import type { Evidence } from './membership/presence.ts';
import { Reach } from './membership/reach.ts';
import type { KnownAddress } from './membership/state.ts';
import { reportStrangers, Strangers } from './membership/strangers.ts';
import { MeshJournal } from './mesh-journal.ts';
import type { MeshNodeEvents, MeshNodeParts } from './mesh-node-parts.ts';
import { Neighbours } from './neighbours.ts';
import { PeerLife } from './peer-life.ts';
import { Relay } from './relay/relay.ts';
import type { RouteChange } from './routing/mesh-router.ts';
import { RouteJournal } from './routing/route-journal.ts';
import { RouteLog, type RouteLogQuery } from './routing/route-log.ts';
import { Routing } from './routing/routing.ts';
import { feedRouting } from './routing/routing-feed.ts';
import type { Computation } from './routing/switch-over.ts';
import { Throttle } from './throttle.ts';
import { Transit } from './transit.ts';
import { Media } from './transport/media.ts';
import {
  linkView,
  type MeshLink,
  type MeshPeer,
  type MeshRoute,
  type MeshRouteChange,
  type MeshTopology,
  routeChangeView,
  routeView,
  topologyNode,
} from './views.ts';
import { type PeerMessage, PeerMessageSchema } from './wire/generated/parlmesh_pb.ts';

export type { MeshNodeEvents, MeshNodeParts } from './mesh-node-parts.ts';

const MOST_NODES = 10_000;
/** Remembered for people to read: what a network of some hundred nodes does in a bad hour. */
const ROUTE_CHANGES = 500;
const HOUSEKEEPING: Millis = 5000;
/** From the link state that says goodbye to the closing of the connections it travels over. */
const FAREWELL: Millis = 150;
/** Drawing the map anew is work for who looks at it. */
const TOPOLOGY_PERIOD: Millis = 100;

export class MeshNode extends EventEmitter<MeshNodeEvents> {
  readonly id: NodeId;
  /** Reaches any node over as many hops as it takes. */
  readonly relay: Relay;
  readonly nameOf = (id: NodeId): string => (id === this.id ? this.#parts.name : this.#members.nameOf(id));
  readonly #parts: MeshNodeParts;
  readonly drops = new DropCounters();
  readonly #members: Members;
  readonly #strangers: Strangers;
  readonly #accusations: Accusations;
  readonly #directory: Directory;
  readonly #gossip: Gossip;
  readonly #synchronizer: Synchronizer;
  readonly #neighbours: Neighbours;
  readonly #links: LinkMonitor;
  readonly #routing: Routing;
  readonly #transit: Transit;
  readonly #routeJournal: RouteJournal;
  readonly #routeLog: RouteLog;
  readonly #reach: Reach;
  readonly #media: Media;
  readonly #announcer: Announcer;
  readonly #story: MeshJournal;
  readonly #peers: PeerLife;
  readonly #topologyThrottle: Throttle;
  #timers: Timer[] = [];
  #certificate: Uint8Array;
  #routeChanges = 0;
  #dialsFailed = 0;
  #running = false;

  constructor(parts: MeshNodeParts) {
    super();
    this.#parts = parts;
    this.id = parts.key.nodeId;
    const self = this.id;
    const { key, credentials, config, clock, random, journal, transports, logger, version } = parts;
    const { network, authority, certificate } = credentials;
    const { weighed = (links) => [...links] } = parts;
    const shown = (): Uint8Array => this.#certificate;
    const area = config.area ?? DEFAULT_AREA;
    const [drops, nameOf] = [this.drops, this.nameOf];
    const areaOf = (peer: NodeId) => this.#neighbours.areaOf(peer);
    const send = (peer: NodeId, message: PeerMessage): boolean => this.#neighbours.send(peer, message);

    const members = new Members({
      network: { id: network.id, authority },
      ...{ clock, isRevoked: parts.isRevoked, reader: parts.reader },
      most: MOST_NODES,
    });
    members.check(certificate);
    this.#certificate = certificate;
    this.#strangers = new Strangers({ clock, report: (refused) => journal.record(reportStrangers(refused)) });
    this.#members = members;
    this.#accusations = new Accusations(clock);
    this.#directory = new Directory({ clock, nameOf, most: MOST_NODES, evidence: (id) => this.#evidenceOf(id) });
    this.#gossip = new Gossip({
      networkId: network.id,
      key,
      ...{ area, certificate: shown, members, transports, clock, drops, logger },
      sequence: parts.sequence,
      heirs: (within, from) => this.#neighbours.heirs(within, from),
      hand: (frame, into) => this.#synchronizer.hand(frame, into),
      reader: parts.reader,
      overtaken: () => {
        this.#routing.repeat();
        this.#announcer.repeat();
      },
    });
    this.#synchronizer = new Synchronizer({ self, gossip: this.#gossip, clock, random, drops, send, areaOf });
    this.#neighbours = new Neighbours({
      ...{ self, members, strangers: this.#strangers },
      certificate: shown,
      ...{ version, area, clock, drops },
      linksOf: (node) => this.#routing.linksOf(node),
      admitted: (connection, peerVersion) => this.#peers.admitted(connection, peerVersion),
      heard: (peer, message) => {
        if (message.case === 'relay') this.relay.hear(peer, message.value);
        this.#links.hear(peer, message);
        this.#synchronizer.hear(peer, message);
      },
      renewal: parts.renewal,
      drained: (peer) => this.relay.drained(peer),
      left: (peer, cause, wasAdmitted) => this.#peers.left(peer, cause, { wasAdmitted, isOver: !this.#running }),
    });
    this.#links = new LinkMonitor({
      ...{ self, clock, random, config, send },
      senses: parts.senses,
      changed: (link, before) => this.#linkChanged(link, before),
      hopeless: (peer, cause) => this.#neighbours.disconnect(peer, cause),
    });
    this.#routing = new Routing({
      ...{ self, clock, nameOf },
      areas: {
        area,
        areaOf,
        tell: (topic, payload, into) => this.#gossip.publish(topic, payload, undefined, into),
      },
      links: () => weighed(this.#transit.priced(this.#links.links())),
      flood: (payload) => this.#gossip.publish(linkStateTopic, payload),
      computed: (changes, computation) => this.#routesComputed(changes, computation),
      refresh: REFRESH.linkState,
      ...{ computePeriod: parts.computePeriod, costsOf: parts.costsOf },
    });
    this.relay = new Relay({
      ...{ self, key, certificate: shown, members, clock, random },
      send: (peer, value) => {
        this.#links.need(peer);
        const took = send(peer, create(PeerMessageSchema, { kind: { case: 'relay', value } }));
        if (took) parts.relayed?.(peer, value);
        return took;
      },
      isClear: (peer) => this.#neighbours.isClear(peer),
      isUp: (peer) => this.#neighbours.isAdmitted(peer) && this.#routing.isUp(peer),
      nextHop: (destination) => this.#routing.nextHop(destination),
      hasRoute: (destination) => this.#routing.hasRoute(destination),
      stalled: (destination) => this.#transit.checks.hurry(destination),
      authorize: parts.authorize ?? (({ service }) => service === 'ping'),
    });
    this.#routeJournal = new RouteJournal({ clock, journal, nameOf });
    this.#routeLog = new RouteLog({ clock, most: parts.rememberedChanges ?? ROUTE_CHANGES });
    this.#reach = new Reach({
      ...parts,
      self,
      dial: ({ addresses, peer }, signal) => this.#media.dial(addresses, peer, signal),
      isConnected: (peer) => this.#neighbours.isConnected(peer),
      connections: () => this.#neighbours.count,
      failed: ({ peer, addresses }, cause) => {
        this.#dialsFailed++;
        if (peer !== undefined) this.#directory.failed(peer, cause);
        logger.debug({ addresses, cause }, 'dial failed');
      },
    });
    this.#announcer = new Announcer({ ...parts, gossip: this.#gossip, addresses: () => this.addresses() });
    this.#media = new Media({
      ...parts,
      gossip: this.#gossip,
      connectionEvents: (transport) => ({
        ...this.#neighbours.eventsOf(transport),
        discovered: (peer, addresses) => this.#reach.discovered(peer, addresses),
      }),
    });
    this.#story = new MeshJournal(journal, nameOf);
    this.#transit = new Transit({
      ...{ self, clock, relay: this.relay, routing: this.#routing, links: this.#links, story: this.#story },
      ...{ blame: this.#gossip.blame, judged: (peer) => this.#peers.settle(peer) },
    });
    this.#topologyThrottle = new Throttle(clock, TOPOLOGY_PERIOD, () => {
      if (this.listenerCount('topology') > 0) this.emit('topology', this.topology());
    });
    this.#peers = new PeerLife({
      ...{ clock, members, strangers: this.#strangers, nameOf, isRevoked: parts.isRevoked },
      gossip: this.#gossip,
      directory: this.#directory,
      neighbours: this.#neighbours,
      links: this.#links,
      routing: this.#routing,
      relay: this.relay,
      reach: this.#reach,
      synchronizer: this.#synchronizer,
      story: this.#story,
      tell: (peer) => {
        if (!this.#running) return;
        this.emit('peer', this.#transit.shown(peer));
        if (peer.state === 'gone') this.#topologyThrottle.request();
      },
    });
    feedRouting(this.#gossip, this.#routing, {
      ...{ accusations: this.#accusations, drops },
      doubt: (id) => this.#links.doubt(id),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = true;
    this.#synchronizer.start();
    await this.#media.start(signal);
    this.#links.start(this.addresses());
    this.#routing.start();
    this.relay.start();
    this.#transit.checks.start();
    this.#announcer.start();
    this.#timers = [this.#parts.clock.every(HOUSEKEEPING, () => this.#keepHouse())];
    if (this.#media.canDial) this.#reach.start();
  }

  /** Withdraws the links first and lets the word go out, then closes everything. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#reach.stop();
    for (const timer of this.#timers) timer.cancel();
    this.#routing.withdraw();
    this.#announcer.stop();
    if (this.#neighbours.count > 0 || this.#media.hasUnseenListeners) await delay(this.#parts.clock, FAREWELL);
    this.#running = false;
    this.#topologyThrottle.cancel();
    this.#peers.stop();
    this.#transit.checks.stop();
    this.relay.stop();
    this.#synchronizer.stop();
    this.#neighbours.stop();
    await Promise.all([this.#links.stop(), this.#media.stop()]);
  }

  /** The topics of other rooms go through here; subscribe before `start`. */
  get gossip(): Gossip {
    return this.#gossip;
  }

  get routing(): Routing {
    return this.#routing;
  }

  /** @param score 0 normal to 1 anomalous */
  setScore(score: number): void {
    this.#announcer.setScore(score);
  }

  /** Cuts a member that was just removed, once the word of it had time to go out: it may have to pass that member. */
  expel(id: NodeId): void {
    this.#timers.push(this.#parts.clock.after(FAREWELL, () => this.#peers.expel(id)));
  }

  /** From now on this node shows a new certificate; connections stay as they are. */
  renewed(certificate: Uint8Array): void {
    this.#members.check(certificate);
    this.#certificate = certificate;
    this.#neighbours.greetAgain();
    this.#announcer.repeat();
    this.#routing.repeat();
  }

  /** Has a peer that refuses this node's expired certificate carry a request to the authority. */
  askToCarry(peer: NodeId, request: Uint8Array): void {
    this.#neighbours.askToCarry(peer, request);
  }

  /** Of every member heard of since the start, this node among them. */
  certificates(): Certificate[] {
    return this.#members.certificates();
  }

  peers(): MeshPeer[] {
    return this.#directory.peers().map((peer) => this.#transit.shown(peer));
  }

  links(): MeshLink[] {
    return this.#links.links().map((link) => linkView(link, this.nameOf, this.#neighbours.addressOf(link.peer)));
  }

  routes(): MeshRoute[] {
    return this.#routing.routes().map((route) => routeView(route, this.nameOf));
  }

  /** The newest changes of routes, newest first. */
  routeLog(query: RouteLogQuery): MeshRouteChange[] {
    return this.#routeLog.read(query).map((change) => routeChangeView(change, this.nameOf));
  }

  topology(): MeshTopology {
    return {
      nodes: [this.#announcer.topologyNode(this.id), ...this.#directory.peers().map(topologyNode)],
      links: this.#routing.topologyLinks(),
    };
  }

  counters(): MeshCounters {
    return {
      drops: this.drops.snapshot(),
      strangers: this.#strangers.counts(),
      traffic: this.#media.traffic(),
      ...this.#gossip.counts(),
      probes: this.#links.figures(),
      transit: this.#transit.checks.counts(),
      routeComputations: this.#routing.computations,
      routeChanges: this.#routeChanges,
      ...this.#routing.switchOvers(),
      dialsFailed: this.#dialsFailed,
    };
  }

  /** Where others can dial this node, without the peer id. */
  addresses(): string[] {
    return this.#media.addresses();
  }

  /** Whom a newcomer may turn to: this node first, then its peers. */
  acquaintances(): KnownAddress[] {
    const self = { id: this.id, name: this.#parts.name, addresses: this.addresses().slice(0, 16) };
    return [self, ...this.#peers.acquaintances(7)];
  }

  resetLink(peer: NodeId): void {
    this.#neighbours.disconnect(peer, 'it is connected anew');
  }

  /** Who was refused is heard and sought again, and judged by what it does from now on. */
  readmit(peer: NodeId): void {
    this.#strangers.forget(peer);
    this.#gossip.blame.forget(peer);
    this.#transit.checks.forget(peer);
    this.#reach.lost(peer);
  }

  /** Who is gone itself accuses nobody. */
  #evidenceOf(id: NodeId): Evidence {
    const accusers = this.#accusations.of(id).filter((accuser) => this.#routing.hasRoute(accuser.id));
    return { link: this.#links.get(id), accusers, doubt: this.#links.figures()?.doubt ?? 0 };
  }

  #linkChanged(link: Link, before: Link | undefined): void {
    if (!this.#running) return;
    // Traffic and the others first; the sentence of it can wait.
    this.#routing.linksChanged();
    this.#story.link(link, before);
    if (!link.usable && before?.usable) this.relay.linkDown(link.peer);
    if (link.indirect !== before?.indirect) this.#peers.settle(link.peer);
    this.emit('link', linkView(link, this.nameOf));
    this.#topologyThrottle.request();
  }

  #routesComputed(changes: readonly RouteChange[], computation: Computation): void {
    this.#routeChanges += changes.length;
    if (!this.#running) return;
    this.#routeJournal.record(changes, computation);
    this.#routeLog.record(changes, computation);
    if (changes.length > 0) this.emit('converged', computation.delay / 1000);
    if (changes.length > 0) this.relay.routesChanged();
    this.#peers.routesChanged(changes);
    if (changes.length > 0 && this.listenerCount('routes') > 0) this.emit('routes', this.routes());
    this.#topologyThrottle.request();
  }

  #keepHouse(): void {
    this.#gossip.sweep();
    this.#neighbours.sweep();
    this.#peers.settle();
    this.#reach.seekAll(this.#directory.presentRecords());
  }
}
