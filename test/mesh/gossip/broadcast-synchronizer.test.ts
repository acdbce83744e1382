// Anti-entropy among many who only hear each other over a broker.

import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { DropCounters } from '../../../mesh/counters.ts';
import { BroadcastSynchronizer } from '../../../mesh/gossip/broadcast-synchronizer.ts';
import { Gossip } from '../../../mesh/gossip/gossip.ts';
import { SequenceNumbers } from '../../../mesh/gossip/sequence.ts';
import { DEFAULT_AREA, digestTopic, entriesTopic, type Topic } from '../../../mesh/gossip/topics.ts';
import { issueCertificate } from '../../../mesh/membership/certificate.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { Members } from '../../../mesh/membership/members.ts';
import { createNetwork } from '../../../mesh/membership/network.ts';
import { SharedReader } from '../../../mesh/simulator/shared-reader.ts';
import { noTraffic, type Transport, type TransportEvents } from '../../../mesh/transport/transport.ts';
import { memorySequence } from '../virtual-mesh.ts';

const weather = {
  name: 'weather',
  kind: 'state',
  schema: Type.Object({}),
  lifetime: 3600_000,
} as const satisfies Topic;

/** A broker: what one client says, all connected ones hear a little later. */
class Broker {
  readonly clock = new VirtualClock();
  readonly reader = new SharedReader();
  readonly nodes: Node[] = [];
  readonly authority = SigningKey.generate();
  readonly network = createNetwork('test', this.authority, 'founder', this.clock.wall());
  /** Messages handed to the broker, by topic. */
  readonly said = new Map<string, number>();

  publish(frame: Uint8Array, topic: string): void {
    this.said.set(topic, (this.said.get(topic) ?? 0) + 1);
    this.clock.after(3, () => {
      for (const node of this.nodes) if (node.isConnected) node.gossip.ingest(frame, 'mqtt');
    });
  }

  count(...topics: string[]): number {
    return topics.reduce((sum, topic) => sum + (this.said.get(topic) ?? 0), 0);
  }

  agree(): boolean {
    return new Set(this.nodes.map(({ gossip }) => gossip.states.fingerprint.root)).size === 1;
  }

  untilAgreed(most: number): number {
    const from = this.clock.now();
    while (!this.agree() && this.clock.now() - from < most) this.clock.advance(20);
    return this.clock.now() - from;
  }
}

class Node implements Transport {
  readonly kind = 'mqtt';
  readonly gossip: Gossip;
  readonly synchronizer: BroadcastSynchronizer;
  readonly drops = new DropCounters();
  readonly #broker: Broker;
  isConnected = false;

  private constructor(broker: Broker, key: SigningKey, sequence: SequenceNumbers, seed: number) {
    const { clock, reader, network } = broker;
    this.#broker = broker;
    const certificate = issueCertificate(network.authorityKey!, {
      network: network.network.id,
      node: key.publicKey,
      name: `n${seed}`,
      issuedAt: clock.wall(),
      expiresAt: clock.wall() + 24 * 3600_000,
      serial: `${seed}`,
    });
    this.gossip = new Gossip({
      networkId: network.network.id,
      key,
      certificate: () => certificate,
      members: new Members({
        network: { id: network.network.id, authority: network.authority },
        clock,
        isRevoked: () => false,
        most: 1000,
        reader,
      }),
      sequence,
      transports: [this],
      clock,
      drops: this.drops,
      logger: silentLogger,
      reader,
      overtaken: () => {},
    });
    this.gossip.subscribe(weather, { message: () => {} });
    this.synchronizer = new BroadcastSynchronizer({
      gossip: this.gossip,
      transport: this,
      clock,
      random: seededRandom(seed),
    });
  }

  static async on(broker: Broker): Promise<Node> {
    const sequence = await SequenceNumbers.open(memorySequence());
    const node = new Node(broker, SigningKey.generate(), sequence, broker.nodes.length + 1);
    broker.nodes.push(node);
    return node;
  }

  connect(): void {
    this.isConnected = true;
    this.synchronizer.start();
  }

  cut(): void {
    this.isConnected = false;
    this.synchronizer.stop();
  }

  async start(_events: TransportEvents): Promise<void> {}
  async stop(): Promise<void> {}
  traffic = noTraffic;

  broadcast(frame: Uint8Array, topic: string): void {
    if (this.isConnected) this.#broker.publish(frame, topic);
  }
}

async function nodesOn(broker: Broker, count: number): Promise<Node[]> {
  for (let at = 0; at < count; at++) (await Node.on(broker)).gossip.publish(weather, {});
  return broker.nodes;
}

describe('the synchronisation over a broker', () => {
  it('makes a hundred nodes whole within seconds after the broker was away, without all answering at once', async () => {
    const broker = new Broker();
    const nodes = await nodesOn(broker, 100);
    for (const node of nodes) node.connect();
    expect(broker.untilAgreed(10_000)).toBeLessThan(5000);
    for (const node of nodes) node.cut();
    for (const node of nodes.slice(0, 30)) node.gossip.publish(weather, {});
    broker.clock.advance(5000);
    const before = broker.count(weather.name);
    const control = broker.count(digestTopic.name, entriesTopic.name);
    for (const [at, node] of nodes.entries()) broker.clock.after(at * 3, () => node.connect());
    broker.clock.advance(300);
    expect(broker.untilAgreed(10_000)).toBeLessThan(3000);
    // Its own from each node, and what some of them missed before they had come.
    expect(broker.count(weather.name) - before).toBeLessThan(300);
    expect(broker.count(digestTopic.name, entriesTopic.name) - control).toBeLessThan(100);
  });

  it('gives a newcomer everything, most of it once', async () => {
    const broker = new Broker();
    const nodes = await nodesOn(broker, 50);
    for (const node of nodes) node.connect();
    broker.untilAgreed(10_000);
    broker.clock.advance(30_000);
    const before = broker.count(weather.name);
    const newcomer = await Node.on(broker);
    newcomer.connect();
    expect(broker.untilAgreed(10_000)).toBeLessThan(3000);
    expect(broker.count(weather.name) - before).toBeLessThan(150);
  });

  it('says one digest each few seconds among all, and nothing else, while all agree', async () => {
    const broker = new Broker();
    for (const node of await nodesOn(broker, 50)) node.connect();
    broker.untilAgreed(10_000);
    broker.clock.advance(20_000);
    const before = new Map(broker.said);
    broker.clock.advance(60_000);
    expect(broker.count(entriesTopic.name)).toBe(before.get(entriesTopic.name) ?? 0);
    expect(broker.count(weather.name)).toBe(before.get(weather.name));
    expect(broker.count(digestTopic.name) - (before.get(digestTopic.name) ?? 0)).toBeLessThan(60);
  });

  it('finds what one listener missed while the broker stood', async () => {
    const broker = new Broker();
    const nodes = await nodesOn(broker, 6);
    for (const node of nodes) node.connect();
    broker.untilAgreed(10_000);
    broker.clock.advance(30_000);
    nodes[3]!.isConnected = false;
    nodes[0]!.gossip.publish(weather, {});
    broker.clock.advance(10);
    nodes[3]!.isConnected = true;
    expect(broker.agree()).toBe(false);
    expect(broker.untilAgreed(20_000)).toBeLessThan(10_000);
  });

  it('is not made to repeat the whole table by a member that claims again and again to lack it', async () => {
    const broker = new Broker();
    const nodes = await nodesOn(broker, 20);
    for (const node of nodes) node.connect();
    broker.untilAgreed(10_000);
    broker.clock.advance(10_000);
    const liar = nodes[0]!;
    liar.synchronizer.stop();
    const before = broker.count(weather.name);
    const everything = Buffer.from(Uint8Array.from({ length: 256 }, (_, at) => at)).toString('base64');
    for (let second = 0; second < 60; second++) {
      liar.gossip.publish(entriesTopic, { area: DEFAULT_AREA, buckets: everything, states: '' }, liar);
      broker.clock.advance(1000);
    }
    expect(broker.count(weather.name) - before).toBeLessThan(60 * 20 * 4);
  });
});
