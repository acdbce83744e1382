// A node of a federation on any network: the participant that serves, and the coordinator where asked for. Ed25519 keys, int8
// updates and the default rule as in a daemon.

import { Value } from 'typebox/value';
import type { Aggregate, Update } from '../../agents/federation/aggregation/aggregator.ts';
import { createAggregator } from '../../agents/federation/aggregation/create-aggregator.ts';
import { WasmArithmetic } from '../../agents/federation/aggregation/wasm-arithmetic.ts';
import { FederationConfig } from '../../agents/federation/config.ts';
import { FederatedCoordinator } from '../../agents/federation/federated-coordinator.ts';
import type { Model } from '../../agents/federation/learner.ts';
import { bytesOf, frameOf, type RoundKeys, versionOf } from '../../agents/federation/messages.ts';
import { Participant } from '../../agents/federation/participant.ts';
import { RegionalAggregation } from '../../agents/federation/regional/regional-aggregation.ts';
import { RegionalDispatch } from '../../agents/federation/regional/regional-dispatch.ts';
import { RegionalHead } from '../../agents/federation/regional/regional-head.ts';
import { RegionalIntake } from '../../agents/federation/regional/regional-intake.ts';
import { RegionalNetwork } from '../../agents/federation/regional/regional-network.ts';
import { DirectDispatch } from '../../agents/federation/rounds/direct-dispatch.ts';
import { Int8Codec } from '../../agents/federation/rounds/int8-codec.ts';
import { PlainAggregation } from '../../agents/federation/rounds/plain-aggregation.ts';
import type { Leadership } from '../../agents/federation/rounds/ports.ts';
import { Post } from '../../agents/federation/rounds/post.ts';
import type { FederationStorage } from '../../agents/federation/storage.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import { silentLogger } from '../../core/logger.ts';
import { seededRandom } from '../../core/random.ts';
import { systemClock } from '../../daemon/clock.ts';
import { PublicKey, rawKeyOf, type SigningKey } from '../../mesh/membership/keys.ts';
import { BenchDesk, BenchLearner, LEARNER } from './bench-learner.ts';

/** What each node does for itself on its own board: packing and signing. Here it all comes after one another. */
export const ownWork = {
  seconds: 0,
  time<T>(work: () => T): T {
    const began = performance.now();
    const result = work();
    this.seconds += (performance.now() - began) / 1000;
    return result;
  },
};

class TimedCodec extends Int8Codec {
  override pack(...args: Parameters<Int8Codec['pack']>): Uint8Array {
    return ownWork.time(() => super.pack(...args));
  }
}

/** Verifies as a daemon does: the id of a node is its public key. */
export class BenchKeys implements RoundKeys {
  readonly self: string;
  readonly #key: SigningKey;
  readonly #known: Map<string, PublicKey>;

  constructor(key: SigningKey, known: Map<string, PublicKey>) {
    this.self = key.nodeId;
    this.#key = key;
    this.#known = known;
  }

  sign(purpose: string, body: Uint8Array): Uint8Array {
    return ownWork.time(() => this.#signed(purpose, body));
  }

  #signed(purpose: string, body: Uint8Array): Uint8Array {
    return this.#key.sign('policy', Buffer.concat([Buffer.from(`${purpose} `), body]));
  }

  verify(purpose: string, signer: string, body: Uint8Array, signature: Uint8Array): boolean {
    const raw = this.#known.has(signer) ? undefined : rawKeyOf(signer);
    if (raw !== undefined) this.#known.set(signer, new PublicKey(raw));
    const key = this.#known.get(signer);
    return key?.verify('policy', Buffer.concat([Buffer.from(`${purpose} `), body]), signature) ?? false;
  }
}

export interface FederationNodeParts {
  network: AgentNetwork;
  keys: BenchKeys;
  leadership: Leadership;
  /** Of the node, for its numbers. */
  number: number;
  size: number;
  /** Seconds that training takes. */
  wait: number;
}

const journal = { record: () => {} };

/** Takes part in rounds; begins to with `start`. */
export function participantOf(
  { network, keys, leadership, number, size, wait }: FederationNodeParts,
  isRegional = false,
) {
  const common = { keys, leadership, clock: systemClock, random: seededRandom(number) };
  const learner = new BenchLearner(size, wait, number);
  const regional = isRegional ? regionalNetworkOf(network, keys, leadership, learner) : network;
  const post = new Post(regional);
  const plain = plainTrainer(learner, keys);
  network.handle('plain-train', plain);
  let note: unknown;
  const participant = new Participant({
    ...{ ...common, network: regional, post, learners: [learner], journal, gates: [], codec: new TimedCodec() },
    budget: () => 30,
    condition: () => ({ pressure: 0.1 }),
    notebook: {
      read: async () => note,
      write: async (document) => {
        note = document;
      },
    },
  });
  return { participant, post, learner };
}

function regionalNetworkOf(network: AgentNetwork, keys: BenchKeys, leadership: Leadership, learner: BenchLearner) {
  const regional = new RegionalNetwork({ network, leadership, clock: systemClock, random: seededRandom(1) });
  const codec = new Int8Codec();
  let rule: ((updates: readonly Update[]) => Aggregate) | undefined;
  regional.lead(
    new RegionalHead({
      ...{
        network,
        keys,
        codec,
        codecs: new Map([[codec.name, codec]]),
        rule: () => 'default',
        journal,
        clock: systemClock,
      },
      shape: () => ({ learner: LEARNER, format: learner.format, size: learner.size }),
      // Only heads need one.
      aggregate: (updates) => {
        rule ??= defaultRule();
        return rule(updates);
      },
      coordinator: () => leadership.current()?.node,
      toldItself: (told) => regional.passedOn(network.self, told),
    }),
  );
  return regional;
}

export function defaultRule(): (updates: readonly Update[]) => Aggregate {
  const arithmetic = new WasmArithmetic();
  return (updates) => createAggregator({ rule: 'default', liars: 0.3, clip: 1.5 }, { arithmetic }).aggregate(updates);
}

/** Coordinates all other nodes. @param regional where nodes are, when they aggregate on the way */
export function coordinatorOf(
  { network, keys, leadership, size }: Omit<FederationNodeParts, 'number' | 'wait'>,
  storage: FederationStorage,
  regional?: (a: string, b: string) => number,
) {
  const post = new Post(network);
  const learner = new BenchLearner(size, 0, -1);
  const codec = new Int8Codec();
  const codecs = new Map([[codec.name, codec]]);
  const random = seededRandom(7);
  const direct = new DirectDispatch(post, systemClock, random);
  const rule = defaultRule();
  const regions =
    regional &&
    new RegionalDispatch({
      ...{ post, inner: direct, clock: systemClock, distance: regional },
      describe: (nodes) => nodes.map((id) => ({ id, cost: 1, mayHead: true })),
    });
  const config = Value.Parse(
    FederationConfig,
    Value.Default(FederationConfig, {
      selection: { share: 1, most: 10_000, overSelection: 1 },
      quorum: 1,
      deadline: { least: 900, most: 3600 },
      // Rounds begin when the bench says so.
      ...{ interval: 2_592_000, examples: 1e9 },
    }),
  );
  const coordinator = new FederatedCoordinator({
    ...{ network, post, keys, leadership, learners: [learner], storage, config, journal, logger: silentLogger },
    ...{ desk: new BenchDesk(firstModel(size)), codecs: [codec], clock: systemClock, random },
    dispatch: regions ?? direct,
    aggregation: () =>
      regions === undefined
        ? new PlainAggregation({ codecs: [codec], aggregate: rule })
        : new RegionalAggregation({ codecs, aggregate: rule, audits: 1, post, clock: systemClock }),
    mayCoordinate: () => true,
    ownOffer: () => undefined,
  });
  if (regions !== undefined) {
    new RegionalIntake({
      ...{ post, keys, codecs, dispatch: regions, storage, clock: systemClock },
      door: (name) => {
        const open = coordinator.open(name);
        return (
          open && {
            shape: { learner: LEARNER, format: learner.format, size },
            number: () => open.state?.facts.number,
            admit: (header) => open.intake.admit(header),
            count: (header, late) => open.intake.count(header, late),
          }
        );
      },
    });
  }
  return { coordinator, learner };
}

/** None that nodes have: all fetch it. */
function firstModel(size: number): Model {
  const parameters = new Float32Array(size).fill(0.001);
  return { version: versionOf(bytesOf(parameters)), parameters };
}

/** What a plain coordinator asks for: train, pack, sign, answer with all of it. */
function plainTrainer(learner: BenchLearner, keys: BenchKeys) {
  const codec = new Int8Codec();
  return async (): Promise<Uint8Array> => {
    const plan = { epochs: 1, proximal: 0, budget: 30, seed: 1 };
    const { delta } = await learner.train(learner.current(), plan, new AbortController().signal);
    const data = codec.pack({ learner: LEARNER, format: learner.format, size: learner.size }, delta);
    return frameOf({ signature: Buffer.from(keys.sign('federation-update', data)).toString('base64') }, data);
  };
}
