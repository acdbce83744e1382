// Link costs that lower the load of the busiest link: a local search that makes one busy link dearer at a time and keeps
// what helps (after Fortz and Thorup, "Internet Traffic Engineering by Optimizing OSPF Weights", 2000).

import type { Random } from '../../core/random.ts';
import { COST_STEP } from './graph.ts';
import type { NewCost, PlanGraph } from './traffic-shard.ts';

/** Links that carry this share of the most are looked at. */
const BUSY = 0.6;
/** Utilisations count with this power: nearly the highest alone, and yet a step that relieves one of two is progress. */
const POWER = 16;
const FIRST_STEP = 0.1;
const LAST_STEP = 0.005;
/** Failures in a row after which smaller steps are tried. */
const PATIENCE = 8;
/** A path may get so many times dearer than measured, and no more: the measure means something. */
export const MOST_RAISED = 4;

export interface BetterWeights {
  /** The highest utilisation of a link that has a way around it, before and after. */
  maximum: number;
  improved: number;
  /** Load of each arc afterwards. */
  loads: Float64Array;
  /** Costs that differ from those of the graph, none lower. */
  costs: NewCost[];
  /** Sets of costs that were tried. */
  trials: number;
}

export interface SearchParts {
  graph: PlanGraph;
  /** Arcs of bridges: no cost moves their load. */
  fixed: ReadonlySet<number>;
  /** Of each arc, in the unit of the loads. */
  capacities: Float64Array;
  /** Loads with the costs of the graph. */
  loads: Float64Array;
  /** Takes the last trial back if it was none, then makes arcs dearer. */
  raise: (costs: readonly NewCost[], takeBack: boolean) => Promise<{ loads: Float64Array; paths: number }>;
  random: Random;
  mostTrials: number;
  /** Paths that may be computed anew altogether. */
  effort: number;
}

/**
 * Deterministic: the same graph, traffic and seed give the same costs, however many threads compute the loads. When the
 * last trial was none, it is taken back.
 */
export async function findBetterWeights(parts: SearchParts): Promise<BetterWeights> {
  const { graph, fixed, capacities, raise, random } = parts;
  const { costs: measured } = graph;
  const costs = measured.slice();
  const movable = movableLinks(graph, fixed);
  const use = utilisation(graph, capacities);
  const maximum = highest(parts.loads, movable, use);
  let best = { loads: parts.loads, maximum, score: score(parts.loads, movable, use, maximum) };
  let step = FIRST_STEP;
  let failures = 0;
  let takeBack = false;
  let [trials, effort] = [0, 0];
  while (maximum > 0 && step >= LAST_STEP && trials < parts.mostTrials && effort < parts.effort) {
    const link = pick(best, movable, use, (arc) => costs[arc]! < measured[arc]! * MOST_RAISED, random);
    if (link === undefined) break;
    const factor = 1 + step * (0.5 + random.next());
    const dearer = [link, graph.opposite[link]!].map((arc) => ({
      arc,
      cost: Math.max(costs[arc]!, Math.min(inSteps(costs[arc]! * factor), measured[arc]! * MOST_RAISED)),
    }));
    const { loads, paths } = await raise(dearer, takeBack);
    trials++;
    effort += paths;
    const reached = score(loads, movable, use, maximum);
    takeBack = reached >= best.score;
    if (takeBack) {
      if (++failures % PATIENCE === 0) step /= 2;
      continue;
    }
    failures = 0;
    for (const { arc, cost } of dearer) costs[arc] = cost;
    best = { loads, maximum: highest(loads, movable, use), score: reached };
  }
  if (takeBack) await raise([], true);
  return { maximum, improved: best.maximum, loads: best.loads, costs: difference(measured, costs), trials };
}

type Use = (loads: Float64Array, arc: number) => number;

/** Of a link: that of its fuller direction. */
function utilisation({ opposite }: PlanGraph, capacities: Float64Array): Use {
  return (loads, arc) => {
    const back = opposite[arc]!;
    return Math.max(loads[arc]! / capacities[arc]!, loads[back]! / capacities[back]!);
  };
}

/** Links in use that have a way around them, each by its first arc. */
function movableLinks({ costs, opposite }: PlanGraph, fixed: ReadonlySet<number>): number[] {
  const links: number[] = [];
  for (let arc = 0; arc < costs.length; arc++) {
    if (arc < opposite[arc]! && costs[arc]! < Number.POSITIVE_INFINITY && !fixed.has(arc)) links.push(arc);
  }
  return links;
}

function highest(loads: Float64Array, movable: readonly number[], use: Use): number {
  let most = 0;
  for (const arc of movable) most = Math.max(most, use(loads, arc));
  return most;
}

function score(loads: Float64Array, movable: readonly number[], use: Use, maximum: number): number {
  let sum = 0;
  for (const arc of movable) sum += (use(loads, arc) / maximum) ** POWER;
  return sum;
}

/** One of the busy links, the busier the likelier. */
function pick(
  { loads, maximum }: { loads: Float64Array; maximum: number },
  movable: readonly number[],
  use: Use,
  mayRaise: (arc: number) => boolean,
  random: Random,
): number | undefined {
  const busy: { arc: number; weight: number }[] = [];
  let total = 0;
  for (const arc of movable) {
    const share = use(loads, arc) / maximum;
    if (share < BUSY || !mayRaise(arc)) continue;
    const weight = share ** POWER;
    busy.push({ arc, weight });
    total += weight;
  }
  let left = random.next() * total;
  for (const { arc, weight } of busy) {
    left -= weight;
    if (left < 0) return arc;
  }
  return busy.at(-1)?.arc;
}

function difference(from: Float64Array, to: Float64Array): NewCost[] {
  const costs: NewCost[] = [];
  for (let arc = 0; arc < to.length; arc++) if (from[arc] !== to[arc]) costs.push({ arc, cost: to[arc]! });
  return costs;
}

const inSteps = (cost: number): number => Math.ceil(cost / COST_STEP) * COST_STEP;
