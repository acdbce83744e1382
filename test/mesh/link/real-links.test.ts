// Real nodes measure their links over UDP without being told to.

import { afterEach, describe, expect, it } from 'vitest';
import { realNode, started, stopAll } from '../real-nodes.ts';

afterEach(stopAll);

describe('The link between two real nodes', () => {
  it('is probed over UDP by default, both ways', async () => {
    const a = await started(realNode('a'));
    const { token } = await a.mesh.createInvite({ expiresIn: 60_000 });
    const b = await started(realNode('b'));
    await b.mesh.joinNetwork(token);
    for (const node of [a, b]) {
      await expect
        .poll(() => node.mesh.links(), { timeout: 10_000 })
        .toMatchObject([{ probe: 'udp', state: 'up', damped: false }]);
    }
    expect(a.mesh.links()[0]?.roundTripSeconds).toBeGreaterThan(0);
  });
});
