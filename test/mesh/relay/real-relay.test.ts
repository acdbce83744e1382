import { createHash, randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RelayStream } from '../../../mesh/relay/relay-stream.ts';
import { type RealNode, realNode, started, stopAll } from '../real-nodes.ts';

afterEach(stopAll);

const MEGABYTE = 1024 * 1024;
/** Many times what all windows and queues hold. */
const MEGABYTES = 12;

/** a–b–c: a and c know each other over b only. */
async function chain(): Promise<[RealNode, RealNode, RealNode]> {
  const b = await started(realNode('b'));
  const network = async (name: string): Promise<RealNode> => {
    const node = await started(realNode(name, { authorize: () => true }));
    const { token } = await b.mesh.createInvite({ expiresIn: 60_000 });
    await node.mesh.joinNetwork(token);
    return node;
  };
  const [a, c] = [await network('a'), await network('c')];
  await vi.waitFor(() => expect(a.mesh.routes().map(({ destination }) => destination)).toContain(c.mesh.id), 60_000);
  await vi.waitFor(() => expect(c.mesh.routes().map(({ destination }) => destination)).toContain(a.mesh.id), 60_000);
  expect(a.mesh.links().map(({ peer }) => peer)).toEqual([b.mesh.id]);
  return [a, b, c];
}

async function* noise(pieces: number, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for (let at = 0; at < pieces; at++) {
    const piece = randomBytes(MEGABYTE);
    hash.update(piece);
    yield piece;
  }
}

describe('The relay between real nodes', () => {
  it('carries megabytes through a third node, whole, in bounded queues, and pings meanwhile', {
    timeout: 180_000,
  }, async () => {
    const [a, b, c] = await chain();
    const received = createHash('sha256');
    let bytes = 0;
    const ended = new Promise<void>((resolve) => {
      c.mesh.relay.handle('sink', {
        stream: async (stream: RelayStream) => {
          stream.on('data', (data: Buffer) => {
            received.update(data);
            bytes += data.length;
          });
          stream.on('end', resolve);
          stream.end();
        },
      });
    });
    const sent = createHash('sha256');
    const stream = await a.mesh.relay.openStream(c.mesh.id, 'sink');
    stream.resume();
    let mostQueued = 0;
    const watching = setInterval(() => {
      mostQueued = Math.max(mostQueued, ...[a, b, c].map(({ mesh }) => mesh.relay.counters().queuedBytes));
    }, 5);
    const ping = a.mesh.relay.ping(c.mesh.id);
    await pipeline(noise(MEGABYTES, sent), stream);
    await ended;
    clearInterval(watching);
    expect(await ping).toBeLessThan(5000);
    expect(bytes).toBe(MEGABYTES * MEGABYTE);
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(mostQueued).toBeLessThanOrEqual(2 * MEGABYTE);
    expect(b.mesh.relay.counters().forwardedBytes).toBeGreaterThan(MEGABYTES * MEGABYTE);
  });

  it('ends streams with the cause when the node between dies', { timeout: 180_000 }, async () => {
    const [a, b, c] = await chain();
    c.mesh.relay.handle('sink', { stream: async (stream) => void stream.resume() });
    const stream = await a.mesh.relay.openStream(c.mesh.id, 'sink');
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
    stream.write('hello');
    await b.mesh.stop();
    expect(await failed).toMatchObject({ code: 'RELAY_NO_ROUTE' });
    await expect(a.mesh.relay.ping(c.mesh.id)).rejects.toMatchObject({ code: 'RELAY_NO_ROUTE' });
  });
});
