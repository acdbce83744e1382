// The mesh over a broker: boards that reach only it, and nodes that bridge.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { brokerOnly, type RealNode, realNode, started, stopAll } from './real-nodes.ts';
import { aedesOn } from './transport/aedes.ts';

const soon = { timeout: 15_000, interval: 20 };

let url: string;
let closeBroker: () => Promise<void>;
let published: { topic: string; payload: Buffer }[];

beforeEach(async () => {
  const bare = await aedesOn();
  ({ url, close: closeBroker } = bare);
  published = [];
  bare.broker.on('publish', ({ topic, payload }, client) => {
    if (client !== null) published.push({ topic, payload: Buffer.from(payload) });
  });
});

afterEach(async () => {
  await stopAll();
  await closeBroker();
});

const seen = (node: RealNode, other: RealNode) => node.mesh.peers().find(({ id }) => id === other.mesh.id);

describe('a mesh over an MQTT broker', () => {
  it('shows boards that reach only the broker to everybody, through the node that has both', async () => {
    const inside = await started(realNode('inside'));
    const bridge = realNode('bridge', { mqtt: { urls: [url] } });
    await started(bridge);
    await bridge.mesh.joinNetwork((await inside.mesh.createInvite({ expiresIn: 60_000 })).token);
    const board = await started(await brokerOnly(inside, 'board', { mqtt: { urls: [url] } }));
    await vi.waitFor(() => {
      expect(seen(board, inside)).toMatchObject({ state: 'reachable', transports: ['mqtt'], profile: 'generic-x64' });
      expect(seen(board, bridge)).toMatchObject({ state: 'reachable', transports: ['mqtt'] });
      expect(seen(inside, board)?.profile).toBe('generic-x64');
      expect(seen(bridge, board)).toMatchObject({ state: 'reachable', transports: ['mqtt'] });
    }, soon);
    board.mesh.setScore(0.9);
    await vi.waitFor(() => expect(seen(inside, board)?.score).toBe(0.9), soon);
  });

  it('goes on to the next broker when one is away, and journals once that the way is lost and is back', async () => {
    const mqtt = { urls: ['mqtt://user:secret@127.0.0.1:1', url] };
    const node = await started(realNode('node', { mqtt }));
    await vi.waitFor(() => expect(published.length).toBeGreaterThan(0), soon);
    await vi.waitFor(() => expect(node.journal.map(({ kind }) => kind)).toContain('mesh.medium.back'), soon);
    const told = node.journal.filter(({ kind }) => kind.startsWith('mesh.medium')).map(({ message }) => message);
    expect(told).toEqual([
      expect.stringMatching(/^The mesh's way over mqtt is away: mqtt:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/),
      "The mesh's way over mqtt is back",
    ]);
  });

  it('does not circle: what two bridges say is taken once', async () => {
    const inside = await started(realNode('inside', { mqtt: { urls: [url] } }));
    const second = await started(realNode('second', { mqtt: { urls: [url] } }));
    await second.mesh.joinNetwork((await inside.mesh.createInvite({ expiresIn: 60_000 })).token);
    await vi.waitFor(() => expect(second.mesh.routes()).toHaveLength(1), soon);
    const { Type } = await import('typebox');
    const topic = { name: 'news', kind: 'event', schema: Type.Object({ n: Type.Number() }), lifetime: 60_000 } as const;
    const board = realNode('board', { mqtt: { urls: [url] } });
    const heard: number[] = [];
    board.mesh.subscribe(topic, { message: ({ payload }) => heard.push(payload.n) });
    await started(board);
    await board.mesh.joinNetwork((await inside.mesh.createInvite({ expiresIn: 60_000 })).token);
    await vi.waitFor(() => expect(seen(board, second)?.profile).toBeDefined(), soon);
    for (let n = 0; n < 10; n++) inside.mesh.publish(topic, { n });
    await vi.waitFor(() => expect([...heard].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), soon);
    const origin = inside.mesh.id;
    const about = published.filter((one) => one.topic.endsWith(`/gossip/news/${origin}`));
    // Each of at most three clients may hand a frame to the broker once; a loop would go on.
    expect(about.length).toBeLessThanOrEqual(30);
    expect(heard).toHaveLength(10);
  });

  it('says nothing in the clear that lets a stranger in, and believes nobody without a certificate', async () => {
    const node = await started(realNode('node', { mqtt: { urls: [url] } }));
    await vi.waitFor(() => expect(published.length).toBeGreaterThan(0), soon);
    const stranger = await started(realNode('stranger', { mqtt: { urls: [url] } }));
    const secret = ((await node.state.read('credentials')) as { networkKey: string }).networkKey;
    for (const { payload } of published) expect(payload.includes(Buffer.from(secret, 'base64'))).toBe(false);
    expect(node.mesh.peers()).toEqual([]);
    expect(stranger.mesh.peers()).toEqual([]);
  });
});
