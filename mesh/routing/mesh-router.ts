// MeshRouter: from everybody's link states to this node's routes, with the reason for every change.

import type { Clock, Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import { explainChange } from './explain.ts';
import { buildGraph, type Graph } from './graph.ts';
import { pathTo, shortestPaths } from './shortest-paths.ts';

export interface Route {
  destination: NodeId;
  nextHop: NodeId;
  cost: number;
  /** Node ids from the first hop to the destination. */
  path: NodeId[];
  /** Milliseconds since 1970 of the last change of the path. */
  since: Millis;
  reason: string;
}

export type RouteChange =
  | { kind: 'added' | 'moved'; destination: NodeId; route: Route }
  | { kind: 'lost'; destination: NodeId; reason: string };

export interface MeshRouterParts {
  self: NodeId;
  clock: Clock;
  nameOf: (id: NodeId) => string;
}

export class MeshRouter {
  readonly #parts: MeshRouterParts;
  readonly #lists = new Map<NodeId, ReadonlyMap<NodeId, number>>();
  #graph: Graph = buildGraph([]);
  #routes = new Map<NodeId, Route>();
  #computations = 0;

  constructor(parts: MeshRouterParts) {
    this.#parts = parts;
  }

  /** Takes the newest link state of a node. True when it says anything new. */
  update(origin: NodeId, links: ReadonlyMap<NodeId, number>): boolean {
    const known = this.#lists.get(origin);
    if (known !== undefined && sameLinks(known, links)) return false;
    this.#lists.set(origin, links);
    return true;
  }

  /** Forgets a node whose link state aged out. */
  remove(origin: NodeId): boolean {
    return this.#lists.delete(origin);
  }

  /** Computes all routes anew and returns what changed. A change of cost alone is no change of route. */
  compute(): RouteChange[] {
    const { self, clock } = this.#parts;
    this.#computations++;
    const before = this.#graph;
    const after = buildGraph([...this.#lists].map(([origin, links]) => ({ origin, links })));
    this.#graph = after;
    const source = after.index.get(self);
    const paths = source === undefined ? undefined : shortestPaths(after, source);
    const old = this.#routes;
    const routes = new Map<NodeId, Route>();
    const changes: RouteChange[] = [];
    for (const [at, destination] of after.ids.entries()) {
      if (paths === undefined || at === source || paths.parent[at] === -1) continue;
      const path = pathTo(paths, at).map((node) => after.ids[node]!);
      const cost = paths.distance[at]!;
      const known = old.get(destination);
      if (known !== undefined && samePath(known.path, path)) {
        routes.set(destination, { ...known, cost });
        continue;
      }
      const reason = this.#explain(known?.path, path, before, after);
      const route: Route = { destination, nextHop: path[0]!, cost, path, since: clock.wall(), reason };
      routes.set(destination, route);
      changes.push({ kind: known === undefined ? 'added' : 'moved', destination, route });
    }
    for (const [destination, route] of old) {
      if (routes.has(destination)) continue;
      changes.push({ kind: 'lost', destination, reason: this.#explain(route.path, undefined, before, after) });
    }
    this.#routes = routes;
    return changes;
  }

  routes(): Route[] {
    return [...this.#routes.values()];
  }

  route(destination: NodeId): Route | undefined {
    return this.#routes.get(destination);
  }

  /** As of the last `compute`. */
  get graph(): Graph {
    return this.#graph;
  }

  get computations(): number {
    return this.#computations;
  }

  #explain(oldPath: NodeId[] | undefined, newPath: NodeId[] | undefined, before: Graph, after: Graph): string {
    const { self, nameOf } = this.#parts;
    return explainChange({ self, oldPath, newPath, before, after, nameOf });
  }
}

const samePath = (a: readonly NodeId[], b: readonly NodeId[]): boolean =>
  a.length === b.length && a.every((id, at) => id === b[at]);

function sameLinks(a: ReadonlyMap<NodeId, number>, b: ReadonlyMap<NodeId, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [to, cost] of a) if (b.get(to) !== cost) return false;
  return true;
}
