// One event in a simulation, and how long the network takes to come to rest at the right routes.

import type { Millis } from '../../core/clock.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { judge } from './truth.ts';

export interface TrialReport {
  event: 'start' | 'links-fail' | 'nodes-die' | 'nodes-return' | 'partition' | 'merge' | 'siege';
  /** From the event to the last change of any route before all were right; null when they were not in time. */
  convergence_seconds: number | null;
  pairs: number;
  unreachable_pairs: number;
  wrong_routes: number;
  /** Routes that lies about costs or links have drawn over a liar, though they are not the shortest. */
  lured_routes: number;
  /** Routes to nodes that are dead or cut off. */
  stale_routes: number;
  messages_per_node: number;
  bytes_per_node: number;
}

export interface Trial {
  report: TrialReport;
  /** By node: seconds from the event to its last computation of routes. */
  settledAfter: number[];
}

const STEP: Millis = 10;
/** Routes are compared with the truth when no node has computed any for this long… */
const QUIET: Millis = 300;
/** …or after this long in any case: where messages get lost, costs never rest. */
const PATIENCE: Millis = 5000;

/** Lets time pass until all is right, at most `within`. Call it right after the event. */
export async function settle(
  network: SimulatedNetwork,
  event: TrialReport['event'],
  { from = network.clock.now(), within }: { from?: Millis; within: Millis },
): Promise<Trial> {
  const { clock, nodes } = network;
  const before = network.traffic();
  const computed = nodes.map(({ mesh }) => mesh.routing.computations);
  const settledAfter = nodes.map(() => 0);
  let lastChange = from;
  let judgedAt = from;
  let verdict: ReturnType<typeof judge> | undefined;
  let converged = false;
  while (!converged && clock.now() - from < within) {
    await network.pass(STEP);
    const now = clock.now();
    for (const { number, alive, mesh } of nodes) {
      const { computations } = mesh.routing;
      if (!alive || computations === computed[number]) continue;
      computed[number] = computations;
      settledAfter[number] = (now - from) / 1000;
      lastChange = now;
    }
    const isQuiet = now - lastChange >= QUIET && judgedAt <= lastChange;
    if (!isQuiet && now - judgedAt < PATIENCE) continue;
    judgedAt = now;
    verdict = judge(network);
    converged = verdict.wrong + verdict.stale + verdict.unreachable === 0;
  }
  verdict ??= judge(network);
  const after = network.traffic();
  return {
    settledAfter,
    report: {
      event,
      convergence_seconds: converged ? inSeconds(lastChange - from) : null,
      pairs: verdict.pairs,
      unreachable_pairs: verdict.unreachable,
      wrong_routes: verdict.wrong,
      lured_routes: verdict.lured,
      stale_routes: verdict.stale,
      messages_per_node: Math.round((after.messages - before.messages) / nodes.length),
      bytes_per_node: Math.round((after.bytes - before.bytes) / nodes.length),
    },
  };
}

export const inSeconds = (ms: Millis): number => Math.round(ms) / 1000;
