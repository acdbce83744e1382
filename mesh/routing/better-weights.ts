// Link costs that lower the load of the busiest link: a local search that makes busy links dearer and keeps what helps.

import type { Random } from '../../core/random.ts';
import { COST_STEP, type Graph } from './graph.ts';
import type { NewCost } from './traffic-shard.ts';

/** Links that carry this share of the most are made dearer together. */
const BUSY = 0.6;
const FIRST_STEP = 0.5;
const LAST_STEP = 0.02;
/** A path may get so many times dearer than measured, and no more: the measure means something. */
const MOST_RAISED = 4;

export interface BetterWeights {
  /** Loads of the arcs with the costs as they are. */
  loads: Float64Array;
  /** The highest load of a link that has a way around it, before and after. */
  maximum: number;
  improved: number;
  /** Costs that differ from those of the graph. */
  costs: NewCost[];
}

export interface SearchParts {
  graph: Graph;
  /** Arcs of bridges: no cost moves their load. */
  fixed: ReadonlySet<number>;
  loads: (costs: readonly NewCost[]) => Promise<Float64Array>;
  random: Random;
  /** Sets of costs to try. */
  tries: number;
}

/** Deterministic: the same graph, traffic and seed give the same costs, however many threads compute the loads. */
export async function findBetterWeights({ graph, fixed, loads, random, tries }: SearchParts): Promise<BetterWeights> {
  const { costs: measured, opposite } = graph;
  const first = await loads([]);
  const maximum = highest(first, fixed);
  let best = { costs: measured.slice(), loads: first, maximum };
  let tried = best.costs;
  let step = FIRST_STEP;
  for (let round = 0; round < tries && step >= LAST_STEP && best.maximum > 0; round++) {
    const wanted = best.costs.slice();
    for (let arc = 0; arc < wanted.length; arc++) {
      const busy = Math.max(best.loads[arc]!, best.loads[opposite[arc]!]!) / best.maximum;
      if (arc > opposite[arc]! || busy < BUSY || fixed.has(arc)) continue;
      const factor = 1 + step * ((busy - BUSY) / (1 - BUSY)) * (0.5 + random.next());
      for (const one of [arc, opposite[arc]!]) {
        wanted[one] = Math.min(inSteps(wanted[one]! * factor), measured[one]! * MOST_RAISED);
      }
    }
    const found = await loads(difference(tried, wanted));
    tried = wanted;
    const reached = highest(found, fixed);
    if (reached < best.maximum) best = { costs: wanted, loads: found, maximum: reached };
    else step /= 2;
  }
  return { loads: first, maximum, improved: best.maximum, costs: difference(measured, best.costs) };
}

function difference(from: Float64Array, to: Float64Array): NewCost[] {
  const costs: NewCost[] = [];
  for (let arc = 0; arc < to.length; arc++) if (from[arc] !== to[arc]) costs.push({ arc, cost: to[arc]! });
  return costs;
}

function highest(loads: Float64Array, fixed: ReadonlySet<number>): number {
  let most = 0;
  for (let arc = 0; arc < loads.length; arc++) if (loads[arc]! > most && !fixed.has(arc)) most = loads[arc]!;
  return most;
}

const inSteps = (cost: number): number => Math.ceil(cost / COST_STEP) * COST_STEP;
