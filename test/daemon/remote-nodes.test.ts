import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiClient } from '../../daemon/cli/client.ts';
import { serveForwards } from '../../daemon/http/forward-upgrade.ts';
import { RemoteNodes, relayPolicy } from '../../daemon/remote-nodes.ts';
import { realNode, started, stopAll } from '../mesh/real-nodes.ts';

const closing: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await stopAll();
});

const listening = (server: Server, where: number | string): Promise<void> =>
  new Promise((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });

/** A TCP server that sends back what it gets; its `host:port`. */
async function echo(): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await listening(server, 0);
  closing.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Two nodes; the second lets its peers connect to `allowed`. Resolves to a client of the first one's socket. */
async function stage(allowed: string[]) {
  const near = realNode('near');
  const far = realNode('far', { authorize: relayPolicy(allowed) });
  const [remote] = [new RemoteNodes(near.mesh), new RemoteNodes(far.mesh)];
  await started(near);
  await started(far);
  const { token } = await near.mesh.createInvite({ expiresIn: 60_000 });
  await far.mesh.joinNetwork(token);
  await vi.waitFor(
    () => expect(near.mesh.routes().map(({ destination }) => destination)).toEqual([far.mesh.id]),
    20_000,
  );
  await vi.waitFor(
    () => expect(far.mesh.routes().map(({ destination }) => destination)).toEqual([near.mesh.id]),
    20_000,
  );
  const folder = await mkdtemp(join(tmpdir(), 'parlmesh-forward-'));
  const server = createHttpServer((_request, response) => response.end('{}'));
  const end = serveForwards(server, remote!);
  await listening(server, join(folder, 'parlmesh.sock'));
  closing.push(
    () => rm(folder, { recursive: true }),
    () => server.close(),
    end,
  );
  const client = new ApiClient(async () => [join(folder, 'parlmesh.sock')]);
  return { remote: remote!, client, far: far.mesh };
}

describe('Other nodes over the relay', () => {
  it('are found by name or by the beginning of their id, and answer', { timeout: 60_000 }, async () => {
    const { remote, far } = await stage([]);
    await expect(remote.ping('far')).resolves.toMatchObject({ node: far.id, name: 'far' });
    expect(remote.resolve(far.id.slice(0, -3)).name).toBe('far');
    expect(() => remote.resolve('nobody')).toThrow('There is no node "nobody"');
    const { hops, reached } = await remote.trace('far');
    expect(reached).toBe(true);
    expect(hops.map(({ name }) => name)).toEqual(['far']);
  });

  it('carry many TCP connections at once, whole, to a port that they allow', { timeout: 120_000 }, async () => {
    const target = await echo();
    const { client } = await stage([target]);
    const digests = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const connection = await client.upgrade('relay/forward', { node: 'far', target });
        const sent = randomBytes(300_000);
        connection.end(sent);
        const back = createHash('sha256');
        for await (const part of connection) back.update(part);
        return [back.digest('hex'), createHash('sha256').update(sent).digest('hex')];
      }),
    );
    for (const [back, sent] of digests) expect(back).toBe(sent);
  });

  it('refuse every port that they do not list', { timeout: 60_000 }, async () => {
    const target = await echo();
    const { client } = await stage([]);
    await expect(client.upgrade('relay/forward', { node: 'far', target })).rejects.toThrow('not allowed');
    await expect(client.upgrade('relay/forward', { node: 'far', target: 'nonsense' })).rejects.toThrow('not allowed');
  });
});
