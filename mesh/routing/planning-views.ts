// What is shown of a route's explanation and of a plan: names beside ids, and the change that would move a route as a
// sentence.

import type { NodeId } from '../membership/keys.ts';
import { type MeshRoute, routeView } from '../views.ts';
import { arcBetween, type Graph } from './graph.ts';
import type { Route } from './mesh-router.ts';
import type { NetworkPlan, PlannedLink } from './network-plan.ts';
import type { Routing } from './routing.ts';
import type { TrafficEngineering } from './traffic-engineering.ts';
import { type WhatIfPath, whatIf } from './what-if.ts';

export interface NamedPath {
  path: string[];
  pathNames: string[];
  cost: number;
}

export interface RouteExplanation {
  route: MeshRoute;
  /** The best path through each other neighbour, cheapest first. */
  alternatives: NamedPath[];
  /** The smallest change of one link's cost that moves the route; none where no cost does. */
  change?: {
    from: string;
    fromName: string;
    to: string;
    toName: string;
    cost: number;
    direction: 'above' | 'below';
    threshold: number;
    becomes: NamedPath;
    sentence: string;
  };
}

type NamedLink = PlannedLink & { aName: string; bName: string };

export interface PlanView extends Omit<NetworkPlan, 'busiest' | 'cutNodes' | 'cutLinks' | 'weights'> {
  /** Bytes per second that all nodes told they send; too little to plan on where the traffic is `uniform`. */
  measuredTotal: number;
  /** `measured`: bytes per second in both directions, as the ends tell. */
  busiest: (NamedLink & { load: number; share: number; planned: number; measured: number })[];
  cutNodes: { node: string; nodeName: string; cutsOff: number }[];
  cutLinks: (NamedLink & { cutsOff: number })[];
  weights: Omit<NetworkPlan['weights'], 'changes'> & {
    changes: (NamedLink & { cost: number; better: number })[];
  };
  /** How far a plan is in force, where this node may put one into force. */
  steering?: NonNullable<TrafficEngineering['steering']>;
}

type NameOf = (id: NodeId) => string;

export function explainRoute(graph: Graph, self: NodeId, route: Route, nameOf: NameOf): RouteExplanation {
  // Of another area nothing is known but what its border asks: what could change is the way up to there.
  const { border, cost: beyond } = route.exit ?? { border: route.destination, cost: 0 };
  const outside = route.path.slice(route.path.indexOf(border) + 1);
  const named = ({ nodes, cost }: WhatIfPath): NamedPath => {
    const path = [...nodes.map((node) => graph.ids[node]!), ...outside];
    return { path, pathNames: path.map(nameOf), cost: cost + beyond };
  };
  const found = whatIf(graph, graph.index.get(self)!, graph.index.get(border)!);
  const explanation = { route: routeView(route, nameOf), alternatives: found.alternatives.map(named) };
  if (found.change === undefined) return explanation;
  const { cost, direction, threshold } = found.change;
  const [from, to] = [graph.ids[found.change.from]!, graph.ids[found.change.to]!];
  const becomes = named(found.change.path);
  const ends = { from, fromName: nameOf(from), to, toName: nameOf(to) };
  const comparison = direction === 'above' ? 'more' : 'less';
  const over = becomes.pathNames.length === 1 ? 'direct' : `over ${becomes.pathNames.slice(0, -1).join(', ')}`;
  const sentence =
    `If the link from ${ends.fromName} to ${ends.toName} cost ${comparison} than ${threshold} instead of ${cost}, ` +
    `the route would go ${over}.`;
  return { ...explanation, change: { ...ends, cost, direction, threshold, becomes, sentence } };
}

export function planView(
  plan: NetworkPlan,
  { nameOf, routing }: { nameOf: NameOf; routing: Routing },
  { reports, steering }: Pick<TrafficEngineering, 'reports' | 'steering'>,
): PlanView {
  const named = <L extends PlannedLink>(link: L) => ({ ...link, aName: nameOf(link.a), bName: nameOf(link.b) });
  const { graph } = routing;
  const carried = reports.carried(graph);
  const measuredOn = ({ a, b }: PlannedLink): number =>
    [arcBetween(graph, a, b), arcBetween(graph, b, a)].reduce<number>((sum, arc) => sum + (carried[arc ?? -1] ?? 0), 0);
  return {
    ...plan,
    measuredTotal: reports.total(),
    busiest: plan.busiest.map((link) => ({ ...named(link), measured: measuredOn(link) })),
    cutNodes: plan.cutNodes.map(({ node, cutsOff }) => ({ node, nodeName: nameOf(node), cutsOff })),
    cutLinks: plan.cutLinks.map(named),
    weights: { ...plan.weights, changes: plan.weights.changes.map(named) },
    ...(steering !== undefined && { steering }),
  };
}
