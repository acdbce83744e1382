// The mesh as agents and jobs see it: who else is there, questions and streams over the relay, news over gossip.

import type { Duplex } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import type { AgentNetwork, NetworkNode, NewsTopic } from '../agents/network.ts';
import type { Clock, Millis } from '../core/clock.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { RelayHandler } from '../mesh/relay/relay.ts';

/** Services of agents and jobs begin with it: the relay lets members of the network ask those. */
const PREFIX = 'agents.';
/** Round trips and scores change all the time; what is so old is good enough. */
const FRESH_MS: Millis = 1000;

/** Whether a service of the relay is one of agents and jobs. What a member may do there, its handler decides. */
export function isAgentService(service: string): boolean {
  return service.startsWith(PREFIX);
}

export class MeshAgentNetwork implements AgentNetwork {
  readonly #mesh: Mesh;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  readonly #served = new Map<string, RelayHandler>();
  /** Looked up again after a change, or when it has aged. */
  #known: { at: Millis; nodes: NetworkNode[] } | undefined;

  /** Before the mesh starts. */
  constructor(mesh: Mesh, clock: Clock) {
    this.#mesh = mesh;
    this.#clock = clock;
    for (const event of ['peer', 'routes', 'network'] as const) mesh.on(event, () => this.#changed());
  }

  get self(): string {
    return this.#mesh.id;
  }

  nodes(): NetworkNode[] {
    const now = this.#clock.now();
    if (this.#known === undefined || now - this.#known.at > FRESH_MS) this.#known = { at: now, nodes: this.#look() };
    return this.#known.nodes;
  }

  onNodes(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  request(
    node: string,
    service: string,
    payload: Uint8Array,
    options: { deadline?: Millis } = {},
  ): Promise<Uint8Array> {
    return this.#mesh.relay.request(node, PREFIX + service, payload, options);
  }

  handle(service: string, handler: (origin: string, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array): void {
    this.#serve(service, { message: handler });
  }

  openStream(node: string, service: string, header: string): Promise<Duplex> {
    return this.#mesh.relay.openStream(node, PREFIX + service, header);
  }

  handleStream(service: string, handler: (origin: string, stream: Duplex, header: string) => Promise<void>): void {
    this.#serve(service, { stream: (stream, header) => handler(stream.peer, stream, header) });
  }

  publish<S extends TSchema>(topic: NewsTopic<S>, payload: Static<S>): void {
    this.#mesh.publish(topic, payload);
  }

  subscribe<S extends TSchema>(topic: NewsTopic<S>, handler: (origin: string, payload: Static<S>) => void): void {
    this.#mesh.subscribe(topic, {
      message: ({ origin, payload }) => {
        if (origin !== this.#mesh.id) handler(origin, payload);
      },
    });
  }

  /** The relay has one handler a service, which may take questions as well as streams. */
  #serve(service: string, part: RelayHandler): void {
    const handler = { ...this.#served.get(service), ...part };
    this.#served.set(service, handler);
    this.#mesh.handle(PREFIX + service, handler);
  }

  #changed(): void {
    this.#known = undefined;
    for (const listener of this.#listeners) listener();
  }

  #look(): NetworkNode[] {
    const roundTrips = new Map<string, number>();
    for (const { a, b, roundTripSeconds } of this.#mesh.topology().links) {
      if (roundTripSeconds === undefined) continue;
      roundTrips.set(a + b, roundTripSeconds);
      roundTrips.set(b + a, roundTripSeconds);
    }
    const routes = new Map(this.#mesh.routes().map(({ destination, path }) => [destination, path]));
    return this.#mesh.peers().map(({ id, name, state, score = 0 }) => {
      const path = routes.get(id);
      return {
        ...{ id, name, score },
        reachable: path !== undefined && state !== 'gone' && state !== 'stopped',
        roundTrip: path === undefined ? undefined : alongPath([this.self, ...path], roundTrips),
      };
    });
  }
}

/** Undefined when a link on the way is not measured, as beyond the border of an area. */
function alongPath(path: readonly string[], roundTrips: ReadonlyMap<string, number>): number | undefined {
  let sum = 0;
  for (let at = 1; at < path.length; at++) {
    if (path[at] === path[at - 1]) continue;
    const roundTrip = roundTrips.get(path[at - 1]! + path[at]!);
    if (roundTrip === undefined) return undefined;
    sum += roundTrip;
  }
  return sum;
}
