// Areas of one node: takes what borders of other areas offer, and as a border offers to them what this area reaches.

import type { Clock, Millis, Timer } from '../../../core/clock.ts';
import type { Topic } from '../../gossip/topics.ts';
import type { Link } from '../../link/link-monitor.ts';
import type { NodeId } from '../../membership/keys.ts';
import { Throttle } from '../../throttle.ts';
import type { Backup } from '../backups.ts';
import { linkCost } from '../graph.ts';
import type { MeshRouter, NextHop, Route, Situation } from '../mesh-router.ts';
import { type BriefName, BriefNames } from './brief-names.ts';
import { type Exit, Exterior } from './exterior.ts';
import { type Claim, type Claims, fromPayload, OFFER_PARTS, toPayload } from './offer.ts';
import { speaks } from './speakers.ts';
import { StandingOffer } from './standing-offer.ts';
import { type GatewayPayload, gatewayTopic, OFFER_REFRESH, type OfferPayload, offerTopics } from './topics.ts';

export interface AreasParts {
  self: NodeId;
  /** This node's own. */
  area: string;
  clock: Clock;
  router: MeshRouter;
  nameOf: (id: NodeId) => string;
  links: () => Link[];
  /** Of a neighbour; undefined while it is not known. */
  areaOf: (neighbour: NodeId) => string | undefined;
  /** Says something in another area. */
  tell: (topic: Topic, payload: GatewayPayload | OfferPayload, area: string) => void;
  /** Whether a node floods links in this area: it is then no border of another. */
  isHome: (id: NodeId) => boolean;
  /** What others offer is another now: routes have to be looked at. */
  changed: () => void;
}

const MOST_NAMES = 20_000;
/** Bad news leaves at once; what follows within this time leaves together. */
const OFFER_PERIOD: Millis = 1000;
const GATEWAY_PERIOD: Millis = 200;

interface Gateway {
  area: string;
  links: GatewayPayload['links'];
}

export class Areas {
  readonly #parts: AreasParts;
  readonly #names = new BriefNames(MOST_NAMES);
  readonly #exterior = new Exterior();
  readonly #gateways = new Map<NodeId, Gateway>();
  readonly #offer = new StandingOffer();
  readonly #sayOffer: Throttle;
  readonly #sayGateway: Throttle;
  /** Areas that were told of links into them. */
  #beside: ReadonlySet<string> = new Set();
  /** Neighbours in them, by area. */
  #outside: ReadonlyMap<string, readonly NodeId[]> = new Map();
  /** Areas beside this one that this node makes its offer to. */
  #spokenTo: ReadonlySet<string> = new Set();
  #offersChanged = false;
  /** Of the last comparison of offers: the costs to gateways, and this part of the area. */
  #distances: ReadonlyMap<NodeId, number> = new Map();
  #own: ReadonlySet<BriefName> = new Set();
  #timers: Timer[] = [];

  constructor(parts: AreasParts) {
    this.#parts = parts;
    this.#sayGateway = new Throttle(parts.clock, GATEWAY_PERIOD, () => this.#tellLinks());
    this.#sayOffer = new Throttle(parts.clock, OFFER_PERIOD, () => this.#tellOffer());
  }

  /** @param refresh milliseconds between two repetitions of our links into other areas */
  start(refresh: Millis): void {
    const { clock } = this.#parts;
    this.#timers = [
      clock.every(refresh, () => this.#sayGateway.request()),
      clock.every(OFFER_REFRESH, () => this.#repeatOffer(this.#spokenTo)),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#sayGateway.cancel();
    this.#sayOffer.cancel();
  }

  /** Says goodbye to the areas beside this one. */
  withdraw(): void {
    this.stop();
    for (const area of this.#beside) this.#parts.tell(gatewayTopic, { area: this.#parts.area, links: [] }, area);
  }

  /** Says everything again. */
  repeat(): void {
    if (this.#beside.size === 0) return;
    this.#sayGateway.request();
    this.#repeatOffer(this.#spokenTo);
  }

  /** One of our links came, went or has another cost. */
  linksChanged(): void {
    if (this.#beside.size > 0 || this.#linksOutside().size > 0) this.#sayGateway.request();
  }

  /** Somebody exists, and can be spoken of by its brief name. */
  heardOf(id: NodeId): void {
    this.#names.heardOf(id);
  }

  onGateway(origin: NodeId, { area, links }: GatewayPayload): void {
    if (area === this.#parts.area || this.#parts.isHome(origin)) return;
    this.#gateways.set(origin, { area, links });
    // A leaf: ways inside of an area do not lead through another one (RFC 2328, section 3).
    const leaf = new Map(links.map(({ to }) => [to, Number.POSITIVE_INFINITY]));
    if (this.#parts.router.update(origin, leaf)) this.#parts.changed();
  }

  onEnded(origin: NodeId): void {
    this.#exterior.forget(origin);
    this.#offersChanged = true;
    if (!this.#gateways.delete(origin)) return;
    this.#parts.router.remove(origin);
    this.#parts.changed();
  }

  /** False when there is no room for another border's. */
  onOffer(origin: NodeId, part: number, payload: OfferPayload): boolean {
    const taken = this.#exterior.offer(origin, part, fromPayload(payload));
    this.#offersChanged = true;
    if (taken) this.#parts.changed();
    return taken;
  }

  /**
   * The routes inside of the area are up to date: brings those to other areas after them. True when one that was in use
   * is another now, or lost.
   */
  settle(): boolean {
    if (this.#gateways.size === 0 && this.#beside.size === 0) return false;
    const { router, self } = this.#parts;
    const own = new Set([this.#names.of(self)]);
    const distances = new Map<NodeId, number>();
    const beside = new Set<BriefName>();
    for (const id of router.destinations()) {
      if (!this.#gateways.has(id)) {
        own.add(this.#names.of(id));
        continue;
      }
      distances.set(id, router.cost(id)!);
      beside.add(this.#names.of(id));
    }
    // Thousands of offers are compared only where what they are weighed with has changed.
    const sameAsBefore = sameMap(distances, this.#distances) && sameSet(own, this.#own);
    let moved = false;
    if (this.#offersChanged || !sameAsBefore) {
      this.#offersChanged = false;
      this.#distances = distances;
      this.#own = own;
      moved = this.#exterior.settle({
        distanceTo: (gateway) => distances.get(gateway),
        holds: (name) => own.has(name),
        reaches: (name) => own.has(name) || beside.has(name),
      });
    }
    if (this.#beside.size > 0) this.#sayOffer.request();
    return moved;
  }

  has(destination: NodeId): boolean {
    const { best } = this.#exterior;
    return best.size > 0 && best.has(this.#names.of(destination));
  }

  /** As `MeshRouter.nextHop`; the path ends at the gateway, which knows how to go on. */
  nextHop(destination: NodeId, situation: Situation): NextHop | undefined {
    const { router } = this.#parts;
    const name = this.#names.of(destination);
    const best = this.#exterior.best.get(name);
    if (best === undefined) return undefined;
    const hop = router.nextHop(best.gateway, situation);
    if (hop?.kind === 'primary') return hop;
    // Its neighbours choose an exit for themselves, and might choose this way: the frame carries its own.
    for (const { gateway } of hop === undefined ? this.#exterior.exits(name) : [best]) {
      const around = router.nextHop(gateway, situation);
      if (around !== undefined) return { ...around, kind: 'path', carry: true };
    }
    return undefined;
  }

  /** To the nodes of other areas that this node knows by name. */
  *routes(): Iterable<Route> {
    for (const [name, exit] of this.#exterior.best) {
      const destination = this.#names.idOf(name);
      const route = destination === undefined ? undefined : this.#route(destination, exit);
      if (route !== undefined) yield route;
    }
  }

  /** Links between this area and others, as their outer ends announce them. */
  *links(): Iterable<[NodeId, GatewayPayload['links']]> {
    for (const [origin, { links }] of this.#gateways) yield [origin, links];
  }

  isGateway(id: NodeId): boolean {
    return this.#gateways.has(id);
  }

  #route(destination: NodeId, exit: Exit): Route | undefined {
    const { router, nameOf } = this.#parts;
    const { gateway, cost } = exit;
    const way = router.route(gateway);
    if (way === undefined) return undefined;
    const { nextHop, since, equalCost } = way;
    const reason = `${nameOf(gateway)} of area "${this.#gateways.get(gateway)?.area}" offers it`;
    const path = [...way.path, ...this.#beyond(exit), destination];
    const backup = this.#backup(destination, exit, way);
    const border = { border: gateway, cost: cost - way.cost };
    return { destination, nextHop, cost, path, since, reason, equalCost, exit: border, ...(backup && { backup }) };
  }

  /** To the same border by another first hop, else to the next best border that is reached by one. */
  #backup(destination: NodeId, exit: Exit, way: Route): Backup | undefined {
    if (way.backup !== undefined) {
      const path = [...way.backup.path, ...this.#beyond(exit), destination];
      return { ...way.backup, kind: 'path', path, cost: way.backup.cost + exit.cost - way.cost };
    }
    for (const other of this.#exterior.exits(this.#names.of(destination))) {
      const around = this.#parts.router.route(other.gateway);
      if (around === undefined || around.nextHop === way.nextHop) continue;
      const path = [...around.path, ...this.#beyond(other), destination];
      return { kind: 'path', nextHop: around.nextHop, path, cost: other.cost, protects: 'node' };
    }
    return undefined;
  }

  /** The borders after the first one, as far as they are known. */
  #beyond({ via }: Exit): NodeId[] {
    return via.map((name) => this.#names.idOf(name)).filter((id) => id !== undefined);
  }

  #linksOutside(): Map<string, Link[]> {
    const { area, areaOf, links } = this.#parts;
    const outside = new Map<string, Link[]>();
    for (const link of links()) {
      const other = areaOf(link.peer);
      if (!link.usable || other === undefined || other === area) continue;
      outside.set(other, [...(outside.get(other) ?? []), link]);
    }
    return outside;
  }

  #tellLinks(): void {
    const { area, tell } = this.#parts;
    const outside = this.#linksOutside();
    for (const other of new Set([...this.#beside, ...outside.keys()])) {
      const links = (outside.get(other) ?? []).map(announced);
      tell(gatewayTopic, { area, links }, other);
    }
    // Behind a new link may be a part of an area that heard nothing yet.
    const grown = [...outside].filter(([other, into]) => {
      const before = this.#outside.get(other) ?? [];
      return into.some(({ peer }) => !before.includes(peer));
    });
    this.#beside = new Set(outside.keys());
    this.#outside = new Map([...outside].map(([other, into]) => [other, into.map(({ peer }) => peer)]));
    this.#repeatOffer(grown.map(([other]) => other).filter((other) => this.#spokenTo.has(other)));
    if (this.#beside.size > 0) this.settle();
  }

  #tellOffer(): void {
    const before = this.#spokenTo;
    this.#spokenTo = new Set([...this.#beside].filter((area) => this.#speaksTo(area)));
    for (const area of this.#beside) {
      // Who no longer speaks takes back what it said.
      if (!before.has(area) || this.#spokenTo.has(area)) continue;
      for (let part = 0; part < OFFER_PARTS; part++) this.#tellPart(part, new Map(), [area]);
    }
    const changed = this.#offer.update(this.#reached());
    const kept = [...this.#spokenTo].filter((area) => before.has(area));
    for (const [part, claims] of changed) this.#tellPart(part, claims, kept);
    this.#repeatOffer([...this.#spokenTo].filter((area) => !before.has(area)));
  }

  #speaksTo(area: string): boolean {
    const { router } = this.#parts;
    const gateways = [...this.#gateways].filter(([id, gateway]) => gateway.area === area && router.has(id));
    const behind = (gateway: NodeId, id: NodeId): boolean =>
      gateway === id || this.#exterior.isBehind(gateway, this.#names.of(id));
    return speaks({
      neighbours: this.#outside.get(area) ?? [],
      others: this.#junctions(gateways),
      precedes: (border) => this.#names.of(border) < this.#names.of(this.#parts.self),
      together: (a, b) => gateways.some(([gateway]) => behind(gateway, a) && behind(gateway, b)),
    });
  }

  /** Links of other borders that both ends announce. */
  *#junctions(gateways: readonly [NodeId, Gateway][]): Iterable<[NodeId, NodeId]> {
    const { router, self } = this.#parts;
    for (const [gateway, { links }] of gateways) {
      for (const { to } of links) {
        if (to !== self && router.has(to) && linkCost(router.graph, to, gateway) !== undefined) yield [to, gateway];
      }
    }
  }

  #repeatOffer(areas: Iterable<string>): void {
    // Empty parts too: whoever was away may remember what was in them.
    for (const [part, claims] of this.#offer.parts.entries()) this.#tellPart(part, claims, areas);
  }

  #tellPart(part: number, claims: Claims, areas: Iterable<string>): void {
    const payload = toPayload(claims);
    for (const area of areas) this.#parts.tell(offerTopics[part]!, payload, area);
  }

  /** What this node reaches, and how others should know the way again. */
  *#reached(): Iterable<[BriefName, Claim]> {
    const { router } = this.#parts;
    for (const id of router.destinations()) yield [this.#names.of(id), { cost: router.cost(id)!, via: [] }];
    for (const [name, { gateway, cost, via }] of this.#exterior.best) {
      yield [name, { cost, via: [this.#names.of(gateway), ...via] }];
    }
  }
}

function sameMap<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size !== b.size) return false;
  for (const one of a) if (!b.has(one)) return false;
  return true;
}

const announced = ({ peer, cost, quality }: Link): GatewayPayload['links'][number] => ({
  to: peer,
  cost,
  roundTrip: (quality.roundTrip ?? 0) / 1000,
});
