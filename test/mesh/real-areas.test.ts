// Areas over libp2p, with real sockets.

import { afterEach, expect, test, vi } from 'vitest';
import { pathFrom, type RealNode, realNode, started, stopAll } from './real-nodes.ts';

/** Sooner than anything is said again of itself. */
const soon = { timeout: 25_000, interval: 50 };

afterEach(stopAll);

test('three real nodes in a line of three areas reach each other, and keep their link states to themselves', async () => {
  const middle = await started(realNode('middle', { config: { area: 'middle' } }));
  const join = async (name: string): Promise<RealNode> => {
    const node = await started(realNode(name, { config: { area: name } }));
    const { token } = await middle.mesh.createInvite({ expiresIn: 60_000 });
    await node.mesh.joinNetwork(token);
    return node;
  };
  const west = await join('west');
  const east = await join('east');
  await vi.waitFor(() => {
    expect(pathFrom(west, east)).toEqual(['middle', 'east']);
    expect(pathFrom(east, west)).toEqual(['middle', 'west']);
  }, soon);
  expect(west.mesh.routes().find(({ destination }) => destination === east.mesh.id)?.exit?.borderName).toBe('middle');
  expect(await west.mesh.relay.ping(east.mesh.id)).toBeGreaterThan(0);
  const { route } = west.mesh.planner.explain('east');
  expect(route.reason).toBe('middle of area "middle" offers it');
  expect(Object.keys(east.mesh.counters()?.accepted ?? {})).not.toContain('link-state');
}, 60_000);
