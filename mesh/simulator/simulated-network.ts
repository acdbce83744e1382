// Real mesh nodes on virtual time and a medium in memory. Deterministic by seed: keys, places of power cuts, losses.

import { createHash } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { type Clock, type Millis, VirtualClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { type Random, seededRandom } from '../../core/random.ts';
import { SequenceNumbers } from '../gossip/sequence.ts';
import { issueCertificate } from '../membership/certificate.ts';
import { type NodeId, SigningKey } from '../membership/keys.ts';
import type { Credentials } from '../membership/network.ts';
import { MeshNode } from '../mesh-node.ts';
import { plainCostsOf } from '../routing/routing.ts';
import { MemoryMedium, MemoryTransport, memoryAddress } from '../transport/memory.ts';
import { PeerMessageSchema } from '../wire/generated/parlmesh_pb.ts';
import { Adversary, type Vice } from './adversary.ts';
import type { DelayLaw, Scenario } from './scenario.ts';
import { SharedReader } from './shared-reader.ts';
import { VirtualUdp } from './virtual-udp.ts';

export interface SimulatedNode {
  readonly number: number;
  readonly name: string;
  readonly id: NodeId;
  readonly key: SigningKey;
  readonly credentials: Credentials;
  readonly sequence: SequenceNumbers;
  readonly adversary: Adversary | undefined;
  readonly clock: Clock;
  mesh: MeshNode;
  transport: MemoryTransport;
  alive: boolean;
}

export interface NetworkLink {
  readonly a: number;
  readonly b: number;
  cut: boolean;
}

const NETWORK_ID = '0123456789abcdef';
/** Between two of these steps what awaits goes on. */
const STEP: Millis = 10;
/** Nodes are switched on within this time. */
const START_SPREAD: Millis = 100;
const LIFETIME: Millis = 24 * 3600_000;

export class SimulatedNetwork {
  readonly clock = new VirtualClock();
  readonly nodes: SimulatedNode[] = [];
  readonly links: NetworkLink[];
  readonly random: Random;
  readonly #scenario: Scenario;
  readonly #medium: MemoryMedium;
  readonly #udp: VirtualUdp;
  readonly #reader = new SharedReader();
  readonly #costsOf = sharedCosts();
  readonly #authority: SigningKey;
  readonly #neighbours: number[][];
  /** Of nodes that lost power. */
  readonly #past = { messages: 0, bytes: 0, published: 0 };

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.random = seededRandom(scenario.seed);
    this.#medium = new MemoryMedium(this.clock, this.random, { delay: 5, loss: scenario.loss });
    this.#udp = new VirtualUdp({ clock: this.clock, random: this.random, medium: this.#medium });
    this.#authority = keyOf(scenario.seed, 'authority');
    this.links = scenario.wiring.links.map(([a, b]) => ({ a, b, cut: false }));
    this.#neighbours = scenario.wiring.nodes.map(() => []);
    for (const { a, b } of this.links) {
      this.#neighbours[a]!.push(b);
      this.#neighbours[b]!.push(a);
    }
  }

  /** Switches all nodes on, one after the other. */
  async start(): Promise<void> {
    const { wiring, byzantine } = this.#scenario;
    const count = wiring.nodes.length;
    const vices = dealVices(this.random, count, byzantine);
    for (const [number, { name }] of wiring.nodes.entries()) {
      this.nodes.push(await this.#make(number, name, vices.get(number)));
    }
    for (const { a, b } of this.links) {
      const delay = drawDelay(this.#scenario.delay, this.random);
      this.#medium.shape(this.nodes[a]!.id, this.nodes[b]!.id, { delay, jitter: this.#scenario.jitter });
    }
    for (const [at, node] of this.nodes.entries()) {
      const due = (START_SPREAD * at) / count;
      if (due > this.clock.now()) await this.pass(due - this.clock.now());
      await this.#switchOn(node);
    }
  }

  /** While hushed, neighbours greet and probe each other, and nothing else is heard. */
  hush(hushed: boolean): void {
    this.#medium.hush(hushed);
  }

  /** Stops everything. */
  async stop(): Promise<void> {
    for (const node of this.nodes) if (node.alive) this.#powerOff(node);
    await this.pass(1000);
  }

  /** Moves virtual time, letting what awaits go on in between. @param ms milliseconds */
  async pass(ms: Millis): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      this.clock.advance(Math.min(STEP, end - this.clock.now()));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** From one moment to the next, and nobody is told. */
  kill(number: number): void {
    const node = this.nodes[number]!;
    if (node.alive) this.#powerOff(node);
  }

  /** It starts anew with its key and knows nothing else. */
  async revive(number: number): Promise<void> {
    const node = this.nodes[number]!;
    if (node.alive) return;
    const again = this.#assemble(node);
    node.mesh = again.mesh;
    node.transport = again.transport;
    await this.#switchOn(node);
  }

  setCut(link: NetworkLink, cut: boolean): void {
    link.cut = cut;
    const [a, b] = [this.nodes[link.a]!.id, this.nodes[link.b]!.id];
    if (cut) this.#medium.cut(a, b);
    else this.#medium.mend(a, b);
  }

  /** Routes to other areas then need not be the shortest. */
  get hasAreas(): boolean {
    return this.#scenario.wiring.nodes[0]?.area !== undefined;
  }

  honest(): SimulatedNode[] {
    return this.nodes.filter(({ alive, adversary }) => alive && adversary === undefined);
  }

  isLiving({ a, b, cut }: NetworkLink): boolean {
    return !cut && this.nodes[a]!.alive && this.nodes[b]!.alive;
  }

  degree(number: number): number {
    return this.#neighbours[number]!.length;
  }

  /** Sent since the start by all that ever lived. */
  traffic(): { messages: number; bytes: number; published: number } {
    const sum = { ...this.#past };
    for (const node of this.nodes) if (node.alive) add(sum, node);
    return sum;
  }

  async #make(number: number, name: string, vice: Vice | undefined): Promise<SimulatedNode> {
    const { seed, skew } = this.#scenario;
    const key = keyOf(seed, String(number));
    const now = this.clock.wall();
    const certificate = issueCertificate(this.#authority, {
      network: NETWORK_ID,
      node: key.publicKey,
      name,
      issuedAt: now,
      expiresAt: now + LIFETIME,
      serial: String(number),
    });
    const credentials: Credentials = {
      network: { id: NETWORK_ID, name: 'simulation' },
      keys: [{ number: 0, key: new Uint8Array(32), since: 0 }],
      authority: this.#authority.publicKey,
      authorityKey: undefined,
      certificate,
    };
    const sequence = await SequenceNumbers.open(forgetful);
    const clock = skewed(this.clock, skew * (2 * this.random.next() - 1));
    const adversary =
      vice && new Adversary({ vice, clock, random: this.random, key, credentials, sequence, others: () => this.nodes });
    const base = { number, name, id: key.nodeId, key, credentials, sequence, adversary, clock, alive: false };
    return { ...base, ...this.#assemble(base) };
  }

  #assemble(node: Omit<SimulatedNode, 'mesh' | 'transport'>): Pick<SimulatedNode, 'mesh' | 'transport'> {
    const { adversary, key, credentials, name, sequence, clock, number } = node;
    const options = adversary?.transportOptions();
    const transport = new MemoryTransport(key.nodeId, this.#medium, {
      ...options,
      swallows: (bytes) => (this.#medium.isHushed && !isAboutLinks(bytes)) || options?.swallows?.(bytes) === true,
    });
    const mesh = new MeshNode({
      key,
      credentials,
      name,
      version: '0.0.0-simulated',
      config: {
        preset: 'wired',
        maxPeers: 1024,
        autoDial: false,
        ...(this.hasAreas && { area: this.#scenario.wiring.nodes[number]!.area }),
        bootstrap: this.#neighbours[number]! // Whoever is switched on later dials; who comes back dials all.
          .filter((other) => other < number || this.nodes[number] !== undefined)
          .map((other) => memoryAddress(this.#idOf(other))),
      },
      transports: [transport],
      senses: this.#udp.sensesOf(key.nodeId),
      reader: this.#reader,
      costsOf: this.#costsOf,
      computePeriod: this.#scenario.computePeriod,
      rememberedChanges: 0,
      sequence,
      remembered: [],
      remember: () => {},
      isRevoked: () => false,
      clock,
      random: this.random,
      logger: silentLogger,
      journal: { record: () => {} },
    });
    return { mesh, transport };
  }

  #idOf(number: number): NodeId {
    return this.nodes[number]?.id ?? keyOf(this.#scenario.seed, String(number)).nodeId;
  }

  async #switchOn(node: SimulatedNode): Promise<void> {
    node.alive = true;
    await node.mesh.start(new AbortController().signal);
    node.adversary?.start(node.transport, node.mesh);
  }

  #powerOff(node: SimulatedNode): void {
    add(this.#past, node);
    node.alive = false;
    node.adversary?.stop();
    node.transport.kill();
    // Its timers must not run on; nothing that it says now reaches anybody.
    void node.mesh.stop();
  }
}

function add(sum: { messages: number; bytes: number; published: number }, { mesh, transport }: SimulatedNode): void {
  const { sentMessages, sentBytes } = transport.traffic();
  sum.messages += sentMessages;
  sum.bytes += sentBytes;
  sum.published += mesh.counters().published;
}

function isAboutLinks(bytes: Uint8Array): boolean {
  const { kind } = fromBinary(PeerMessageSchema, bytes);
  return kind.case === 'hello' || kind.case === 'ping' || kind.case === 'pong' || kind.case === 'probeOffer';
}

/** Some of the numbers below `count`, at least one where `share` is not 0. */
export function pick(random: Random, count: number, share: number): number[] {
  const wanted = share === 0 ? 0 : Math.max(1, Math.round(count * share));
  const numbers = Array.from({ length: count }, (_, at) => at);
  for (let at = 0; at < Math.min(wanted, count); at++) {
    const other = at + random.below(count - at);
    [numbers[at], numbers[other]] = [numbers[other]!, numbers[at]!];
  }
  return numbers.slice(0, wanted).sort((a, b) => a - b);
}

/** Who goes bad, and how. A node has one vice. */
function dealVices(random: Random, count: number, wanted: readonly { vice: Vice; share: number }[]): Map<number, Vice> {
  const vices = new Map<number, Vice>();
  for (const { vice, share } of wanted) {
    const free = Array.from({ length: count }, (_, at) => at).filter((at) => !vices.has(at));
    const least = share === 0 ? 0 : Math.max(1, Math.round(count * share));
    for (const at of pick(random, free.length, least / Math.max(1, free.length))) vices.set(free[at]!, vice);
  }
  return vices;
}

/** PKCS #8 for Ed25519, up to the 32 bytes of the key (RFC 8410, section 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyOf(seed: number, name: string): SigningKey {
  const secret = createHash('sha256').update(`parlmesh simulation ${seed} ${name}`).digest();
  const body = Buffer.concat([PKCS8, secret]).toString('base64');
  return SigningKey.fromPem(`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`);
}

/** One table for each list, whoever reads it: lists are told apart as objects, and nobody changes a table. */
function sharedCosts(): typeof plainCostsOf {
  const known = new WeakMap<object, ReturnType<typeof plainCostsOf>>();
  return (links) => {
    const costs = known.get(links) ?? plainCostsOf(links);
    known.set(links, costs);
    return costs;
  };
}

const forgetful = { load: async () => 1, save: async () => {} };

const skewed = (clock: Clock, by: Millis): Clock => ({
  now: () => clock.now(),
  wall: () => clock.wall() + by,
  after: (delay, run) => clock.after(delay, run),
  every: (period, run) => clock.every(period, run),
});

function drawDelay(law: DelayLaw, random: Random): Millis {
  if (law.kind === 'fixed') return law.milliseconds;
  if (law.kind === 'uniform') return law.from + (law.to - law.from) * random.next();
  return -law.mean * Math.log(1 - random.next());
}
