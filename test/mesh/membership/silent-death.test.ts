// A node that loses its power says nothing, a killed one only closes its connections: how soon all others know, and what
// it costs them to watch. Real nodes with their link probes on virtual time.

import { describe, expect, it } from 'vitest';
import type { SimulatedNetwork } from '../../../mesh/simulator/simulated-network.ts';
import { wiredNetwork } from './simulated-mesh.ts';

const COUNT = 10;
const everybody = Array.from({ length: COUNT }, (_, a) =>
  Array.from({ length: COUNT - a - 1 }, (_, b): [number, number] => [a, a + b + 1]),
).flat();

/** Long enough that links which carried something at the start are idle. */
const CALM = 30_000;

async function calmMesh(seed: number): Promise<SimulatedNetwork> {
  const network = wiredNetwork(COUNT, everybody, seed);
  await network.start();
  await network.pass(CALM);
  return network;
}

/** No node that lives has a route to it or counts it as there. */
function isKnownGone(network: SimulatedNetwork, victim: number): boolean {
  const { id } = network.nodes[victim]!;
  return network.nodes
    .filter(({ alive }) => alive)
    .every(({ mesh }) => {
      const peer = mesh.peers().find((one) => one.id === id);
      return peer?.state === 'gone' && !mesh.routes().some(({ destination }) => destination === id);
    });
}

describe('Ten nodes that are all connected to each other', () => {
  it.each([1, 2, 3])('all know of a silent death within 0.4 s (seed %i)', async (seed) => {
    const network = await calmMesh(seed);
    for (const victim of [3, 7]) {
      network.kill(victim);
      const diedAt = network.clock.now();
      while (!isKnownGone(network, victim) && network.clock.now() - diedAt < 5000) await network.pass(5);
      expect(network.clock.now() - diedAt).toBeLessThanOrEqual(400);
      await network.pass(5000);
    }
    const { presence } = network.nodes[0]!.mesh.peers().find(({ id }) => id === network.nodes[3]!.id)!;
    expect(presence.state).toBe('gone');
    expect(presence.tried.filter(({ way, outcome }) => way === 'udp' && outcome === 'silent')).toHaveLength(1);
    await network.stop();
  });

  it.each([1, 2, 3])(
    'all know of a killed one as soon as its kernel has closed its connections (seed %i)',
    async (seed) => {
      const network = await calmMesh(seed);
      const victim = network.nodes[3]!;
      network.kill(3);
      for (const { alive, transport } of network.nodes) if (alive) transport.disconnect(victim.id, 'it closed');
      const diedAt = network.clock.now();
      while (!isKnownGone(network, 3) && network.clock.now() - diedAt < 5000) await network.pass(1);
      // A word from each to all, and the routes computed anew: nobody waits for a probe.
      expect(network.clock.now() - diedAt).toBeLessThanOrEqual(50);
      await network.stop();
    },
  );

  it('take no closed connection for a death while others reach the peer', async () => {
    const network = await calmMesh(6);
    const [one, other] = [network.nodes[0]!, network.nodes[5]!];
    one.transport.disconnect(other.id, 'it closed');
    for (let passed = 0; passed < 2000; passed += 5) {
      await network.pass(5);
      for (const { mesh } of network.nodes) expect(mesh.peers().map(({ state }) => state)).not.toContain('gone');
    }
    await network.stop();
  });

  it('probe four neighbours each at the full pace, and the others once a second', async () => {
    const network = await calmMesh(4);
    const sent = (): number => network.nodes.reduce((sum, { mesh }) => sum + (mesh.counters().probes?.sent ?? 0), 0);
    const before = sent();
    await network.pass(10_000);
    const rate = (sent() - before) / 10 / COUNT;
    expect(rate).toBeLessThan(4 * 22 + 5 * 2);
    expect(rate).toBeGreaterThan(4 * 18);
    for (const { mesh } of network.nodes) {
      expect(mesh.links().filter(({ pace }) => pace === 'full')).toHaveLength(4);
      expect(mesh.links().every(({ state }) => state === 'up')).toBe(true);
    }
    await network.stop();
  });

  it('keep a member whose accuser alone has lost it', async () => {
    const network = await calmMesh(5);
    const link = network.links.find(({ a, b }) => a === 0 && b === 5)!;
    network.setCut(link, true);
    await network.pass(5000);
    for (const node of [1, 2, 3, 4, 6]) {
      const peers = network.nodes[node]!.mesh.peers();
      expect(peers.map(({ presence }) => presence.state)).toEqual(Array(COUNT - 1).fill('alive'));
      const accused = peers.find(({ id }) => id === network.nodes[5]!.id)!;
      expect(accused.presence.suspectedBy.map(({ id }) => id)).toEqual([network.nodes[0]!.id]);
    }
    network.setCut(link, false);
    await network.pass(15_000);
    const peers = network.nodes[1]!.mesh.peers();
    expect(peers.flatMap(({ presence }) => presence.suspectedBy)).toEqual([]);
    await network.stop();
  });
});
