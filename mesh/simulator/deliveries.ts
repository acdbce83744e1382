// Do frames really arrive? Questions over the relay between honest nodes, at the end of a simulation.

import type { Millis } from '../../core/clock.ts';
import type { SimulatedNetwork, SimulatedNode } from './simulated-network.ts';
import { honestPairs } from './truth.ts';

export interface Deliveries {
  pairs: number;
  /** Of them: none of some questions was answered. */
  lost: [SimulatedNode, SimulatedNode][];
}

const MOST_PAIRS = 200;
/** A sender whose frames get lost may find another way meanwhile. */
const TRIES = 5;
const DEADLINE: Millis = 2000;
const STEP: Millis = 50;

/** Asks over the relay between pairs of honest nodes that an honest path joins. */
export async function tryDeliveries(network: SimulatedNetwork): Promise<Deliveries> {
  const pairs = honestPairs(network, MOST_PAIRS);
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
  return { pairs: pairs.length, lost };
}
