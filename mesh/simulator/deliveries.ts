// Do frames really arrive? Questions over the relay between honest nodes, at the end of a simulation.

import type { Millis } from '../../core/clock.ts';
import type { SimulatedNetwork, SimulatedNode } from './simulated-network.ts';
import { honestPairs } from './truth.ts';

export interface Deliveries {
  pairs: number;
  /** Of them: no question was answered. */
  lost: [SimulatedNode, SimulatedNode][];
  /** Until the last answer, or the end. */
  took: Millis;
}

const MOST_PAIRS = 200;
/** Nodes find out who passes nothing on by the frames that get lost, and take another way. */
const TRIES = 30;
const DEADLINE: Millis = 2000;
const STEP: Millis = 50;

/** Asks over the relay between pairs of honest nodes that an honest path joins. */
export async function tryDeliveries(network: SimulatedNetwork): Promise<Deliveries> {
  const pairs = honestPairs(network, MOST_PAIRS);
  const from = network.clock.now();
  let lost = pairs;
  for (let tries = 0; tries < TRIES && lost.length > 0; tries++) {
    const answered = new Set<(typeof lost)[number]>();
    let open = lost.length;
    for (const pair of lost) {
      const [from, to] = pair;
      from.mesh.relay
        .request(to.id, 'ping', new Uint8Array(8), { deadline: DEADLINE })
        .then(() => answered.add(pair))
        .catch(() => {})
        .finally(() => open--);
    }
    const end = network.clock.now() + 2 * DEADLINE;
    while (open > 0 && network.clock.now() < end) await network.pass(STEP);
    lost = lost.filter((pair) => !answered.has(pair));
  }
  return { pairs: pairs.length, lost, took: network.clock.now() - from };
}
