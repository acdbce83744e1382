// The federation on this node: who coordinates, the rounds, what leaves this board and how, and how a better model reaches
// all. Joined here, so that node.ts has one thing to wire.

import { randomBytes } from 'node:crypto';
import { AggregationThread } from '../../agents/federation/aggregation/aggregation-thread.ts';
import type { RuleConfig } from '../../agents/federation/aggregation/create-aggregator.ts';
import { ruleFor } from '../../agents/federation/aggregation/learner-rule.ts';
import { BranchDuty } from '../../agents/federation/election/branch-duty.ts';
import { BranchExchange } from '../../agents/federation/election/branch-exchange.ts';
import { CoordinatorElection } from '../../agents/federation/election/coordinator-election.ts';
import { costOf } from '../../agents/federation/election/standing.ts';
import { FederatedCoordinator } from '../../agents/federation/federated-coordinator.ts';
import { KeptReputations } from '../../agents/federation/kept-reputations.ts';
import type { Learner } from '../../agents/federation/learner.ts';
import { PARLFederatedOrchestrator, type TrainingSwarm } from '../../agents/federation/parl-federated-orchestrator.ts';
import { Participant } from '../../agents/federation/participant.ts';
import { RegionalAggregation } from '../../agents/federation/regional/regional-aggregation.ts';
import { RegionalDispatch } from '../../agents/federation/regional/regional-dispatch.ts';
import { RegionalHead } from '../../agents/federation/regional/regional-head.ts';
import { RegionalIntake } from '../../agents/federation/regional/regional-intake.ts';
import { RegionalNetwork } from '../../agents/federation/regional/regional-network.ts';
import { readLineage } from '../../agents/federation/rollout/lineage.ts';
import { Rollouts } from '../../agents/federation/rollout/rollouts.ts';
import { DirectDispatch } from '../../agents/federation/rounds/direct-dispatch.ts';
import { float32Codec } from '../../agents/federation/rounds/float32-codec.ts';
import { Int8Codec } from '../../agents/federation/rounds/int8-codec.ts';
import { PlainAggregation } from '../../agents/federation/rounds/plain-aggregation.ts';
import type { Aggregation, AggregationTask, Notebook, UpdateCodec } from '../../agents/federation/rounds/ports.ts';
import { Post } from '../../agents/federation/rounds/post.ts';
import type { FederationKeys } from '../../agents/federation/secure/federation-keys.ts';
import { SecureAggregation } from '../../agents/federation/secure/secure-aggregation.ts';
import { SecureParticipant } from '../../agents/federation/secure/secure-participant.ts';
import { MarkedCodec } from '../../agents/federation/secure/secure-protection.ts';
import { askSecurely, serveSecurely } from '../../agents/federation/secure/secure-wire.ts';
import { schemaOf } from '../../agents/federation/shipping/messages.ts';
import { ExperienceReceiver } from '../../agents/federation/shipping/receiver.ts';
import { ExperienceShipper } from '../../agents/federation/shipping/shipper.ts';
import type { FederationStorage } from '../../agents/federation/storage.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import type { AntiMeaveOracle } from '../../agents/oracle/oracle.ts';
import { packExperience, unpackExperience } from '../../agents/parl/experience.ts';
import type { Clock } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { SigningKey } from '../../mesh/membership/keys.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { Lifecycle } from '../lifecycle.ts';
import { PostgresFederationStorage } from '../postgres/storage.ts';
import { federationKeys } from '../security/federation-keys.ts';
import type { Store } from '../store/store.ts';
import { askOverBrokers, type Brokers } from './ask-over-brokers.ts';
import type { BrokerClient } from './broker-client.ts';
import type { FederationConfig } from './config.ts';
import { Members } from './members.ts';
import { PrivacyDoor } from './privacy-door.ts';
import { RoundTrips } from './round-trips.ts';

export interface FederationParts {
  config: FederationConfig;
  name: string;
  key: SigningKey;
  network: AgentNetwork;
  mesh: Mesh;
  /** Brokers by which boards are asked that no route leads to; undefined: none. */
  brokers: Brokers | undefined;
  store: Store;
  oracle: AntiMeaveOracle;
  learners: readonly Learner[];
  /** Whose experience is shipped. */
  experienceOf: string;
  swarm: () => TrainingSwarm;
  /** How the board is: 0 idle to 1, and its charge when it runs on battery. */
  condition: () => { pressure: number; battery?: number };
  /** How likely this board stays, 0 to 1. */
  stability: () => number;
  /** How a service that mends itself is: a cause, or undefined when it is well again. */
  report: (service: string, cause: string | undefined) => void;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

/** Above it a board has other work. */
const MOST_PRESSURE = 0.9;
/** Regions that are gone over each round. */
const AUDITS = 1;

export class Federation {
  readonly election: CoordinatorElection;
  readonly coordinator: FederatedCoordinator;
  readonly participant: Participant;
  readonly rollouts: Rollouts;
  readonly privacy: PrivacyDoor;
  readonly shipper: ExperienceShipper;
  readonly receiver: ExperienceReceiver;
  readonly storage: FederationStorage;
  readonly #parts: FederationParts;
  readonly #postgres: PostgresFederationStorage | undefined;
  readonly #broker: BrokerClient | undefined;
  /** As the federation asks: over the relay, or a broker. */
  readonly #network: AgentNetwork;
  readonly #secure: SecureParticipant;
  readonly #branches: BranchDuty;
  readonly #reputations: KeptReputations;
  readonly #threads = new Map<string, AggregationThread>();
  readonly #codecs: ReadonlyMap<string, UpdateCodec>;
  readonly #members: Members;

  /** Before the mesh starts. */
  constructor(parts: FederationParts) {
    this.#parts = parts;
    const { config, key, mesh, brokers, store, oracle, learners, clock, random, journal, logger } = parts;
    const shared = { clock, random, journal };
    this.#members = new Members(mesh, clock);
    const keys = federationKeys(key, (node) => this.#members.has(node));
    const over =
      brokers && askOverBrokers({ ...{ ...parts, brokers, keys }, isHeard: (node) => this.#members.hears(node) });
    this.#broker = over?.client;
    const network = over?.network ?? parts.network;
    this.#network = network;
    const codec = new MarkedCodec(new Int8Codec());
    this.#codecs = new Map([codec, float32Codec].map((one): [string, UpdateCodec] => [one.name, one]));
    const codecs = [...this.#codecs.values()];
    this.#postgres = this.#database();
    this.storage = this.#postgres ?? store.federation;
    this.#reputations = new KeptReputations(this.storage, config.aggregation.reputation);
    this.election = new CoordinatorElection({
      ...{ network, stability: parts.stability, name: parts.name, clock, journal },
      notebook: this.#notebook('seat'),
      mayCoordinate: (node) => this.#mayCoordinate(node),
      config: { coordinator: config.coordinator, candidate: config.candidate, lease: config.lease },
    });
    const leadership = this.election;
    const regional = new RegionalNetwork({ network, leadership, clock, random });
    const post = new Post(regional);
    regional.lead(
      new RegionalHead({
        ...{ network, keys, codecs: this.#codecs, rule: (learner) => this.#rule(learner).rule, clock, journal },
        // Not the participant's: what rounding took from a region is not this node's to send.
        codec: new Int8Codec(),
        shape: (name) => this.#shape(name),
        aggregate: (updates, learner) => this.#thread(learner, 'region').aggregate(updates),
        coordinator: () => leadership.current()?.node,
        toldItself: (told) => regional.passedOn(network.self, told),
      }),
    );
    this.#secure = new SecureParticipant({
      ...{ keys, config: () => config.privacy, secrets: randomBytes },
      gate: {
        protectForGroup: (...given) => this.privacy.gate.protectForGroup(...given),
        release: (leaving) => this.privacy.gate.release(leaving),
        outlook: (...given) => this.privacy.gate.outlook(...given),
      },
      isCoordinator: (node, _, term) => {
        const seat = leadership.current();
        return seat?.node === node && seat.term === term;
      },
    });
    const patience = config.secure.stepDeadline * 1000;
    serveSecurely(network, clock, patience, (origin, message) => this.#secure.answer(origin, message));
    this.privacy = new PrivacyDoor({
      ...{ config: config.privacy, storage: store.federation, secure: this.#secure, clock, journal },
      network: () => mesh.network()?.id ?? '',
    });
    this.rollouts = new Rollouts({
      ...{ learners, storage: this.storage, network, leadership, keys, authorizer: oracle, config: config.rollout },
      ...{ clock, journal, logger },
      consents: (_, as) => as === 'serving' || config.rollout.canary || 'the owner lets no unproven models serve here',
      notebook: this.#notebook('rollout'),
      // Its results are compared with those of like ones.
      group: (node) => this.#members.profile(node),
    });
    this.participant = new Participant({
      ...{ network: regional, post, keys, leadership, codec, ...shared },
      learners: learners.filter(({ name }) => config.learners[name]?.enabled !== false),
      budget: (learner) => this.#budget(learner),
      gates: [this.privacy.mayTakePart],
      protection: this.privacy,
      notebook: this.#notebook('participant'),
      condition: parts.condition,
    });
    const direct = new DirectDispatch(post, clock, random);
    const jobs = new PARLFederatedOrchestrator({
      ...{ swarm: lateSwarm(parts.swarm), direct, logger },
      term: () => leadership.current()?.term ?? 0,
    });
    const trips = new RoundTrips(() => mesh.topology(), clock);
    const regions = new RegionalDispatch({
      ...{ post, inner: jobs, clock },
      describe: (nodes) => this.#describe(nodes),
      distance: (a, b) => trips.between(a, b),
    });
    this.coordinator = new FederatedCoordinator({
      ...{ name: parts.name, network, post, keys, leadership, learners, codecs, config, logger, ...shared },
      ...{ storage: this.storage, desk: this.rollouts, dispatch: config.regions ? regions : jobs },
      aggregation: ({ name }) => (config.secure.enabled ? this.#inSums(name, keys) : this.#aggregation(name, post)),
      reputation: this.#reputations,
      mayCoordinate: (node) => this.#mayCoordinate(node),
      standsFor: (node, members) => members.every((member) => member === node),
      ownOffer: () => this.participant.offer(),
    });
    new RegionalIntake({
      ...{ post, keys, codecs: this.#codecs, dispatch: regions, storage: this.storage, clock },
      door: (name) => this.#door(name),
    });
    const branches = new BranchExchange({
      ...{ network, storage: this.storage, clock, journal },
      originOf: (lineage) => readLineage(lineage).origin,
      learner: (name) => this.#branchOf(name),
      isCoordinator: () => this.#coordinates(),
      mayCoordinate: (node) => this.#mayCoordinate(node),
      propose: (candidate) => this.rollouts.propose(candidate),
    });
    const count = (data: Uint8Array): number => unpackExperience(data).length;
    const schema = schemaOf(packExperience([]));
    this.shipper = new ExperienceShipper({
      ...{ network, storage: store.experience, leadership, schema, count, config: config.shipping, logger, ...shared },
      ...(this.#postgres !== undefined && { deliverHere: (payload) => this.receiver.take(network.self, payload) }),
      vetoes: (shipment) => this.privacy.vetoes(parts.experienceOf, shipment),
    });
    this.receiver = new ExperienceReceiver({
      ...{ network, storage: this.storage, schema, count, config: config.shipping, clock, logger },
      coordinates: () => this.#coordinates(),
      refuses: (node) => (this.#members.has(node) ? undefined : 'no member of this network'),
    });
    this.#branches = new BranchDuty({
      ...{ self: network.self, leadership, exchange: branches, clock, random },
      learners: learners.map(({ name }) => name),
      hasMade: (name) => this.#hasMade(name),
    });
  }

  /** After the store and what the learners need. */
  addTo(lifecycle: Lifecycle): void {
    if (this.#postgres !== undefined) lifecycle.add(this.#postgres, { required: false });
    if (this.#broker !== undefined) lifecycle.add(this.#broker, { required: false });
    for (const service of [
      this.election,
      this.privacy,
      this.rollouts,
      this.coordinator,
      this.participant,
      this.#branches,
      this.shipper,
    ])
      lifecycle.add(service, { required: false });
  }

  /** After all services have stopped. */
  async close(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.stop()));
  }

  /** Undefined while rounds are kept in the node's own store. */
  #database(): PostgresFederationStorage | undefined {
    const { config, clock, random, logger, report } = this.#parts;
    if (config.store === 'sqlite') return undefined;
    return new PostgresFederationStorage({
      ...{ url: config.store, clock, random, logger },
      onTrouble: (cause) => report('federation-store', cause),
    });
  }

  #coordinates(): boolean {
    return this.election.current()?.node === this.#parts.network.self;
  }

  #mayCoordinate(node: string): boolean {
    // Whoever is frozen as a whole node has lost the right to lead others.
    return this.#members.has(node) && this.#parts.oracle.memory.bans.frozen(`*@${node}`) === undefined;
  }

  #budget(learner: string): number {
    const { config, condition } = this.#parts;
    if (condition().pressure > MOST_PRESSURE) return 0;
    return config.learners[learner]?.budget ?? DEFAULT_BUDGET;
  }

  #shape(name: string) {
    const learner = this.#parts.learners.find((one) => one.name === name);
    return learner && { learner: name, format: learner.format, size: learner.size };
  }

  #describe(ids: readonly string[]) {
    const { self } = this.#network;
    const nodes = new Map(this.#network.nodes().map((node) => [node.id, node]));
    const costs = new Map(this.election.candidates().map(({ node, cost }) => [node, cost]));
    return ids.map((id) => ({
      id,
      cost: costs.get(id) ?? costOf(nodes.get(id)?.roundTrip, 0),
      mayHead: (id === self || nodes.get(id)?.reachable === true) && this.#mayCoordinate(id),
    }));
  }

  #aggregation(learner: string, post: Post): Aggregation {
    const { config, clock } = this.#parts;
    const aggregate = (
      updates: Parameters<AggregationThread['aggregate']>[0],
      _: AggregationTask,
      signal: AbortSignal,
    ) =>
      this.#thread(learner).aggregate(updates, {
        trust: (node) => this.#reputations.trust(learner, node),
        signal,
      });
    if (!config.regions) return new PlainAggregation({ codecs: [...this.#codecs.values()], aggregate });
    // As heads do it, who know no reputations: an audit takes a difference for a lie.
    const inside: typeof aggregate = (updates, _, signal) => this.#thread(learner).aggregate(updates, { signal });
    return new RegionalAggregation({ codecs: this.#codecs, aggregate, inside, audits: AUDITS, post, clock });
  }

  /** The coordinator sees only sums of groups. */
  #inSums(learner: string, keys: FederationKeys): Aggregation {
    const { config, mesh, clock, random } = this.#parts;
    const network = this.#network;
    const { groupSize, joinDeadline, stepDeadline } = config.secure;
    const { clip, noise, colluders } = config.privacy;
    return new SecureAggregation({
      ...{ keys, clock, random, network: () => mesh.network()?.id ?? '' },
      term: () => this.election.current()?.term ?? 0,
      settings: {
        ...{ clip, noise, colluders, groupSize },
        ...{ joinDeadline: joinDeadline * 1000, stepDeadline: stepDeadline * 1000 },
      },
      ask: (node, message, deadline) =>
        node === network.self
          ? this.#secure.answer(node, message)
          : askSecurely(network, clock, node, message, deadline),
      aggregate: (updates, _, signal) => this.#thread(learner).aggregate(updates, { signal }),
    });
  }

  #rule(learner: string): RuleConfig {
    const { config, learners } = this.#parts;
    const suits = learners.find(({ name }) => name === learner)?.aggregation;
    return ruleFor(config.aggregation, config.learners[learner]?.aggregation, suits);
  }

  /** One for each duty: a head aggregates its region while the coordinator on the same board aggregates the round. */
  #thread(learner: string, duty: 'round' | 'region' = 'round'): AggregationThread {
    const { config, clock } = this.#parts;
    const { deadline } = config.aggregation;
    const key = `${duty}/${learner}`;
    const known =
      this.#threads.get(key) ?? new AggregationThread({ config: { ...this.#rule(learner), deadline }, clock });
    this.#threads.set(key, known);
    return known;
  }

  #door(name: string) {
    const open = this.coordinator.open(name);
    const shape = this.#shape(name);
    if (open === undefined || shape === undefined) return undefined;
    return {
      shape,
      number: () => open.state?.facts.number,
      admit: (header: Parameters<typeof open.intake.admit>[0]) => open.intake.admit(header),
      count: (header: Parameters<typeof open.intake.count>[0], late: number) => open.intake.count(header, late),
    };
  }

  #branchOf(name: string) {
    const learner = this.#parts.learners.find((one) => one.name === name);
    if (learner === undefined) return undefined;
    const { format, size } = learner;
    return { head: this.rollouts.headOf(name) ?? learner.current().version, format, size };
  }

  /** Whether this node has coordinated that learner: what it made may be news to who does now. */
  async #hasMade(learner: string): Promise<boolean> {
    const models = await this.storage.models(learner, MODELS_LOOKED_AT);
    return models.some(({ lineage }) => readLineage(lineage).origin?.coordinator === this.#parts.network.self);
  }

  #notebook(name: string): Notebook {
    const { store } = this.#parts;
    return {
      read: async () => store.state(`federation.${name}`),
      write: (document) => store.putState(`federation.${name}`, document),
    };
  }
}

const DEFAULT_BUDGET = 30;
/** The newest, of which some would be its own. */
const MODELS_LOOKED_AT = 100;

/** The swarm is made after the federation. */
function lateSwarm(swarm: () => TrainingSwarm): TrainingSwarm {
  return {
    workers: () => swarm().workers(),
    submit: (spec, id) => swarm().submit(spec, id),
    cancel: (id) => swarm().cancel(id),
    tasks: (id) => swarm().tasks(id),
    onJob: (listener) => swarm().onJob(listener),
  };
}
