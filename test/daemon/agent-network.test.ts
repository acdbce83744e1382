import { afterEach, describe, expect, it, vi } from 'vitest';
import { MeshAgentNetwork } from '../../daemon/agent-network.ts';
import { systemClock } from '../../daemon/clock.ts';
import { relayPolicy } from '../../daemon/remote-nodes.ts';
import { realNode, started, stopAll } from '../mesh/real-nodes.ts';

afterEach(stopAll);

describe('The mesh as agents see it', { timeout: 90_000 }, () => {
  it('carries questions and streams to one service, and tells who is there', async () => {
    const near = realNode('near');
    const far = realNode('far', { authorize: relayPolicy([]) });
    const [here, there] = [new MeshAgentNetwork(near.mesh, systemClock), new MeshAgentNetwork(far.mesh, systemClock)];
    there.handle('echo', (origin, payload) => Buffer.from(`${origin === near.mesh.id}: ${Buffer.from(payload)}`));
    there.handleStream('echo', async (_, stream, header) => void stream.end(`stream ${header}`));
    await started(near);
    await started(far);
    const { token } = await near.mesh.createInvite({ expiresIn: 60_000 });
    await far.mesh.joinNetwork(token);
    await vi.waitFor(
      () => expect(here.nodes()).toMatchObject([{ id: far.mesh.id, name: 'far', reachable: true }]),
      30_000,
    );
    expect(Buffer.from(await here.request(far.mesh.id, 'echo', Buffer.from('hello'))).toString()).toBe('true: hello');
    const stream = await here.openStream(far.mesh.id, 'echo', 'of words');
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('stream of words');
    await expect(here.request(far.mesh.id, 'nothing', Buffer.from(''))).rejects.toThrow('there is no service');
  });
});
