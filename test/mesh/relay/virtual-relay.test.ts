import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelayStream } from '../../../mesh/relay/relay-stream.ts';
import { VirtualMesh, type VirtualNode } from '../virtual-mesh.ts';

const nodes: VirtualNode[] = [];
let mesh: VirtualMesh;

/** a–b–c–d–e, settled. */
async function line(options: { loss?: number; seed?: number } = {}): Promise<VirtualNode[]> {
  mesh = new VirtualMesh({ seed: options.seed ?? 1, delay: 2 });
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    nodes.push(await mesh.add(name, { bootstrap: nodes.slice(-1) }));
  }
  await mesh.pass(3000);
  const { loss } = options;
  if (loss !== undefined) {
    for (let at = 1; at < nodes.length; at++) mesh.medium.shape(nodes[at - 1]!.node.id, nodes[at]!.node.id, { loss });
  }
  return nodes;
}

afterEach(async () => {
  const stopped = Promise.all(nodes.splice(0).map(({ node }) => node.stop()));
  await mesh.pass(500);
  await stopped;
});

/** Lets virtual time go on until the promise is settled. */
async function settled<T>(promise: Promise<T>, within = 60_000): Promise<T> {
  let done = false;
  const watched = promise.finally(() => {
    done = true;
  });
  watched.catch(() => {});
  for (let passed = 0; passed < within && !done; passed += 50) await mesh.pass(50);
  return watched;
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function readAll(stream: RelayStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

describe('The relay over four hops', () => {
  it('asks a node that is no neighbour, and brings its answer', async () => {
    const [a, , , , e] = await line();
    e!.node.relay.handle('ping', {
      message: (origin, payload) => Buffer.concat([Buffer.from(`${origin} said `), payload]),
    });
    const answer = await settled(a!.node.relay.request(e!.node.id, 'ping', Buffer.from('hello')));
    expect(Buffer.from(answer).toString()).toBe(`${a!.node.id} said hello`);
    expect(nodes[2]!.node.relay.counters().forwardedFrames).toBeGreaterThan(0);
    expect(nodes[2]!.node.relay.counters().sessions).toBe(0);
  });

  it('measures the way there and back, and names the nodes on it', async () => {
    const [a, b, c, d, e] = await line();
    expect(await settled(a!.node.relay.ping(e!.node.id))).toBeLessThanOrEqual(30);
    const { hops, reached } = await settled(a!.node.relay.trace(e!.node.id));
    expect(reached).toBe(true);
    expect(hops.map(({ node }) => node)).toEqual([b, c, d, e].map((one) => one!.node.id));
    expect(hops.map(({ roundTrip }) => roundTrip)).toEqual([4, 8, 12, 16]);
  });

  it('refuses a service that the other node does not allow, before its handler hears of it', async () => {
    const [a, , , , e] = await line();
    let heard = 0;
    e!.node.relay.handle('secret', {
      message: () => {
        heard++;
        return undefined;
      },
    });
    await expect(settled(a!.node.relay.request(e!.node.id, 'secret', new Uint8Array(1)))).rejects.toMatchObject({
      code: 'RELAY_REFUSED',
    });
    await expect(settled(a!.node.relay.openStream(e!.node.id, 'secret', 'x'))).rejects.toThrow('not allowed');
    expect(heard).toBe(0);
    expect(e!.node.relay.counters().drops.refused).toBe(2);
  });

  it('says at once that there is no way to an unknown node', async () => {
    const [a] = await line();
    await expect(a!.node.relay.ping('12D3KooWUnknown')).rejects.toMatchObject({ code: 'RELAY_NO_ROUTE' });
  });

  it.each([0, 0.05])(
    'carries a stream whole and in order when %d of all messages are lost on every hop',
    async (loss) => {
      const [a, , , , e] = await line({ loss, seed: 7 });
      e!.node.relay.handle('ping', {
        stream: async (stream, header) => {
          expect(header).toBe('upper');
          stream.pipe(stream);
        },
      });
      const stream = await settled(a!.node.relay.openStream(e!.node.id, 'ping', 'upper'));
      const sent = randomBytes(1_000_000);
      const back = readAll(stream);
      stream.end(sent);
      expect(digest(await settled(back, 300_000))).toBe(digest(sent));
      await mesh.pass(2000);
      expect(a!.node.relay.counters().streams).toBe(0);
      expect(e!.node.relay.counters().streams).toBe(0);
    },
  );

  it('stops the writer while nobody reads, and goes on when somebody does', async () => {
    const [a, , , , e] = await line();
    let far: RelayStream | undefined;
    e!.node.relay.handle('ping', {
      stream: async (stream) => {
        far = stream;
      },
    });
    const stream = await settled(a!.node.relay.openStream(e!.node.id, 'ping'));
    let taken = 0;
    const piece = Buffer.alloc(64 * 1024, 1);
    const total = 60;
    const writing = (async () => {
      for (; taken < total; taken++) {
        if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve));
      }
      stream.end();
    })();
    await mesh.pass(4000);
    expect(taken * piece.length).toBeLessThan(3 * 1024 * 1024);
    expect(far!.readableLength).toBeLessThanOrEqual(2 * 1024 * 1024);
    const read = readAll(far!);
    far!.end();
    stream.resume();
    await settled(writing);
    expect((await settled(read)).length).toBe(total * piece.length);
  });

  it('breaks a stream off with the cause when a node on the only way is gone', async () => {
    const [a, , c, , e] = await line();
    e!.node.relay.handle('ping', { stream: async (stream) => void stream.resume() });
    const stream = await settled(a!.node.relay.openStream(e!.node.id, 'ping'));
    const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
    stream.write('hello');
    await mesh.pass(100);
    const stopped = c!.node.stop();
    expect(await settled(failed)).toMatchObject({ code: 'RELAY_NO_ROUTE' });
    await settled(stopped);
  });

  it('makes a new session when the other node was restarted', async () => {
    const [a, , , d, e] = await line();
    await settled(a!.node.relay.ping(e!.node.id));
    await settled(e!.node.stop());
    const again = await mesh.add('e', { key: e!.key, bootstrap: [d!] });
    nodes[4] = again;
    await mesh.pass(3000);
    await settled(a!.node.relay.ping(e!.node.id)).catch(() => {});
    expect(await settled(a!.node.relay.ping(e!.node.id))).toBeLessThanOrEqual(30);
  });
});
