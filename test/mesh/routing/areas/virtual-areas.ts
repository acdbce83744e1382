// A network of areas without transport: real routing on virtual time, states that flood hop by hop and stay in their
// area, neighbours that give each other what they have when a link comes up.

import { type Millis, VirtualClock } from '../../../../core/clock.ts';
import { inArea, linkStateTopic, type Topic } from '../../../../mesh/gossip/topics.ts';
import type { Link } from '../../../../mesh/link/link-monitor.ts';
import { gatewayTopic, offerTopics } from '../../../../mesh/routing/areas/topics.ts';
import { forward, type Heading } from '../../../../mesh/routing/forwarding.ts';
import { Routing } from '../../../../mesh/routing/routing.ts';

export type Journey = { kind: 'arrived' | 'stuck' | 'died'; visited: string[] };

interface State {
  topic: string;
  origin: string;
  area: string;
  number: number;
  payload: unknown;
}

interface VirtualNode {
  id: string;
  area: string;
  routing: Routing;
  states: Map<string, State>;
  links: Map<string, { cost: number; up: boolean }>;
  alive: boolean;
}

export const DELAY: Millis = 5;

export class VirtualAreas {
  readonly clock = new VirtualClock();
  readonly nodes = new Map<string, VirtualNode>();
  /** Bytes that all nodes took in, as JSON. */
  bytes = 0;
  #number = 0;

  constructor(areas: Record<string, string>, links: readonly (readonly [a: string, b: string, cost: number])[]) {
    for (const [id, area] of Object.entries(areas)) this.nodes.set(id, this.#make(id, area));
    for (const [a, b, cost] of links) this.setLink(a, b, cost);
    for (const { routing } of this.nodes.values()) {
      routing.start();
      for (const id of this.nodes.keys()) routing.areas.heardOf(id);
    }
  }

  node(id: string): VirtualNode {
    return this.nodes.get(id)!;
  }

  /** Makes a link, brings it back, or changes its cost; both ends know at once. */
  setLink(a: string, b: string, cost: number): void {
    const isNew = this.node(a).links.get(b)?.up !== true;
    this.node(a).links.set(b, { cost, up: true });
    this.node(b).links.set(a, { cost, up: true });
    if (isNew && this.node(a).area === this.node(b).area) {
      this.#exchange(a, b);
      this.#exchange(b, a);
    }
    this.#told(a, b);
  }

  cut(a: string, b: string): void {
    this.node(a).links.get(b)!.up = false;
    this.node(b).links.get(a)!.up = false;
    this.#told(a, b);
  }

  kill(id: string): void {
    const node = this.node(id);
    node.alive = false;
    for (const [peer] of node.links) if (this.node(peer).alive) this.cut(id, peer);
  }

  pass(ms: Millis): void {
    this.clock.advance(ms);
  }

  /** As the relay does: along the path that a frame carries, else by the tables. */
  send(from: string, destination: string, ttl = 64): Journey {
    const visited = [from];
    let heading: Heading = { destination };
    for (let at = from; at !== destination; ) {
      if (visited.length > ttl) return { kind: 'died', visited };
      const { routing } = this.node(at);
      const step = forward(heading, {
        isUp: (neighbour) => routing.isUp(neighbour) && this.node(at).links.get(neighbour)?.up === true,
        nextHop: (to) => routing.nextHop(to),
      });
      if (step === undefined || this.node(at).links.get(step.to)?.up !== true) return { kind: 'stuck', visited };
      at = step.to;
      heading = { destination, ...(step.path && { path: step.path }) };
      visited.push(at);
    }
    return { kind: 'arrived', visited };
  }

  /** Ordered pairs of living nodes that working links join. */
  *connectedPairs(): Iterable<[string, string]> {
    for (const { id, alive } of this.nodes.values()) {
      if (alive) for (const other of this.#reachableFrom(id)) if (other !== id) yield [id, other];
    }
  }

  #reachableFrom(id: string): Set<string> {
    const reached = new Set([id]);
    for (const at of reached) for (const [peer, { up }] of this.node(at).links) if (up) reached.add(peer);
    return reached;
  }

  #make(id: string, area: string): VirtualNode {
    const routing = new Routing({
      self: id,
      clock: this.clock,
      nameOf: (other) => other,
      links: () => this.#linksOf(id),
      flood: (payload) => this.#publish(id, linkStateTopic, payload, area),
      areas: {
        area,
        areaOf: (peer) => this.node(peer).area,
        tell: (topic, payload, into) => this.#publish(id, topic, payload, into),
      },
      computed: () => {},
      refresh: 60_000,
    });
    return { id, area, routing, states: new Map(), links: new Map(), alive: true };
  }

  #linksOf(id: string): Link[] {
    return [...this.node(id).links].map(([peer, { cost, up }]) => ({
      peer,
      transport: 'memory',
      probe: 'stream',
      state: up ? { kind: 'up', since: 0 } : { kind: 'down', since: 0, cause: 'cut' },
      usable: up,
      since: 0,
      quality: { roundTrip: 1, jitter: 0, loss: 0 },
      cost,
      flaps: 0,
      damped: false,
    })) as Link[];
  }

  #told(a: string, b: string): void {
    for (const id of [a, b]) if (this.node(id).alive) this.node(id).routing.linksChanged();
  }

  #publish(origin: string, topic: Topic, payload: unknown, area: string): void {
    const state = { topic: inArea(topic, area), origin, area, number: ++this.#number, payload };
    this.#spread(origin, state);
    if (this.node(origin).area === area) this.node(origin).states.set(`${state.topic} ${origin}`, state);
  }

  #spread(from: string, state: State): void {
    for (const [peer, { up }] of this.node(from).links) {
      if (!up || this.node(peer).area !== state.area) continue;
      this.clock.after(DELAY, () => {
        if (this.node(from).links.get(peer)?.up) this.#take(peer, state);
      });
    }
  }

  #take(id: string, state: State): void {
    const node = this.node(id);
    const key = `${state.topic} ${state.origin}`;
    if (!node.alive || state.origin === id || (node.states.get(key)?.number ?? 0) >= state.number) return;
    node.states.set(key, state);
    this.bytes += JSON.stringify(state.payload).length;
    this.#deliver(node, state);
    this.#spread(id, state);
  }

  #deliver({ routing, area }: VirtualNode, { topic, origin, payload }: State): void {
    if (topic === inArea(linkStateTopic, area)) routing.onLinkState(origin, payload as never);
    else if (topic === inArea(gatewayTopic, area)) routing.areas.onGateway(origin, payload as never);
    else {
      const part = offerTopics.findIndex((offer) => inArea(offer, area) === topic);
      routing.areas.onOffer(origin, part, payload as never);
    }
  }

  #exchange(from: string, to: string): void {
    for (const state of this.node(from).states.values()) this.clock.after(DELAY, () => this.#take(to, state));
  }
}
