// A network of mesh nodes in memory, on virtual time, for tests: deterministic by seed.

import { createHash } from 'node:crypto';
import { VirtualClock } from '../../core/clock.ts';
import type { JournalEntry } from '../../core/journal.ts';
import { silentLogger } from '../../core/logger.ts';
import { type Random, seededRandom } from '../../core/random.ts';
import { SequenceNumbers, type SequenceStore } from '../../mesh/gossip/sequence.ts';
import { issueCertificate } from '../../mesh/membership/certificate.ts';
import { SigningKey } from '../../mesh/membership/keys.ts';
import { type Credentials, createNetwork } from '../../mesh/membership/network.ts';
import { MeshNode, type MeshNodeParts } from '../../mesh/mesh-node.ts';
import { MemoryMedium, MemoryTransport, memoryAddress } from '../../mesh/transport/memory.ts';
import type { Transport } from '../../mesh/transport/transport.ts';

export interface VirtualNode {
  node: MeshNode;
  key: SigningKey;
  journal: JournalEntry[];
}

export const memorySequence = (first = 1): SequenceStore => {
  let next = first;
  return {
    load: async () => next,
    save: async (value) => {
      next = value;
    },
  };
};

export class VirtualMesh {
  readonly clock = new VirtualClock();
  readonly medium: MemoryMedium;
  readonly founder: SigningKey;
  readonly founded: Credentials;
  readonly #random: Random;
  readonly #seed: number;

  constructor(options: { seed?: number; delay?: number; loss?: number } = {}) {
    this.#seed = options.seed ?? 1;
    this.#random = seededRandom(this.#seed);
    this.founder = this.#keyOf('founder');
    this.medium = new MemoryMedium(this.clock, this.#random, { delay: options.delay ?? 5, loss: options.loss ?? 0 });
    this.founded = createNetwork('virtual', this.founder, 'founder', this.clock.wall());
  }

  credentialsOf(key: SigningKey, name: string, authority = this.founded.authorityKey): Credentials {
    if (authority === undefined) throw new Error('no authority');
    const now = this.clock.wall();
    const certificate = issueCertificate(authority, {
      network: this.founded.network.id,
      node: key.publicKey,
      name,
      issuedAt: now,
      expiresAt: now + 24 * 3600_000,
      serial: name,
    });
    return { ...this.founded, authorityKey: undefined, certificate };
  }

  /** Started. @param options.bootstrap nodes that it dials */
  async add(
    name: string,
    options: {
      bootstrap?: VirtualNode[];
      autoDial?: boolean;
      area?: string;
      key?: SigningKey;
      credentials?: Credentials;
      sequence?: SequenceStore;
      transports?: (memory: MemoryTransport) => Transport[];
      hooks?: Pick<MeshNodeParts, 'relayed' | 'weighed'>;
    } = {},
  ): Promise<VirtualNode> {
    const key = options.key ?? this.#keyOf(name);
    const journal: JournalEntry[] = [];
    const memory = new MemoryTransport(key.nodeId, this.medium);
    const node = new MeshNode({
      key,
      credentials: options.credentials ?? this.credentialsOf(key, name),
      name,
      version: '0.0.0-test',
      config: {
        preset: 'wired',
        maxPeers: 64,
        autoDial: options.autoDial ?? false,
        ...(options.area !== undefined && { area: options.area }),
        bootstrap: (options.bootstrap ?? []).map((other) => memoryAddress(other.node.id)),
      },
      transports: options.transports?.(memory) ?? [memory],
      sequence: await SequenceNumbers.open(options.sequence ?? memorySequence()),
      remembered: [],
      remember: () => {},
      isRevoked: () => false,
      summary: () => ({ profile: 'virtual', load: 0 }),
      ...options.hooks,
      clock: this.clock,
      random: this.#random,
      logger: silentLogger,
      journal: { record: (entry) => journal.push(entry) },
    });
    await node.start(new AbortController().signal);
    return { node, key, journal };
  }

  /** Two nodes of one name and seed have the same key: who begins is decided by ids. */
  #keyOf(name: string): SigningKey {
    const secret = createHash('sha256').update(`${this.#seed} ${name}`).digest();
    const body = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]).toString('base64');
    return SigningKey.fromPem(`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`);
  }

  /** Moves virtual time, letting what awaits go on in between. @param ms milliseconds */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      this.clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** The names on the way from one node to another; undefined without a route. */
export function pathBetween(from: VirtualNode, to: VirtualNode): string[] | undefined {
  return from.node.routes().find((route) => route.destination === to.node.id)?.pathNames;
}
