// How far nodes are from each other, as the link states of the mesh tell: seconds there and back along the shortest ways.

import type { Clock, Millis } from '../../core/clock.ts';
import { buildGraph, type Graph } from '../../mesh/routing/graph.ts';
import { shortestPaths } from '../../mesh/routing/shortest-paths.ts';
import type { TopologyView } from '../view/schema.ts';

/** Round trips change all the time; what is so old is good enough to form regions by. */
const FRESH: Millis = 30_000;

export class RoundTrips {
  readonly #topology: () => Pick<TopologyView, 'links'>;
  readonly #clock: Clock;
  #known: { at: Millis; graph: Graph; from: Map<string, Float64Array> } | undefined;

  constructor(topology: () => Pick<TopologyView, 'links'>, clock: Clock) {
    this.#topology = topology;
    this.#clock = clock;
  }

  /** Seconds between two nodes; undefined where no measured way joins them. */
  between(a: string, b: string): number | undefined {
    const { graph, from } = this.#current();
    const [start, end] = [graph.index.get(a), graph.index.get(b)];
    if (start === undefined || end === undefined) return undefined;
    let distances = from.get(a);
    if (distances === undefined) {
      distances = shortestPaths(graph, start).distance;
      from.set(a, distances);
    }
    const seconds = distances[end]!;
    return Number.isFinite(seconds) ? seconds : undefined;
  }

  #current() {
    const now = this.#clock.now();
    if (this.#known === undefined || now - this.#known.at > FRESH) {
      this.#known = { at: now, graph: graphOf(this.#topology().links), from: new Map() };
    }
    return this.#known;
  }
}

function graphOf(links: TopologyView['links']): Graph {
  const lists = new Map<string, Map<string, number>>();
  const put = (from: string, to: string, seconds: number): void => {
    const list = lists.get(from) ?? new Map<string, number>();
    list.set(to, seconds);
    lists.set(from, list);
  };
  for (const { a, b, roundTripSeconds, state } of links) {
    if (roundTripSeconds === undefined || state === 'down') continue;
    put(a, b, roundTripSeconds);
    put(b, a, roundTripSeconds);
  }
  return buildGraph([...lists].map(([origin, own]) => ({ origin, links: own })));
}
