// A country of nodes in regions on virtual time: real heads, real intake, real aggregation, members that send what they
// trained.

import type { Aggregate, Update } from '../../../../agents/federation/aggregation/aggregator.ts';
import { PlainArithmetic } from '../../../../agents/federation/aggregation/plain-arithmetic.ts';
import { coordinateMedian } from '../../../../agents/federation/aggregation/rules/trimmed-mean.ts';
import {
  frameOf,
  MODEL,
  PIECE_BYTES,
  Receipt,
  readFrame,
  sha256,
  UPDATE,
  type UpdateHeader,
  UpdatePiece,
} from '../../../../agents/federation/messages.ts';
import { RegionalAggregation } from '../../../../agents/federation/regional/regional-aggregation.ts';
import { RegionalDispatch } from '../../../../agents/federation/regional/regional-dispatch.ts';
import { RegionalHead } from '../../../../agents/federation/regional/regional-head.ts';
import { RegionalIntake } from '../../../../agents/federation/regional/regional-intake.ts';
import { RegionalNetwork } from '../../../../agents/federation/regional/regional-network.ts';
import { Int8Codec } from '../../../../agents/federation/rounds/int8-codec.ts';
import type { Counted } from '../../../../agents/federation/rounds/ports.ts';
import { Post } from '../../../../agents/federation/rounds/post.ts';
import { headerOf } from '../../../../agents/federation/rounds/round-work.ts';
import { SimulatedNetworks } from '../../../../agents/federation/simulation/simulated-network.ts';
import { makeSigned } from '../../../../agents/oracle/keys.ts';
import { VirtualClock } from '../../../../core/clock.ts';
import { seededRandom } from '../../../../core/random.ts';
import { keysOf } from '../member-keys.ts';
import { MemoryFederationStorage } from '../memory-storage.ts';

export const SIZE = 400;
export const SHAPE = { learner: 'parl-policy', format: 1, size: SIZE };
export const ROUND = 'ab'.repeat(8);
export const LASTS = 60_000;
export const codec = new Int8Codec();
const codecs = new Map([[codec.name, codec]]);
export const rule = coordinateMedian({ arithmetic: new PlainArithmetic() });

interface CountryOptions {
  nodes: number;
  /** What a node sends; 1 everywhere by default. */
  value?(node: number): number;
  /** What a head makes of its region in place of the rule. */
  headRule?(head: string, updates: readonly Update[]): Aggregate;
  audits?: number;
  /** The coordinator's rule across regions, where it is another than inside. */
  across?(updates: readonly Update[]): Aggregate;
}

/** A coordinator `c` and nodes `n0`… in towns of eight, in one process on virtual time. */
export class Country {
  readonly clock = new VirtualClock();
  readonly networks: SimulatedNetworks;
  readonly storage = new MemoryFederationStorage();
  readonly counted = new Map<string, UpdateHeader>();
  readonly members = new Map<string, RegionalNetwork>();
  readonly dispatch: RegionalDispatch;
  readonly aggregation: RegionalAggregation;
  readonly #options: CountryOptions;
  readonly #ids: string[];
  invited: readonly string[] = [];

  constructor(options: CountryOptions) {
    this.#options = options;
    const random = seededRandom(1);
    this.networks = new SimulatedNetworks({
      ...{ clock: this.clock, random, delay: () => 1, loss: 0, noticeAfter: 10, syncEvery: 0 },
    });
    this.#ids = Array.from({ length: options.nodes }, (_, node) => `n${String(node).padStart(3, '0')}`);
    const post = new Post(this.networks.join('c'));
    const keys = keysOf('c');
    this.dispatch = new RegionalDispatch({
      ...{ post, clock: this.clock },
      inner: {
        name: 'directly',
        invite: ({ nodes }) => {
          this.invited = nodes;
        },
        recall: () => {},
      },
      describe: (nodes) => nodes.map((id) => ({ id, cost: 1, mayHead: true })),
      distance: (a, b) => Math.abs((Number(a.slice(1)) >> 3) - (Number(b.slice(1)) >> 3)) + 0.01,
    });
    post.handle(UPDATE, async (origin, frame) => frameOf(await this.#takeDirect(origin, frame)));
    new RegionalIntake({
      ...{ post, keys, codecs, dispatch: this.dispatch, storage: this.storage, clock: this.clock },
      door: () => ({
        ...{ shape: SHAPE, number: () => 1 },
        admit: ({ node }) => (this.counted.has(node) ? { kind: 'taken' } : { kind: 'open', late: 0 }),
        count: async (header) => void this.counted.set(header.node, header),
      }),
    });
    this.aggregation = new RegionalAggregation({
      ...{ codecs, post, clock: this.clock, audits: options.audits ?? 0 },
      aggregate: (updates) => (options.across ?? rule.aggregate)(updates),
      inside: (updates) => rule.aggregate(updates),
    });
    for (const id of this.#ids) this.#join(id);
  }

  #join(id: string): void {
    const network = this.networks.join(id);
    const leadership = { current: () => ({ node: 'c', term: 1 }), onChange: () => () => {} };
    const member = new RegionalNetwork({ ...{ network, leadership, clock: this.clock }, random: seededRandom(2) });
    member.lead(
      new RegionalHead({
        ...{ network, keys: keysOf(id), shape: () => SHAPE, codecs, codec: new Int8Codec(), rule: () => rule.name },
        ...{ clock: this.clock, journal: { record: () => {} } },
        aggregate: (updates) => this.#options.headRule?.(id, updates) ?? rule.aggregate(updates),
        coordinator: () => 'c',
        toldItself: (told) => member.passedOn(id, told),
      }),
    );
    this.members.set(id, member);
  }

  async #takeDirect(origin: string, frame: Uint8Array): Promise<Receipt> {
    const read = readFrame(UpdatePiece, frame)!;
    const header: UpdateHeader = JSON.parse(read.header.header.body);
    if (this.counted.has(origin)) return { kind: 'taken' };
    if (read.bytes.length !== header.bytes) return { kind: 'more', have: 0 };
    const row = { learner: SHAPE.learner, round: 1, node: origin, header: JSON.stringify(read.header.header) };
    await this.storage.putUpdate({ ...row, data: Uint8Array.from(read.bytes) });
    this.counted.set(origin, header);
    return { kind: 'taken' };
  }

  /** How the coordinator serves models. */
  serve(handler: (frame: Uint8Array) => Uint8Array): void {
    this.networks.seat('c')!.handle(MODEL, (_, frame) => handler(frame));
  }

  /** Forms the regions and tells everybody. */
  async begin(): Promise<void> {
    await this.pass(50);
    this.dispatch.invite(
      {
        ...{ id: ROUND, learner: SHAPE.learner, round: 1, nodes: this.#ids, budget: 1 },
        ...{ lasts: () => LASTS, invitation: () => ({ body: '', signature: '' }), answered: () => {} },
      },
      new AbortController().signal,
    );
    await this.pass(200);
  }

  /** As a participant does: asks how much is there, sends, until it is told that it was taken. */
  async send(id: string): Promise<Receipt['kind']> {
    const node = Number(id.slice(1));
    const value = this.#options.value?.(node) ?? 1;
    const data = codec.pack(SHAPE, new Float32Array(SIZE).fill(value));
    const header: UpdateHeader = {
      ...{ id: ROUND, learner: SHAPE.learner, format: 1, round: 1, coordinator: 'c', node: id, base: '0'.repeat(16) },
      ...{ examples: 100, seconds: 1, metrics: {}, codec: codec.name, bytes: data.length, digest: sha256(data) },
    };
    const signed = makeSigned((body) => keysOf(id).sign('federation-update', body), header);
    for (let tries = 0; tries < 5; tries++) {
      const piece = frameOf({ header: signed, offset: 0 }, data.subarray(0, PIECE_BYTES));
      const reply = await this.members.get(id)!.request('c', UPDATE, piece);
      const receipt = readFrame(Receipt, reply)!.header;
      if (receipt.kind !== 'more') return receipt.kind;
    }
    return 'more';
  }

  async sendAll(ids: readonly string[] = this.#ids): Promise<void> {
    for (const id of ids) void this.send(id).catch(() => {});
    await this.pass(500);
  }

  async pass(ms: number, step = 5): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.advance(step);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async aggregate(): Promise<Aggregate> {
    const rows = await this.storage.updates(SHAPE.learner, 1);
    const updates = rows.flatMap(({ node, header, data }): Counted[] => {
      const known = headerOf(header);
      return known !== undefined && this.counted.has(node) ? [{ header: known, data, weight: known.examples }] : [];
    });
    const base = { version: '0'.repeat(16), parameters: new Float32Array(SIZE) };
    const task = { ...{ learner: SHAPE.learner, format: 1, round: 1, id: ROUND, base }, updates };
    const aggregating = this.aggregation.aggregate(task, new AbortController().signal);
    let isOver = false;
    void aggregating.then(
      () => (isOver = true),
      () => (isOver = true),
    );
    while (!isOver) await this.pass(5);
    return aggregating;
  }
}
