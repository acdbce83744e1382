// Anti-entropy: what a flood lost is found by comparing sums of tables, over any neighbour.

import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { Type } from 'typebox';
import { beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../core/clock.ts';
import { silentLogger } from '../../../core/logger.ts';
import { seededRandom } from '../../../core/random.ts';
import { DropCounters } from '../../../mesh/counters.ts';
import { sealEnvelope } from '../../../mesh/gossip/envelope.ts';
import { Gossip } from '../../../mesh/gossip/gossip.ts';
import { SequenceNumbers } from '../../../mesh/gossip/sequence.ts';
import { Synchronizer } from '../../../mesh/gossip/synchronizer.ts';
import type { Topic } from '../../../mesh/gossip/topics.ts';
import { issueCertificate } from '../../../mesh/membership/certificate.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { Members } from '../../../mesh/membership/members.ts';
import { createNetwork } from '../../../mesh/membership/network.ts';
import { SharedReader } from '../../../mesh/simulator/shared-reader.ts';
import { DigestSchema, FramesSchema, type PeerMessage } from '../../../mesh/wire/generated/parlmesh_pb.ts';
import { memorySequence } from '../virtual-mesh.ts';

const topics = ['weather', 'tide'].map(
  (name) => ({ name, kind: 'state', schema: Type.Object({}), lifetime: 3600_000 }) as const satisfies Topic,
);
const authority = SigningKey.generate();
const clockOfKeys = new VirtualClock();
const network = createNetwork('test', authority, 'self', clockOfKeys.wall());
const origins = Array.from({ length: 12 }, () => SigningKey.generate());
const certificates = origins.map((key, at) =>
  issueCertificate(network.authorityKey!, {
    network: network.network.id,
    node: key.publicKey,
    name: `o${at}`,
    issuedAt: clockOfKeys.wall(),
    expiresAt: clockOfKeys.wall() + 24 * 3600_000,
    serial: `${at}`,
  }),
);
const reader = new SharedReader();

/** What origin `origin` said on topic `topic` for the `sequence`-th time. */
const frames = new Map<string, Uint8Array>();
const frameOf = (origin: number, topic: number, sequence: number): Uint8Array => {
  const key = `${origin} ${topic} ${sequence}`;
  let frame = frames.get(key);
  if (frame === undefined) {
    const said = {
      network: network.network.id,
      sequence,
      topic: topics[topic]!.name,
      time: clockOfKeys.wall(),
      lifetime: 3600_000,
      payload: Buffer.from('{}'),
    };
    frame = sealEnvelope(said, origins[origin]!, certificates[origin]!);
    frames.set(key, frame);
  }
  return frame;
};

interface Node {
  id: string;
  gossip: Gossip;
  drops: DropCounters;
  synchronizer: Synchronizer;
}

class World {
  readonly clock = new VirtualClock();
  readonly nodes: Node[] = [];
  readonly sent = new Map<string, number>();
  readonly #random;
  readonly #loss: number;

  constructor(seed: number, loss = 0) {
    this.#random = seededRandom(seed);
    this.#loss = loss;
  }

  async add(): Promise<Node> {
    const { clock } = this;
    const id = `n${this.nodes.length}`;
    const drops = new DropCounters();
    const gossip = new Gossip({
      networkId: network.network.id,
      key: SigningKey.generate(),
      certificate: () => network.certificate,
      members: new Members({
        network: { id: network.network.id, authority: network.authority },
        clock,
        isRevoked: () => false,
        most: 100,
        reader,
      }),
      sequence: await SequenceNumbers.open(memorySequence()),
      transports: [],
      clock,
      drops,
      logger: silentLogger,
      reader,
      overtaken: () => {},
    });
    for (const topic of topics) gossip.subscribe(topic, { message: () => {} });
    const synchronizer = new Synchronizer({
      self: id,
      gossip,
      clock,
      random: this.#random,
      drops,
      send: (peer, message) => this.#carry(id, peer, message),
    });
    synchronizer.start();
    const node = { id, gossip, drops, synchronizer };
    this.nodes.push(node);
    return node;
  }

  join(a: Node, b: Node): void {
    a.synchronizer.meet(b.id);
    b.synchronizer.meet(a.id);
  }

  messages(...kinds: PeerMessage['kind']['case'][]): number {
    return kinds.reduce((sum, kind) => sum + (this.sent.get(kind ?? '') ?? 0), 0);
  }

  agree(): boolean {
    const tables = this.nodes.map(({ gossip }) =>
      [...gossip.states.entries()].map(({ topic, origin, sequence }) => `${topic} ${origin} ${sequence}`).sort(),
    );
    const roots = new Set(this.nodes.map(({ gossip }) => gossip.states.fingerprint.root));
    const same = new Set(tables.map((table) => table.join())).size === 1;
    expect(roots.size === 1).toBe(same);
    return same;
  }

  /** Milliseconds until all tables are equal. */
  untilAgreed(most: number): number {
    const from = this.clock.now();
    while (!this.agree() && this.clock.now() - from < most) this.clock.advance(50);
    return this.clock.now() - from;
  }

  #carry(from: string, to: string, message: PeerMessage): boolean {
    const kind = message.kind.case ?? '';
    this.sent.set(kind, (this.sent.get(kind) ?? 0) + 1);
    if (this.#random.next() < this.#loss) return true;
    this.clock.after(5, () => this.nodes.find(({ id }) => id === to)?.synchronizer.hear(from, message.kind));
    return true;
  }
}

const chain = async (world: World, length: number): Promise<Node[]> => {
  for (let at = 0; at < length; at++) {
    const node = await world.add();
    const before = world.nodes[at - 1];
    if (before !== undefined) world.join(before, node);
  }
  return world.nodes;
};

describe('the synchronisation of neighbours', () => {
  beforeAll(() => {
    for (let origin = 0; origin < origins.length; origin++) frameOf(origin, 0, 1);
  });

  it('makes any tables of a chain of nodes equal, also when messages are lost', async () => {
    const said = fc.record({
      node: fc.nat({ max: 3 }),
      origin: fc.nat({ max: origins.length - 1 }),
      topic: fc.nat({ max: 1 }),
      sequence: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { maxLength: 60 }),
        fc.nat(),
        fc.constantFrom(0, 0.1),
        async (words, seed, loss) => {
          const world = new World(seed, loss);
          const nodes = await chain(world, 4);
          for (const { node, origin, topic, sequence } of words) {
            nodes[node]!.gossip.ingest(frameOf(origin, topic, sequence), 'memory');
          }
          expect(world.untilAgreed(120_000)).toBeLessThan(120_000);
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });

  it('brings what one neighbour did not hear within two seconds, and asks nothing more once both agree', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new World(seed);
      const [a, b] = await chain(world, 2);
      for (let origin = 0; origin < 12; origin++)
        for (const node of [a!, b!]) node.gossip.ingest(frameOf(origin, 0, 1), 'memory');
      world.clock.advance(10_000);
      expect(world.messages('entries', 'want', 'frames')).toBe(0);
      a!.gossip.ingest(frameOf(3, 0, 2), 'memory');
      expect(world.untilAgreed(10_000)).toBeLessThanOrEqual(2000);
      const told = world.messages('digest');
      const exchanged = world.messages('entries', 'want', 'frames');
      expect(exchanged).toBeLessThanOrEqual(3);
      world.clock.advance(60_000);
      expect(world.messages('entries', 'want', 'frames')).toBe(exchanged);
      // Idle: one of a few bytes each ten seconds, from each of the two.
      expect(world.messages('digest') - told).toBeLessThanOrEqual(15);
    }
  });

  it('gives a newcomer everything at once', async () => {
    const world = new World(1);
    const [a] = await chain(world, 2);
    for (let origin = 0; origin < 12; origin++)
      for (const node of world.nodes) node.gossip.ingest(frameOf(origin, 1, 1), 'memory');
    world.clock.advance(10_000);
    const newcomer = await world.add();
    world.join(a!, newcomer);
    expect(world.untilAgreed(1000)).toBeLessThanOrEqual(100);
  });

  it('counts what is broken, and what is too much, against the neighbour that sent it', async () => {
    const world = new World(1);
    const [node] = await chain(world, 1);
    node!.synchronizer.meet('liar');
    const broken = { root: 1n, buckets: new Uint8Array(3), settled: new Uint8Array(3) };
    for (let at = 0; at < 100; at++) {
      node!.synchronizer.hear('liar', { case: 'digest', value: create(DigestSchema, broken) });
    }
    expect(node!.drops.snapshot()).toMatchObject({ malformed: 60, rate: 40 });
    const frames = Array.from({ length: 30_000 }, () => new Uint8Array());
    node!.synchronizer.hear('liar', { case: 'frames', value: create(FramesSchema, { frames }) });
    expect(node!.drops.snapshot()).toMatchObject({ malformed: 60, rate: 41 });
    expect(node!.gossip.blame.of('liar', world.clock.now())).toEqual({ forged: 60, flooded: 41 });
  });

  it('compares ever more rarely with a neighbour that never agrees', async () => {
    const world = new World(1);
    const [honest] = await chain(world, 1);
    honest!.gossip.ingest(frameOf(0, 0, 1), 'memory');
    honest!.synchronizer.meet('liar');
    const asked = (): number => world.messages('entries');
    for (let second = 0; second < 600; second++) {
      world.clock.advance(1000);
      const value = create(DigestSchema, {
        root: 1n,
        buckets: new Uint8Array(1024).fill(1),
        settled: new Uint8Array(32).fill(255),
      });
      honest!.synchronizer.hear('liar', { case: 'digest', value });
    }
    expect(asked()).toBeLessThanOrEqual(20);
  });
});
