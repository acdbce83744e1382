// The smallest network that shows how members watch each other: wired, with little delay, nothing lost, nobody bad.

import { SimulatedNetwork } from '../../../mesh/simulator/simulated-network.ts';

/** @param links pairs of numbers below `count` */
export function wiredNetwork(count: number, links: [number, number][], seed: number): SimulatedNetwork {
  const nodes = Array.from({ length: count }, (_, number) => ({ name: `n${number}`, x: number / count, y: 0 }));
  return new SimulatedNetwork({
    seed,
    wiring: { nodes, links },
    cold: true,
    delay: { kind: 'fixed', milliseconds: 1 },
    jitter: 0,
    loss: 0,
    failLinks: 0,
    churn: 0,
    partition: false,
    skew: 0,
    byzantine: [],
    within: 60_000,
    computePeriod: 20,
  });
}
