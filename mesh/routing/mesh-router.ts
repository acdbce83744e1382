// MeshRouter: from everybody's link states to this node's routes, with a backup for each and the reason for every
// change.

import type { Clock, Millis } from '../../core/clock.ts';
import type { NodeId } from '../membership/keys.ts';
import type { Backup } from './backups.ts';
import { explainChange } from './explain.ts';
import { buildGraph, type Graph, recost } from './graph.ts';
import { RouteTrees } from './route-trees.ts';
import { pathTo } from './shortest-paths.ts';

export interface Route {
  destination: NodeId;
  nextHop: NodeId;
  cost: number;
  /** Node ids from the first hop to the destination. */
  path: NodeId[];
  /** Milliseconds since 1970 of the last change of the path. */
  since: Millis;
  reason: string;
  /** Next hops of all paths of this cost, `nextHop` among them, by id. */
  equalCost: NodeId[];
  /** Of a route to another area: the border that it leaves this one by, and what that asks from there on. */
  exit?: { border: NodeId; cost: number };
  /** What is used at once when the link to `nextHop` fails; none where the network has no other way. */
  backup?: Backup;
}

/** What changes only with the path itself. */
export type Course = Omit<Route, 'equalCost' | 'exit' | 'backup'>;

export type RouteChange =
  | { kind: 'added'; destination: NodeId; route: Course }
  | { kind: 'moved'; destination: NodeId; route: Course; before: Course }
  | { kind: 'lost'; destination: NodeId; reason: string; before: Course };

/** Where a frame goes now. */
export interface NextHop {
  kind: 'primary' | Backup['kind'];
  nextHop: NodeId;
  /** Node ids from the next hop to the destination. */
  path: NodeId[];
  /** The frame must carry `path` and be forwarded along it, as the next nodes may route it elsewhere. */
  carry: boolean;
}

export interface Situation {
  down: ReadonlySet<NodeId>;
  settling?: boolean;
}

export interface MeshRouterParts {
  self: NodeId;
  clock: Clock;
  nameOf: (id: NodeId) => string;
}

export class MeshRouter {
  readonly #parts: MeshRouterParts;
  readonly #lists = new Map<NodeId, ReadonlyMap<NodeId, number>>();
  /** Whose lists changed since the last computation. */
  readonly #changed = new Set<NodeId>();
  #graph: Graph = buildGraph([]);
  #trees: RouteTrees | undefined;
  #routes = new Map<NodeId, Course>();
  #computations = 0;

  constructor(parts: MeshRouterParts) {
    this.#parts = parts;
  }

  /** Takes the newest link state of a node. True when it says anything new. */
  update(origin: NodeId, links: ReadonlyMap<NodeId, number>): boolean {
    const known = this.#lists.get(origin);
    if (known !== undefined && sameLinks(known, links)) return false;
    this.#lists.set(origin, links);
    this.#changed.add(origin);
    return true;
  }

  /** Forgets a node whose link state aged out. */
  remove(origin: NodeId): boolean {
    this.#changed.add(origin);
    return this.#lists.delete(origin);
  }

  /**
   * Brings all routes up to date and returns what changed; a change of cost alone is no change of route. Costs of links
   * that are known are followed where they matter; a new node or link computes everything anew.
   */
  compute(): RouteChange[] {
    this.#computations++;
    const before = { ...this.#graph, costs: this.#graph.costs.slice() };
    const changes = recost(this.#graph, this.#lists, this.#changed);
    this.#changed.clear();
    if (changes?.length === 0) return [];
    if (changes !== undefined && this.#trees !== undefined) {
      return this.#settle(
        this.#trees.update(changes).map((node) => this.#graph.ids[node]!),
        before,
      );
    }
    this.#graph = buildGraph([...this.#lists].map(([origin, links]) => ({ origin, links })));
    const source = this.#graph.index.get(this.#parts.self);
    this.#trees = source === undefined ? undefined : new RouteTrees(this.#graph, source);
    return this.#settle(new Set([...this.#graph.ids, ...this.#routes.keys()]), before);
  }

  /** Works out ahead what a failure would ask for. */
  prepareBackups(): void {
    this.#trees?.backups.prepare();
  }

  /** By destination, in the order in which they were found. */
  routes(): Route[] {
    return [...this.#routes.values()].map((course) => this.#complete(course));
  }

  route(destination: NodeId): Route | undefined {
    const course = this.#routes.get(destination);
    return course && this.#complete(course);
  }

  has(destination: NodeId): boolean {
    return this.#routes.has(destination);
  }

  /** Of the route; undefined where there is none. */
  cost(destination: NodeId): number | undefined {
    return this.#routes.get(destination)?.cost;
  }

  destinations(): Iterable<NodeId> {
    return this.#routes.keys();
  }

  /**
   * Where to send what is for `destination`: the route, else its backup, else any loop-free alternate. Computes no path
   * anew.
   * @param down neighbours whose link is down, whether the routes know it yet or not
   * @param settling not all nodes may have the same routes now: every frame carries its path
   */
  nextHop(destination: NodeId, { down, settling = false }: Situation): NextHop | undefined {
    const route = this.#routes.get(destination);
    if (route === undefined) return undefined;
    const { nextHop, path } = route;
    if (!down.has(nextHop)) return { kind: 'primary', nextHop, path, carry: settling };
    const target = this.#graph.index.get(destination)!;
    const backups = this.#trees?.backups;
    const backup = backups?.of(target);
    const usable = backup !== undefined && !down.has(backup.nextHop) ? backup : backups?.around(target, down);
    if (usable === undefined) return undefined;
    const { kind } = usable;
    return { kind, nextHop: usable.nextHop, path: usable.path, carry: settling || kind === 'path' };
  }

  /**
   * What takes over for the routes that begin with one of these neighbours, which failed. Nothing while failures come one
   * upon the other, as long as the backups are not worked out: the new routes are worth more than the story.
   * @param most destinations looked at
   */
  *takeovers(failed: ReadonlySet<NodeId>, situation: Situation, most: number): Iterable<[NodeId, NextHop | undefined]> {
    if (this.#trees?.hasBackups !== true) return;
    let left = most;
    for (const { destination, nextHop } of this.#routes.values()) {
      if (!failed.has(nextHop)) continue;
      if (left-- === 0) return;
      yield [destination, this.nextHop(destination, situation)];
    }
  }

  /** As of the last `compute`. */
  get graph(): Graph {
    return this.#graph;
  }

  get computations(): number {
    return this.#computations;
  }

  /** Compares the routes to some destinations with the trees. */
  #settle(destinations: Iterable<NodeId>, before: Graph): RouteChange[] {
    const changes: RouteChange[] = [];
    for (const destination of destinations) {
      const change = this.#settleOne(destination, before);
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  #settleOne(destination: NodeId, before: Graph): RouteChange | undefined {
    const { ids, index } = this.#graph;
    const known = this.#routes.get(destination);
    const target = index.get(destination);
    const own = this.#trees?.own;
    const path = target === undefined || own === undefined ? [] : pathTo(own, target).map((node) => ids[node]!);
    const [nextHop] = path;
    if (nextHop === undefined) {
      if (known === undefined) return undefined;
      this.#routes.delete(destination);
      return { kind: 'lost', destination, reason: this.#explain(known.path, undefined, before), before: known };
    }
    const cost = own!.distance[target!]!;
    if (known !== undefined && samePath(known.path, path)) {
      this.#routes.set(destination, { ...known, cost });
      return undefined;
    }
    const reason = this.#explain(known?.path, path, before);
    const route: Course = { destination, nextHop, cost, path, since: this.#parts.clock.wall(), reason };
    this.#routes.set(destination, route);
    return known === undefined
      ? { kind: 'added', destination, route }
      : { kind: 'moved', destination, route, before: known };
  }

  #complete(course: Course): Route {
    const target = this.#graph.index.get(course.destination)!;
    const backups = this.#trees?.backups;
    const backup = backups?.of(target);
    return { ...course, equalCost: backups?.equalCost(target) ?? [], ...(backup && { backup }) };
  }

  #explain(oldPath: NodeId[] | undefined, newPath: NodeId[] | undefined, before: Graph): string {
    const { self, nameOf } = this.#parts;
    return explainChange({ self, oldPath, newPath, before, after: this.#graph, nameOf });
  }
}

const samePath = (a: readonly NodeId[], b: readonly NodeId[]): boolean =>
  a.length === b.length && a.every((id, at) => id === b[at]);

function sameLinks(a: ReadonlyMap<NodeId, number>, b: ReadonlyMap<NodeId, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [to, cost] of a) if (b.get(to) !== cost) return false;
  return true;
}
