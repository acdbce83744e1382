// The View over a running node: joins the services' snapshots and tells followers what changed. Keeps no state of its
// own but the newest hardware reading.

import type { AntiMeaveOracle } from '../../agents/oracle/oracle.ts';
import type { Supervisor } from '../../agents/supervisor.ts';
import type { JobView } from '../../agents/swarm/job-view.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import type { VisionProcessor } from '../../vision/processor.ts';
import type { Anomalies } from '../anomaly/anomalies.ts';
import type { CameraMemory } from '../cameras/camera-memory.ts';
import { episodeView } from '../correction/episode-in-view.ts';
import type { SelfCorrection } from '../correction/self-correction.ts';
import type { Lifecycle, ServiceStatus } from '../lifecycle.ts';
import type { HealingDesk } from '../mapek/healing-desk.ts';
import type { Store } from '../store/store.ts';
import type { EpisodeView, PlacesView } from './correction-schema.ts';
import { FederationNews } from './federation-news.ts';
import { withFrozen } from './frozen-agents.ts';
import { health } from './health.ts';
import type { ChangeTopic, HardwareView, NodeView, ObservationView, ServiceView } from './schema.ts';
import type {
  Change,
  EventQuery,
  FederationWindow,
  IncidentQuery,
  JobQuery,
  JobWindow,
  ObservationQuery,
  ObservationSearch,
  PolicyWindow,
  RouteLogQuery,
  Snapshot,
  View,
} from './view.ts';

export interface LiveViewParts {
  name: string;
  version: string;
  profile: NodeView['profile'];
  startedAt: number;
  clock: Clock;
  logger: Logger;
  lifecycle: Lifecycle;
  store: Store;
  mesh: Mesh;
  vision: VisionProcessor;
  memory: CameraMemory;
  correction: Pick<SelfCorrection, 'episodes' | 'places' | 'engine'>;
  supervisor: Supervisor;
  oracle: Pick<AntiMeaveOracle, 'memory' | 'on'>;
  jobs: JobWindow & PolicyWindow & FederationWindow & { followFederation(changed: () => void): void };
  healing: HealingDesk;
  anomalies: Pick<Anomalies, 'desk' | 'on'>;
  pageAddresses: () => string[];
  brokerAddress: () => string | undefined;
  /** The effective configuration, secrets hidden. */
  config: () => unknown;
  metrics: () => Promise<string>;
}

/** Bursts (ten links of a peer that left) become one message of each topic. */
const COALESCE_MS = 100;
/** Followers get so many changes of routes at once; older ones are asked for. */
const LATEST_CHANGES = 20;
/** Snapshots that are told anew as a whole; observations, jobs, events and readings are told one by one, the federation in its own time. */
type SnapshotTopic = Exclude<ChangeTopic, 'observation' | 'job' | 'event' | 'hardware' | 'federation'>;

export class LiveView implements View {
  readonly #parts: LiveViewParts;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #changed = new Set<SnapshotTopic>();
  readonly #federation: FederationNews;
  #telling: Timer | undefined;
  #hardware: HardwareView | undefined;
  /** Told last, so that a change of nothing but uptime is not told. */
  #toldNode = '';

  constructor(parts: LiveViewParts) {
    this.#parts = parts;
    this.#federation = new FederationNews({
      ...{ read: () => parts.jobs.federation(), clock: parts.clock, logger: parts.logger },
      tell: (view) => this.#tell('federation', view),
      isWanted: () => this.#listeners.size > 0,
    });
    const { lifecycle, store, mesh, vision, supervisor, oracle, correction, healing, anomalies } = parts;
    lifecycle.on('change', () => this.#later('node'));
    store.on('event', (event) => this.#tell('event', event));
    mesh.on('peer', () => this.#later('peers', 'node'));
    mesh.on('link', () => this.#later('links'));
    mesh.on('routes', () => this.#later('routes', 'routeLog'));
    mesh.on('topology', () => this.#later('topology', 'node'));
    mesh.on('network', () => this.#later('node', 'peers', 'links', 'routes', 'routeLog', 'topology'));
    vision.on('camera', () => this.#later('cameras', 'node'));
    vision.on('observation', (observation) => this.#tell('observation', this.#withClip(observation)));
    supervisor.on('agent', () => this.#later('agents', 'node'));
    oracle.on('changed', () => this.#later('agents'));
    correction.engine.on('episode', () => this.#later('node'));
    parts.jobs.followFederation(() => this.#federation.changed());
    healing.onChange(() => this.#later('incidents', 'node'));
    anomalies.on('changed', () => this.#later('anomalies'));
  }

  /** The hardware agent hands its readings on here. */
  setHardware(reading: HardwareView): void {
    this.#hardware = reading;
    this.#tell('hardware', reading);
  }

  /** Tells followers that the node itself changed (its addresses, its configuration). */
  nodeChanged(): void {
    this.#later('node');
  }

  jobChanged(job: JobView): void {
    this.#tell('job', job);
  }

  swarmChanged(): void {
    this.#later('swarm');
  }

  policyChanged(): void {
    this.#later('policy', 'swarm');
  }

  node(): NodeView {
    const { name, version, profile, startedAt, clock, mesh, supervisor, vision, correction, healing } = this.#parts;
    const services = this.#services();
    const topology = mesh.topology();
    const peers = new Map(mesh.peers().map((peer) => [peer.id, peer.since]));
    const broker = this.#parts.brokerAddress();
    return {
      id: mesh.id,
      name,
      version,
      network: mesh.network() ?? { id: '', name: '', holdsAuthority: false },
      profile,
      startedAt,
      uptimeSeconds: Math.max(0, Math.round((clock.wall() - startedAt) / 1000)),
      health: health({
        services,
        agents: supervisor.agents(),
        cameras: vision.cameras(),
        corrections: [...correction.episodes(), ...healing.asked()],
        topology,
        sinceOf: (id) => peers.get(id) ?? startedAt,
      }),
      services,
      addresses: {
        page: this.#parts.pageAddresses(),
        mesh: mesh.addresses(),
        ...(broker === undefined ? {} : { broker }),
      },
    };
  }

  hardware(): HardwareView | undefined {
    return this.#hardware;
  }

  peers() {
    return this.#parts.mesh.peers();
  }

  links() {
    return this.#parts.mesh.links();
  }

  routes() {
    return this.#parts.mesh.routes();
  }

  routeLog({ node, before, limit = LATEST_CHANGES }: RouteLogQuery = {}) {
    const { mesh } = this.#parts;
    const named = new Set(mesh.peers().flatMap(({ id, name }) => (name === node ? [id] : [])));
    const wants = node === undefined ? undefined : (id: string) => id === node || named.has(id);
    return mesh.routeLog({ before, wants, limit });
  }

  explainRoute(node: string) {
    return this.#parts.mesh.planner.explain(node);
  }

  plan() {
    return this.#parts.mesh.planner.plan();
  }

  topology() {
    return this.#parts.mesh.topology();
  }

  survey(from?: string) {
    return this.#parts.mesh.planner.survey(from);
  }

  agents() {
    const { supervisor, oracle, mesh } = this.#parts;
    return withFrozen(supervisor.agents(), (actor) => oracle.memory.bans.frozen(actor), mesh.id);
  }

  cameras() {
    return this.#parts.vision.cameras();
  }

  models() {
    return this.#parts.vision.models();
  }

  jobs(query?: JobQuery) {
    return this.#parts.jobs.jobs(query);
  }

  job(id: string) {
    return this.#parts.jobs.job(id);
  }

  swarm() {
    return this.#parts.jobs.swarm();
  }

  policy() {
    return this.#parts.jobs.policy();
  }

  federation() {
    return this.#parts.jobs.federation();
  }

  federationNow() {
    return this.#federation.last;
  }

  federationRounds(learner: string, limit: number) {
    return this.#parts.jobs.federationRounds(learner, limit);
  }

  federationModels(learner: string, limit: number) {
    return this.#parts.jobs.federationModels(learner, limit);
  }

  federationLedger(limit: number) {
    return this.#parts.jobs.federationLedger(limit);
  }

  incidents(query?: IncidentQuery) {
    return this.#parts.healing.incidents(query);
  }

  incident(id: string) {
    return this.#parts.healing.incident(id);
  }

  healing() {
    return this.#parts.healing.healing();
  }

  anomalies() {
    return this.#parts.anomalies.desk.anomalies();
  }

  policyDocument(version?: string) {
    return this.#parts.jobs.policyDocument(version);
  }

  blob(sha256: string, job?: string) {
    return this.#parts.jobs.blob(sha256, job);
  }

  store() {
    return this.#parts.store.status();
  }

  config(): unknown {
    return this.#parts.config();
  }

  events(query: EventQuery) {
    return this.#parts.store.events(query);
  }

  observations(query: ObservationQuery) {
    return this.#parts.store.observations(query).map((observation) => this.#withClip(observation));
  }

  searchObservations(query: ObservationSearch) {
    const { observations, ...page } = this.#parts.store.searchObservations(query);
    return { ...page, observations: observations.map((observation) => this.#withClip(observation)) };
  }

  history(series: string, since: number): [number, number][] {
    return this.#parts.store.history(series, since);
  }

  cameraPicture(id: string, options?: { boxes?: boolean }): Promise<Snapshot | undefined> {
    return this.#parts.vision.picture(id, options);
  }

  corrections(): EpisodeView[] {
    return this.#parts.correction.episodes().map(episodeView);
  }

  places(): PlacesView {
    return this.#parts.correction.places.states();
  }

  observationPicture(id: string): Promise<Snapshot | undefined> {
    return this.#parts.store.snapshot(id);
  }

  observationClip(id: string): Promise<Snapshot | undefined> {
    return this.#parts.memory.clips.read(id);
  }

  activity(camera: string) {
    return this.cameras().some(({ id }) => id === camera) ? this.#parts.memory.activity.of(camera) : undefined;
  }

  cameraAreas(camera: string) {
    return this.#parts.memory.areas(camera);
  }

  metrics(): Promise<string> {
    return this.#parts.metrics();
  }

  follow(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    this.#federation.changed();
    return () => this.#listeners.delete(listener);
  }

  #withClip(observation: ObservationView): ObservationView {
    const { id } = observation;
    return this.#parts.memory.clips.has(id) ? { ...observation, clip: `/observations/${id}/clip` } : observation;
  }

  #services(): ServiceView[] {
    return this.#parts.lifecycle.statuses().map(serviceView);
  }

  #later(...topics: SnapshotTopic[]): void {
    for (const topic of topics) this.#changed.add(topic);
    this.#telling ??= this.#parts.clock.after(COALESCE_MS, () => this.#tellChanged());
  }

  #tellChanged(): void {
    this.#telling = undefined;
    const topics = [...this.#changed];
    this.#changed.clear();
    if (this.#listeners.size === 0) return;
    for (const topic of topics) {
      if (topic === 'node') this.#tellNode();
      else this.#tell(topic, this[topic]());
    }
  }

  #tellNode(): void {
    const node = this.node();
    const fingerprint = JSON.stringify({ ...node, uptimeSeconds: 0 });
    if (fingerprint === this.#toldNode) return;
    this.#toldNode = fingerprint;
    this.#tell('node', node);
  }

  #tell(topic: ChangeTopic, value: unknown): void {
    for (const listener of this.#listeners) {
      try {
        listener({ topic, value });
      } catch (thrown) {
        this.#parts.logger.error({ topic, cause: messageOf(thrown) }, 'a listener of the view failed');
      }
    }
  }
}

function serviceView({ name, required, state, since, attempts }: ServiceStatus): ServiceView {
  return {
    name,
    required,
    state: state.kind,
    since,
    attempts,
    ...(state.kind === 'degraded' && { cause: state.cause }),
    ...(state.kind === 'degraded' && state.nextAttemptAt !== undefined && { nextAttemptAt: state.nextAttemptAt }),
  };
}
