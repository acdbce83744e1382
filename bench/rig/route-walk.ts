// A flow as the routing tables would carry it: replays what every node's table was at each moment, and walks probes
// from hop to hop. For nodes whose tables can be followed but which carry no traffic themselves. Pure.

import type { Probe } from './outage.ts';
import type { Cable } from './topology.ts';

/** From this moment on the node sends what is for a destination to the next hop named here. */
export interface TableChange {
  readonly at: number;
  readonly node: number;
  readonly nextHops: ReadonlyMap<number, number>;
}

/** A cable that carries nothing from `at` to `until`. */
export interface CableCut {
  readonly cable: Cable;
  readonly at: number;
  until: number;
}

/** Probes every `interval` from `from` to `to` in time, there and back over the tables of the moment of sending. */
export function walkProbes(
  changes: readonly TableChange[],
  cuts: readonly Readonly<CableCut>[],
  flow: { source: number; destination: number; from: number; to: number; interval: number },
): Probe[] {
  const ordered = changes.toSorted((a, b) => a.at - b.at);
  const tables = new Map<number, ReadonlyMap<number, number>>();
  const probes: Probe[] = [];
  let next = 0;
  for (let at = flow.from; at <= flow.to; at += flow.interval) {
    for (let change = ordered[next]; change !== undefined && change.at <= at; change = ordered[++next]) {
      tables.set(change.node, change.nextHops);
    }
    const isCut = (a: number, b: number): boolean =>
      cuts.some(({ cable, at: since, until }) => at >= since && at < until && cable.includes(a) && cable.includes(b));
    const arrives = (source: number, destination: number): boolean => {
      const path = walk(tables, source, destination);
      return path?.every((node, index) => index === 0 || !isCut(path[index - 1]!, node)) ?? false;
    };
    const answered = arrives(flow.source, flow.destination) && arrives(flow.destination, flow.source);
    probes.push({ sentAt: at, answeredAt: answered ? at : undefined });
  }
  return probes;
}

/** The nodes on the way, or undefined where the tables lead nowhere or in a circle. */
export function walk(
  tables: ReadonlyMap<number, ReadonlyMap<number, number>>,
  source: number,
  destination: number,
): number[] | undefined {
  const path = [source];
  for (let at = source; at !== destination; ) {
    const hop = tables.get(at)?.get(destination);
    if (hop === undefined || path.includes(hop)) return undefined;
    path.push(hop);
    at = hop;
  }
  return path;
}
