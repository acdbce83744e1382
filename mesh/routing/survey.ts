// What a drawing of the network shows beside its links: traffic, what must not fail, and the routes of any node of this
// area with what takes over.

import type { NodeId } from '../membership/keys.ts';
import { findCuts } from './cuts.ts';
import type { Graph } from './graph.ts';
import type { Route } from './mesh-router.ts';
import { RouteTrees } from './route-trees.ts';
import { pathTo } from './shortest-paths.ts';

export interface SurveyedRoute {
  destination: NodeId;
  cost: number;
  /** From the source on; so is the backup's. */
  path: NodeId[];
  backup?: { path: NodeId[]; cost: number };
}

export interface Survey {
  /** Whose routes these are. */
  from: NodeId;
  routes: SurveyedRoute[];
  /** Bytes per second in both directions, of each link of this area. */
  traffic: { a: NodeId; b: NodeId; bytesPerSecond: number }[];
  cutNodes: { node: NodeId; cutsOff: number }[];
  cutLinks: { a: NodeId; b: NodeId; cutsOff: number }[];
}

/** @param carried bytes per second, by arc */
export function surveyLinks(graph: Graph, carried: Float64Array): Pick<Survey, 'traffic' | 'cutNodes' | 'cutLinks'> {
  const { ids, offsets, targets, opposite } = graph;
  const cuts = findCuts(graph);
  const traffic: Survey['traffic'] = [];
  for (const [from, a] of ids.entries()) {
    for (let arc = offsets[from]!; arc < offsets[from + 1]!; arc++) {
      if (targets[arc]! < from) continue;
      traffic.push({ a, b: ids[targets[arc]!]!, bytesPerSecond: carried[arc]! + carried[opposite[arc]!]! });
    }
  }
  return {
    traffic,
    cutNodes: cuts.nodes.map(({ node, cutsOff }) => ({ node: ids[node]!, cutsOff })),
    cutLinks: cuts.links.map(({ arc, cutsOff }) => {
      return { a: ids[targets[opposite[arc]!]!]!, b: ids[targets[arc]!]!, cutsOff };
    }),
  };
}

/** As the node itself computes them, from the same link states. Nothing for one that is not in this area. */
export function routesFrom(graph: Graph, from: NodeId): SurveyedRoute[] {
  const source = graph.index.get(from);
  if (source === undefined) return [];
  const trees = new RouteTrees(graph, source);
  return graph.ids.flatMap((destination, target) => {
    const cost = trees.own.distance[target]!;
    if (target === source || !Number.isFinite(cost)) return [];
    const path = [from, ...pathTo(trees.own, target).map((node) => graph.ids[node]!)];
    const backup = trees.backups.of(target);
    const around = backup && { path: [from, ...backup.path], cost: backup.cost };
    return [{ destination, cost, path, ...(around && { backup: around }) }];
  });
}

/** The routes that are in force, other areas included. */
export function ownRoutes(self: NodeId, routes: readonly Route[]): SurveyedRoute[] {
  return routes.map(({ destination, cost, path, backup }) => ({
    ...{ destination, cost, path: [self, ...path] },
    ...(backup && { backup: { path: [self, ...backup.path], cost: backup.cost } }),
  }));
}
