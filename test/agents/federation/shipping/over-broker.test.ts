// Boards that reach each other over an MQTT broker alone, with real nodes and a real broker.

import { createHash } from 'node:crypto';
import { connectAsync } from 'mqtt';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { BrokerNetwork, type BrokerPort, BrokerWay } from '../../../../agents/federation/broker-way.ts';
import { ExperienceReceiver } from '../../../../agents/federation/shipping/receiver.ts';
import { ExperienceShipper } from '../../../../agents/federation/shipping/shipper.ts';
import { silentLogger } from '../../../../core/logger.ts';
import { seededRandom } from '../../../../core/random.ts';
import { MeshAgentNetwork } from '../../../../daemon/agent-network.ts';
import { systemClock } from '../../../../daemon/clock.ts';
import { relayPolicy } from '../../../../daemon/remote-nodes.ts';
import { PublicKey, rawKeyOf, type SigningKey } from '../../../../mesh/membership/keys.ts';
import { brokerOnly, realNode, started, stopAll } from '../../../mesh/real-nodes.ts';
import { aedesOn } from '../../../mesh/transport/aedes.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';
import { config, count, lived, ownStore, packed, SCHEMA } from './ship-yard.ts';

afterEach(stopAll);

async function broker(): Promise<string> {
  const { url, close } = await aedesOn();
  onTestFinished(async () => {
    await stopAll();
    await close();
  });
  return url;
}

/** A client of the broker, as the daemon has one. */
async function port(url: string): Promise<BrokerPort> {
  const client = await connectAsync(url);
  onTestFinished(() => client.endAsync(true));
  return {
    publish: (topic, payload) => {
      client.publish(topic, Buffer.from(payload));
      return client.connected;
    },
    subscribe: (topic, hear) => {
      client.subscribe(topic);
      client.on('message', (at, payload) => at === topic && hear(payload));
    },
  };
}

/** Both sign with their keys and believe each other's. */
async function way(url: string, key: SigningKey, members: readonly string[]): Promise<BrokerWay> {
  const made = new BrokerWay({
    ...{ self: key.publicKey.nodeId, networkId: () => 'net', port: await port(url), clock: systemClock },
    keys: {
      sign: (body) => key.sign('broker', body),
      verify: (node, body, signature) =>
        members.includes(node) && new PublicKey(rawKeyOf(node)!).verify('broker', body, signature),
    },
  });
  made.listen();
  return made;
}

it('ships experience between two boards that reach only a broker', { timeout: 90_000 }, async () => {
  const url = await broker();
  const founder = await started(realNode('founder'));
  const over = { mqtt: { urls: [url] }, authorize: relayPolicy([]) };
  const hub = await brokerOnly(founder, 'hub', over);
  const board = await brokerOnly(founder, 'board', over);
  await founder.mesh.stop();

  const [hubNetwork, boardNetwork] = [hub, board].map(({ mesh }) => new MeshAgentNetwork(mesh, systemClock));
  const members = [hub.mesh.id, board.mesh.id];
  const hubWay = new BrokerNetwork(hubNetwork!, await way(url, hub.key, members), () => true);
  const boardWay = new BrokerNetwork(boardNetwork!, await way(url, board.key, members), () => true);
  const storage = new MemoryFederationStorage();
  const shared = { schema: SCHEMA, count, config, clock: systemClock, logger: silentLogger };
  const receiver = new ExperienceReceiver({
    ...{ ...shared, network: hubWay, storage, coordinates: () => true },
    refuses: (node) => (node === board.mesh.id ? undefined : 'who is that?'),
  });
  const store = ownStore();
  await store.put(lived(board.mesh.id, 1, 50));
  await store.put(lived(board.mesh.id, 51, 1, { data: packed(9, 150_000), decisions: 9 }));
  const shipper = new ExperienceShipper({
    ...{ ...shared, network: boardWay, storage: store, random: seededRandom(1), vetoes: () => undefined },
    config: { ...config, bytesPerSecond: 1_000_000 },
    leadership: { current: () => ({ node: hub.mesh.id, term: 1 }), onChange: () => () => {} },
    journal: { record: () => {} },
  });
  await started(hub);
  await started(board);
  await shipper.start(new AbortController().signal);
  await vi.waitFor(() => expect(shipper.figures.received).toBe(51), { timeout: 60_000, interval: 50 });
  // The mesh sees both, and has no way between them.
  expect(board.mesh.routes()).toEqual([]);
  const peer = board.mesh.peers().find(({ id }) => id === hub.mesh.id);
  expect(peer).toMatchObject({ transports: ['mqtt'] });
  expect(storage.rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 51 }, (_, index) => index + 1));
  expect(storage.rows[50]!.data.length).toBe(150_000);
  expect(receiver.figures).toMatchObject({ rows: 51, duplicates: 0 });
  await shipper.stop();
});

it('drops over the broker what is forged, passed on or from a stranger', async () => {
  const sent: [string, Uint8Array][] = [];
  const hears = new Map<string, (payload: Uint8Array) => void>();
  const memory: BrokerPort = {
    publish: (topic, payload) => {
      sent.push([topic, payload]);
      return true;
    },
    subscribe: (topic, hear) => hears.set(topic, hear),
  };
  // A signature that says who signed and what.
  const signed = (node: string, body: Uint8Array) => createHash('sha512').update(node).update(body).digest();
  const node = (self: string) => {
    const made = new BrokerWay({
      ...{ self, networkId: () => 'net', port: memory, clock: systemClock },
      keys: {
        sign: (body) => signed(self, body),
        verify: (from, body, signature) => from !== 'mallory' && signed(from, body).equals(signature),
      },
    });
    made.listen();
    return made;
  };
  const [hub, board, mallory] = [node('hub'), node('board'), node('mallory')];
  const asked: string[] = [];
  hub.handle('echo', (origin, payload) => {
    asked.push(`${origin} ${Buffer.from(payload)}`);
    return payload;
  });
  const deliver = async (): Promise<void> => {
    for (const [topic, payload] of sent.splice(0)) hears.get(topic)!(payload);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const answer = board.request('hub', 'echo', Buffer.from('hello'));
  const question = sent[0]!;
  await deliver();
  await deliver();
  expect(Buffer.from(await answer).toString()).toBe('hello');
  expect(asked).toEqual(['board hello']);

  const broken = Uint8Array.from(question[1]);
  broken[broken.length - 1]! ^= 1;
  hears.get(question[0])!(broken);
  hears.get('parlmesh/net/ask/board')!(question[1]);
  hears.get(question[0])!(new Uint8Array(100_000));
  hears.get(question[0])!(new Uint8Array(3));
  void mallory.request('hub', 'echo', Buffer.from('me too'), { deadline: 1 }).catch(() => {});
  await deliver();
  expect(asked).toEqual(['board hello']);
  expect([hub.dropped, board.dropped]).toEqual([4, 1]);

  const unknown = board.request('hub', 'nothing', new Uint8Array(0));
  await deliver();
  const refused = expect(unknown).rejects.toMatchObject({
    code: 'RELAY_REFUSED',
    message: 'there is no service "nothing"',
  });
  await deliver();
  await refused;
  await expect(board.request('hub', 'echo', new Uint8Array(0), { deadline: 5 })).rejects.toMatchObject({
    code: 'BROKER_UNANSWERED',
  });
});
