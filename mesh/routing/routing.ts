// Link-state routing of one node: floods its own links, takes those of others, keeps the routes up to date.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { DEFAULT_AREA, type LinkStatePayload } from '../gossip/topics.ts';
import type { Link } from '../link/link-monitor.ts';
import type { NodeId } from '../membership/keys.ts';
import { Throttle } from '../throttle.ts';
import type { MeshTopology } from '../views.ts';
import { Areas, type AreasParts } from './areas/areas.ts';
import type { Graph } from './graph.ts';
import { MeshRouter, type NextHop, type Route, type RouteChange } from './mesh-router.ts';
import { type Computation, SwitchOver, type SwitchOverCounts } from './switch-over.ts';

export interface RoutingParts {
  /** Left out: one area for all. */
  areas?: Pick<AreasParts, 'area' | 'areaOf' | 'tell'>;
  self: NodeId;
  clock: Clock;
  nameOf: (id: NodeId) => string;
  /** This node's links as they are now. */
  links: () => Link[];
  flood: (payload: LinkStatePayload) => void;
  /** Called after every computation, also when no route changed. */
  computed: (changes: readonly RouteChange[], computation: Computation) => void;
  /** Milliseconds between two repetitions of our link state. */
  refresh: Millis;
  /** Neighbour to cost, from a list of somebody else. A simulation does it once for all nodes. */
  costsOf?: ((links: LinkStatePayload['links']) => ReadonlyMap<NodeId, number>) | undefined;
  /** Milliseconds between two computations at least; 20 when left out. */
  computePeriod?: Millis | undefined;
}

/** Changes of one moment (a switch that dies takes many links) make one flood and one computation. */
const FLOOD_PERIOD: Millis = 200;
/** A link that was lost does not wait for that. What fails at one moment still goes out together. */
const LOSS_PERIOD: Millis = 50;
const COMPUTE_PERIOD: Millis = 20;
/** From a change of our routes until all others follow the same: a flood and a computation at every node. */
const SETTLE: Millis = 1000;
/** Destinations of one failure whose backups are told and counted: less than a millisecond. */
const MOST_TOLD = 256;

const ONE_AREA = { area: DEFAULT_AREA, areaOf: () => DEFAULT_AREA, tell: () => {} };

/** Without a computation: the routes rest. One that is needed earlier is worked out when it is asked for. */
const REST: Millis = 100;

export class Routing {
  readonly #parts: RoutingParts;
  /** To the nodes of other areas. */
  readonly areas: Areas;
  readonly #router: MeshRouter;
  readonly #lists = new Map<NodeId, LinkStatePayload['links']>();
  readonly #switchOver = new SwitchOver();
  readonly #flood: Throttle;
  readonly #floodLoss: Throttle;
  readonly #compute: Throttle;
  #refresh: Timer | undefined;
  /** Until the backups are worked out ahead. */
  #rest: Timer | undefined;
  #withdrawn = false;
  /** Neighbours to which no link is usable. */
  #down: ReadonlySet<NodeId> = new Set();
  #settledAt: Millis = Number.NEGATIVE_INFINITY;

  constructor(parts: RoutingParts) {
    this.#parts = parts;
    this.#router = new MeshRouter(parts);
    this.areas = new Areas({
      ...parts,
      ...(parts.areas ?? ONE_AREA),
      router: this.#router,
      isHome: (id) => (this.#lists.get(id)?.length ?? 0) > 0,
      changed: () => this.#follow(),
    });
    this.#flood = new Throttle(parts.clock, FLOOD_PERIOD, () => parts.flood({ links: this.#ownList() }));
    this.#floodLoss = new Throttle(parts.clock, LOSS_PERIOD, () => this.#flood.hasten());
    this.#compute = new Throttle(parts.clock, parts.computePeriod ?? COMPUTE_PERIOD, () => this.#recompute());
  }

  start(): void {
    this.#refresh = this.#parts.clock.every(this.#parts.refresh, () => this.#flood.request());
    this.areas.start(this.#parts.refresh);
    if (this.#updateOwn()) this.#follow();
    this.#flood.request();
  }

  #stop(): void {
    this.#refresh?.cancel();
    this.#flood.cancel();
    this.#floodLoss.cancel();
    this.#compute.cancel();
    this.#rest?.cancel();
  }

  /** Floods our link state again. */
  repeat(): void {
    this.#flood.request();
    this.areas.repeat();
  }

  /**
   * One of our links changed its state or cost. Traffic leaves a link that went down before this returns; then the word
   * goes out, then the routes are computed.
   */
  linksChanged(): void {
    const before = this.#down;
    this.#down = downOf(this.#parts.links());
    // What was withdrawn must not come back in the last moments.
    if (this.#withdrawn || !this.#updateOwn()) return;
    this.#unsettle();
    const isLoss = [...this.#down].some((neighbour) => !before.has(neighbour));
    (isLoss ? this.#floodLoss : this.#flood).request();
    this.areas.linksChanged();
    this.#noteFailures(before);
    this.#follow();
  }

  onLinkState(origin: NodeId, { links }: LinkStatePayload): void {
    this.#lists.set(origin, links);
    if (this.areas.isGateway(origin)) {
      // What it said here before it went to another area.
      if (links.length === 0) return;
      this.areas.onEnded(origin);
    }
    const { costsOf = plainCostsOf } = this.#parts;
    if (this.#router.update(origin, costsOf(links))) this.#follow();
  }

  onEnded(origin: NodeId): void {
    this.#lists.delete(origin);
    if (!this.areas.isGateway(origin) && this.#router.remove(origin)) this.#follow();
  }

  /** What a node told last; undefined when it told nothing. */
  linksOf(origin: NodeId): LinkStatePayload['links'] | undefined {
    return this.#lists.get(origin);
  }

  /** Says goodbye: from here on nobody should route through this node. */
  withdraw(): void {
    this.#withdrawn = true;
    this.#stop();
    this.#parts.flood({ links: [] });
    this.areas.withdraw();
  }

  routes(): Route[] {
    return [...this.#router.routes(), ...this.areas.routes()];
  }

  hasRoute(destination: NodeId): boolean {
    return this.#router.has(destination) || this.areas.has(destination);
  }

  /** Where a frame for `destination` goes now: over the backup from the moment on in which a link is known to be down. */
  nextHop(destination: NodeId): NextHop | undefined {
    const settling = this.#parts.clock.now() < this.#settledAt;
    const situation = { down: this.#down, settling };
    const hop = this.#router.nextHop(destination, situation) ?? this.areas.nextHop(destination, situation);
    if (hop !== undefined) this.#switchOver.sent(hop);
    return hop;
  }

  /** False while the link to a neighbour is known to be down. */
  isUp(neighbour: NodeId): boolean {
    return !this.#down.has(neighbour);
  }

  /** The network as the routes see it. Do not keep it: its costs change in place. */
  get graph(): Graph {
    return this.#router.graph;
  }

  get computations(): number {
    return this.#router.computations;
  }

  /** Backups used since the start. */
  switchOvers(): SwitchOverCounts {
    return this.#switchOver.counts();
  }

  /** Everybody's links, each once; our own as they are measured here. */
  topologyLinks(): MeshTopology['links'] {
    const { self, links } = this.#parts;
    const shown: MeshTopology['links'] = links().map(({ peer, cost, quality, state }) => ({
      ...ordered(self, peer),
      cost,
      ...(quality.roundTrip !== undefined && { roundTripSeconds: quality.roundTrip / 1000 }),
      state: state.kind,
    }));
    const lists = new Map([...this.#lists, ...this.areas.links()]);
    for (const [origin, list] of lists) {
      if (origin === self) continue;
      for (const { to, cost, roundTrip } of list) {
        if (to === self || origin > to) continue;
        if (!lists.get(to)?.some((back) => back.to === origin)) continue;
        shown.push({ a: origin, b: to, cost, roundTripSeconds: roundTrip, state: 'up' });
      }
    }
    return shown;
  }

  #recompute(): void {
    const changes = this.#router.compute();
    this.#prepareAtRest();
    const movedOutside = this.areas.settle();
    if (movedOutside || changes.some(({ kind }) => kind !== 'added')) this.#unsettle();
    this.#parts.computed(changes, this.#switchOver.computed(this.#parts.clock.now()));
  }

  /** Backups are for routes that stay: once they rest, what a failure would ask for is worked out before it comes. */
  #prepareAtRest(): void {
    this.#rest?.cancel();
    this.#rest = this.#parts.clock.after(REST, () => this.#router.prepareBackups());
  }

  /** Something changed that the routes do not know yet. */
  #follow(): void {
    this.#switchOver.learned(this.#parts.clock.now());
    this.#compute.request();
  }

  /** Which links failed just now, and what their traffic takes from here on. */
  #noteFailures(before: ReadonlySet<NodeId>): void {
    const failed = new Set([...this.#down].filter((neighbour) => !before.has(neighbour)));
    if (failed.size === 0) return;
    for (const { peer, state } of this.#parts.links()) {
      if (failed.has(peer) && state.kind === 'down') this.#switchOver.failed(peer, state.cause);
    }
    const takeovers = this.#router.takeovers(failed, { down: this.#down }, MOST_TOLD);
    for (const [destination, hop] of takeovers) this.#switchOver.takeOver(destination, hop);
  }

  #unsettle(): void {
    this.#settledAt = this.#parts.clock.now() + SETTLE;
  }

  #updateOwn(): boolean {
    return this.#router.update(this.#parts.self, plainCostsOf(this.#ownList()));
  }

  #ownList(): LinkStatePayload['links'] {
    return this.#parts
      .links()
      .filter((link) => link.usable)
      .map(({ peer, cost, quality }) => ({ to: peer, cost, roundTrip: (quality.roundTrip ?? 0) / 1000 }));
  }
}

export const plainCostsOf = (links: LinkStatePayload['links']): Map<NodeId, number> =>
  new Map(links.map(({ to, cost }) => [to, cost]));

function downOf(links: readonly Link[]): Set<NodeId> {
  const down = new Set(links.filter((link) => !link.usable).map(({ peer }) => peer));
  for (const { peer, usable } of links) if (usable) down.delete(peer);
  return down;
}

const ordered = (a: NodeId, b: NodeId): { a: NodeId; b: NodeId } => (a < b ? { a, b } : { a: b, b: a });
