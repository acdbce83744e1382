// What a plan of the whole network says.

import type { NodeId } from '../membership/keys.ts';
import type { BetterWeights } from './better-weights.ts';
import type { Cuts } from './cuts.ts';
import type { Graph } from './graph.ts';
import type { MovedPairs } from './traffic-shard.ts';

export interface PlannedLink {
  a: NodeId;
  b: NodeId;
}

export interface NetworkPlan {
  nodes: number;
  links: number;
  /** What the loads are made of: `uniform` counts each ordered pair of nodes once, `measured` is bytes per second. */
  traffic: 'uniform' | 'measured';
  /** `equal`: every link bears the same; `known`: bytes per second, where nodes told the speed of their links. */
  capacities: 'equal' | 'known';
  /** By load in both directions, with its share of all traffic, and the load with the better costs. */
  busiest: (PlannedLink & { load: number; share: number; planned: number })[];
  /** Nodes and links without which others are cut off, the most harmful first. */
  cutNodes: { node: NodeId; cutsOff: number }[];
  cutLinks: (PlannedLink & { cutsOff: number })[];
  weights: {
    /**
     * The highest utilisation of a link, in one direction, that has a way around it: with the measured costs, and with
     * the better ones. Its load where all capacities are equal.
     */
    maximum: number;
    improved: number;
    /** Costs as measured by `a` towards `b`. */
    changes: (PlannedLink & { cost: number; better: number })[];
    /** What the better costs move: pairs of source and destination, and their share of all traffic. */
    moved: { pairs: number; share: number };
    /** Of a path, by measured costs and weighed by traffic, before and after: what a detour costs. */
    meanCost: { before: number; after: number };
    /** Sets of costs that the search tried. */
    trials: number;
  };
  threads: number;
}

export interface PlanResult {
  graph: Graph;
  cuts: Cuts;
  /** Undefined for equal ones. */
  capacities: Float64Array | undefined;
  measured: boolean;
  /** All traffic that is sent. */
  sent: number;
  /** Loads of the arcs with the measured costs. */
  loads: Float64Array;
  better: BetterWeights;
  moved: MovedPairs;
  threads: number;
}

const MOST_BUSIEST = 20;

export function describePlan(result: PlanResult): NetworkPlan {
  const { graph, cuts, better, moved, loads, sent } = result;
  const name = linkNames(graph);
  const shareOf = (load: number): number => (sent === 0 ? 0 : load / sent);
  const meanCost = (carried: Float64Array): number => shareOf(costOf(graph, carried));
  return {
    ...sizes(graph),
    traffic: result.measured ? 'measured' : 'uniform',
    capacities: result.capacities === undefined ? 'equal' : 'known',
    busiest: busiest(graph, loads, better.loads).map(({ arc, load, planned }) => {
      return { ...name(arc), load, share: shareOf(load), planned };
    }),
    cutNodes: cuts.nodes.map(({ node, cutsOff }) => ({ node: graph.ids[node]!, cutsOff })),
    cutLinks: cuts.links.map(({ arc, cutsOff }) => ({ ...name(arc), cutsOff })),
    weights: {
      maximum: better.maximum,
      improved: better.improved,
      changes: better.costs.map(({ arc, cost }) => ({ ...name(arc), cost: graph.costs[arc]!, better: cost })),
      moved: { pairs: moved.pairs, share: shareOf(moved.rate) },
      meanCost: { before: meanCost(loads), after: meanCost(better.loads) },
      trials: better.trials,
    },
    threads: result.threads,
  };
}

function linkNames({ ids, targets, opposite }: Graph): (arc: number) => PlannedLink {
  return (arc) => ({ a: ids[targets[opposite[arc]!]!]!, b: ids[targets[arc]!]! });
}

/** Only what is in use. */
function sizes({ offsets, costs }: Graph): { nodes: number; links: number } {
  let nodes = 0;
  let arcs = 0;
  for (let node = 0; node + 1 < offsets.length; node++) {
    const before = arcs;
    for (let arc = offsets[node]!; arc < offsets[node + 1]!; arc++) if (costs[arc]! < Number.POSITIVE_INFINITY) arcs++;
    if (arcs > before) nodes++;
  }
  return { nodes, links: arcs / 2 };
}

/** Traffic times the measured cost of its paths. */
function costOf({ costs }: Graph, loads: Float64Array): number {
  let sum = 0;
  for (const [arc, load] of loads.entries()) if (load > 0) sum += load * costs[arc]!;
  return sum;
}

function busiest({ opposite }: Graph, loads: Float64Array, better: Float64Array) {
  const links: { arc: number; load: number; planned: number }[] = [];
  for (const [arc, load] of loads.entries()) {
    const back = opposite[arc]!;
    const both = load + loads[back]!;
    if (arc < back && both > 0) links.push({ arc, load: both, planned: better[arc]! + better[back]! });
  }
  return links.sort((x, y) => y.load - x.load || x.arc - y.arc).slice(0, MOST_BUSIEST);
}
