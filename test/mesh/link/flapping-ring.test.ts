// One cable of a ring fails again and again: whatever damping thinks of it, traffic takes the way that is left within the
// detection time, and the cable itself when it is the only one.

import { describe, expect, it } from 'vitest';
import type { SimulatedNetwork } from '../../../mesh/simulator/simulated-network.ts';
import { wiredNetwork } from '../membership/simulated-mesh.ts';

const RING = 6;
/** Milliseconds given to a ping; the way around the ring and back takes ten. */
const PING = 30;
/** Three intervals of 50 ms, and the ping that was under way when they ended. */
const DETECTION = 150 + 2 * PING;

const cables = Array.from({ length: RING }, (_, at): [number, number] => [at, (at + 1) % RING]);

async function startedRing(): Promise<SimulatedNetwork> {
  const network = wiredNetwork(RING, cables, 7);
  await network.start();
  await network.pass(15_000);
  return network;
}

const answers = async (network: SimulatedNetwork, from: number, to: number): Promise<boolean> => {
  let answered = false;
  network.nodes[from]!.mesh.relay.ping(network.nodes[to]!.id, PING).then(
    () => {
      answered = true;
    },
    () => {},
  );
  await network.pass(PING);
  return answered;
};

/** Milliseconds until node 0 reaches node 1, by pings one after the other. */
async function outage(network: SimulatedNetwork): Promise<number> {
  const from = network.clock.now();
  while (!(await answers(network, 0, 1))) if (network.clock.now() - from > 60_000) break;
  return network.clock.now() - from - PING;
}

describe('A ring with one cable that fails every ten to twenty seconds', () => {
  it('carries traffic again within the detection time, each of twenty times', async () => {
    const network = await startedRing();
    const cable = network.links.find(({ a, b }) => a === 0 && b === 1)!;
    for (let cut = 0; cut < 20; cut++) {
      network.setCut(cable, true);
      expect(await outage(network)).toBeLessThanOrEqual(DETECTION);
      await network.pass(cut % 2 === 0 ? 1000 : 8000);
      network.setCut(cable, false);
      expect(await outage(network)).toBeLessThanOrEqual(DETECTION);
      await network.pass(9000 + 500 * cut);
    }
    await network.stop();
  });

  it('uses the damped cable when it is the only way', async () => {
    const network = await startedRing();
    const [cable, other] = [
      [0, 1],
      [3, 4],
    ].map(([a, b]) => network.links.find((one) => one.a === a && one.b === b)!);
    for (let cut = 0; cut < 6; cut++) {
      network.setCut(cable!, true);
      await network.pass(1000);
      network.setCut(cable!, false);
      await network.pass(1500);
    }
    await network.pass(1500);
    const link = network.nodes[0]!.mesh.links().find(({ peer }) => peer === network.nodes[1]!.id);
    expect(link).toMatchObject({ state: 'up', damped: true });
    network.setCut(other!, true);
    expect(await outage(network)).toBeLessThanOrEqual(DETECTION + 500);
    network.setCut(other!, false);
    await network.pass(75_000);
    const later = network.nodes[0]!.mesh.links().find(({ peer }) => peer === network.nodes[1]!.id);
    expect(later).toMatchObject({ state: 'up', damped: false });
    await network.stop();
  });
});
