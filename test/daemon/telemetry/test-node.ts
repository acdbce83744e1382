// A node made of literals that a test changes as it likes; followers are told of each change as the real node does.

import type { JobSpec } from '../../../agents/swarm/job-spec.ts';
import type { JobView, SwarmView } from '../../../agents/swarm/job-view.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { AnomaliesView } from '../../../daemon/view/anomaly-schema.ts';
import type { EpisodeView, PlacesView } from '../../../daemon/view/correction-schema.ts';
import type { FederationView } from '../../../daemon/view/federation-schema.ts';
import type { HealingView, IncidentAnswer, IncidentView } from '../../../daemon/view/incident-schema.ts';
import type { PolicyView } from '../../../daemon/view/policy-schema.ts';
import type {
  AgentView,
  CameraView,
  ChangeTopic,
  HardwareView,
  NodeView,
  ObservationView,
  PeerView,
  StoreView,
} from '../../../daemon/view/schema.ts';
import type { Actions, Change, JobQuery, ObservationQuery, Snapshot, View } from '../../../daemon/view/view.ts';

export const NODE_ID = '12D3KooWTestNode';
const AT = Date.UTC(2026, 5, 1);

export class TestNode implements View, Actions {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly asked: string[] = [];
  stored: ObservationView[] = [];
  pictures = new Map<string, Uint8Array>();
  nodeView: NodeView = {
    id: NODE_ID,
    name: 'alpha',
    version: '0.1.0',
    network: { id: 'net1', name: 'home', holdsAuthority: true },
    profile: { name: 'raspberry-pi-4', title: 'Raspberry Pi 4', reason: 'test' },
    startedAt: AT,
    uptimeSeconds: 60,
    health: { state: 'well', sentence: 'All 2 nodes are well', problems: [] },
    services: [{ name: 'store', state: 'running', required: true, since: AT, attempts: 0 }],
    addresses: { page: ['http://127.0.0.1:7420/', 'http://192.168.1.10:7420/'], mesh: [] },
  };
  hardwareView: HardwareView | undefined = {
    at: AT,
    cpu: { load: 0.25, cores: 4, load1: 1 },
    memory: { totalBytes: 1000, availableBytes: 400, processBytes: 100 },
    temperatureCelsius: 51.5,
    throttling: {
      underVoltage: false,
      frequencyCapped: false,
      throttled: true,
      softTemperatureLimit: false,
      everUnderVoltage: false,
      everThrottled: true,
    },
    battery: { charge: 0.62, discharging: true },
    power: { state: 'resting', since: 1_700_000_000_000, until: 1_700_000_600_000 },
    disk: { path: '/', totalBytes: 2000, availableBytes: 1500 },
    interfaces: [],
    uptimeSeconds: 3600,
    eventLoopDelaySeconds: 0.004,
  };
  peerViews: PeerView[] = [
    { id: 'peer1', name: 'bravo', state: 'connected', since: AT, transports: ['libp2p'], addresses: [], load: 0.1 },
  ];
  agentViews: AgentView[] = [agent('hardware'), agent('camera/north')];
  cameraViews: CameraView[] = [camera('north')];
  jobViews: JobView[] = [job('j1', 'running')];
  swarmView: SwarmView = { workers: [], scheduler: 'heft', why: 'test', running: 1, ready: 2 };

  get followers(): number {
    return this.#listeners.size;
  }

  tell(topic: ChangeTopic, value: unknown = undefined): void {
    for (const listener of this.#listeners) listener({ topic, value });
  }

  /** Something is seen: stored, pictured, told. */
  see(observation: ObservationView, picture?: Uint8Array): void {
    this.stored = [observation, ...this.stored.filter(({ id }) => id !== observation.id)];
    if (picture !== undefined) this.pictures.set(observation.id, picture);
    this.tell('observation', observation);
  }

  node = (): NodeView => this.nodeView;
  hardware = (): HardwareView | undefined => this.hardwareView;
  peers = (): PeerView[] => this.peerViews;
  links = () => [];
  routes = () => [];
  routeLog = () => [];
  explainRoute = (node: string): never => {
    throw new ParlmeshError('ROUTE_UNKNOWN', `There is no route to a node "${node}" from here`);
  };
  plan = () =>
    Promise.resolve({
      nodes: 0,
      links: 0,
      traffic: 'uniform' as const,
      busiest: [],
      cutNodes: [],
      cutLinks: [],
      measuredTotal: 0,
      capacities: 'equal' as const,
      weights: {
        ...{ maximum: 0, improved: 0, changes: [], trials: 0 },
        moved: { pairs: 0, share: 0 },
        meanCost: { before: 0, after: 0 },
      },
      threads: 1,
    });
  topology = () => ({ nodes: [], links: [] });
  survey = () => ({ from: NODE_ID, routes: [], traffic: [], cutNodes: [], cutLinks: [] });
  agents = (): AgentView[] => this.agentViews;
  cameras = (): CameraView[] => this.cameraViews;
  models = () => Promise.resolve([]);
  jobs = ({ state }: JobQuery = {}): JobView[] =>
    this.jobViews.filter((one) => state === undefined || one.state === state);
  job = (id: string) => Promise.reject(new ParlmeshError('JOB_UNKNOWN', `There is no job "${id}"`));
  swarm = (): SwarmView => this.swarmView;
  blob = (sha256: string) => Promise.reject(new ParlmeshError('BLOB_UNKNOWN', `No blob ${sha256} is kept here`));
  submitJob = (spec: JobSpec, _actor: unknown, { id = 'new' }: { id?: string } = {}): Promise<JobView> => {
    const known = this.jobViews.find((one) => one.id === id);
    if (known !== undefined) return Promise.resolve(known);
    const added = job(id, 'running', spec.name);
    this.jobViews = [added, ...this.jobViews];
    this.tell('job', added);
    return Promise.resolve(added);
  };
  cancelJob = () => Promise.reject(new Error('not played'));
  retryJob = () => Promise.reject(new Error('not played'));
  policy = (): PolicyView => ({
    ...{ scheduler: 'advisor', why: 'too few jobs', recentJobs: 0, lessonSeconds: 3, curve: [] },
    experience: { rows: 2, bytes: 1_000, skipped: 1 },
    judgement: { serves: 'advisor', why: '', gain: 0.97, over: 'heft', at: AT, jobs: 9 },
    policies: [
      { version: '9f86d081884c7d65', current: true, lineage: { kind: 'pretrained', madeAt: AT, decisions: 150_000 } },
    ],
  });
  policyDocument = () => {
    throw new ParlmeshError('POLICY_UNKNOWN', 'No policy is kept here');
  };
  federationView: FederationView = {
    ...{ enabled: true, candidates: [], coordinator: { id: 'peer1', name: 'bravo', term: 3, self: false } },
    coordination: {
      status: {
        ...{ coordinator: { id: 'peer1', name: 'bravo', term: 3 }, coordinates: true },
        learners: [
          {
            ...{ name: 'parl-policy', title: 'Scheduling policy', rounds: 8, failures: 0, candidates: 3, examples: 42 },
            aggregation: { rule: 'default', clip: 1.5 },
            sentence: 'Round 8: 1 of 3 updates are here, 2 awaited',
          },
        ],
      },
      rollouts: [],
    },
    duties: [
      {
        ...{ learner: 'parl-policy', title: 'Scheduling policy', kind: 'held', round: 8, examples: 14 },
        ...{ version: '9f86d081884c7d65' },
      },
    ],
    privacy: [
      {
        ...{ learner: 'parl-policy', title: 'Scheduling policy', clip: 10, noise: 1, participations: 7, budget: 8 },
        ...{ consent: { updates: 'ask', experience: 'deny', metrics: 'allow' }, epsilonBefore: 4.2, epsilonAfter: 4.6 },
      },
    ],
    held: [
      {
        ...{ id: '0123456789ab', learner: 'parl-policy', kind: 'updates', to: { id: 'peer1', name: 'bravo' } },
        ...{ round: 8, bytes: 20_480, state: 'waiting', heldAt: AT },
      },
    ],
  };
  federation = async () => this.federationView;
  federationNow = () => this.federationView;
  federationRounds = async () => [];
  federationModels = async () => [];
  federationLedger = () => ({ entries: [] });
  anomaliesView: AnomaliesView = {
    ...{ enabled: true, score: 0.1, raised: [], subjects: [], series: [], acknowledged: [], quietHours: [], fleet: [] },
    totals: { readings: 0, raised: {}, refused: 0, writtenBytes: 0 },
  };
  anomalies = (): AnomaliesView => this.anomaliesView;
  acknowledgeAnomaly = () => Promise.reject(new Error('not played'));
  withdrawAcknowledgement = () => Promise.reject(new Error('not played'));
  setQuietHours = () => Promise.reject(new Error('not played'));
  incidentViews: IncidentView[] = [];
  incidents = (): IncidentView[] => this.incidentViews;
  incident = (id: string) => {
    throw new ParlmeshError('INCIDENT_UNKNOWN', `There is no incident "${id}"`);
  };
  healing = (): HealingView => ({
    ...{ mode: 'repair', open: 1, questions: [], phases: [], knowledge: [], ignoredSignals: {}, lostRecords: 0 },
    budget: { actionsLastHour: 1, mostPerHour: 60, mostPerSubject: 6, actionsLastMinute: 0, mostPerMinute: 20 },
  });
  answerIncident = (id: string, answer: IncidentAnswer): IncidentView => {
    this.asked.push(`${answer.kind} ${id}`);
    throw new ParlmeshError('INCIDENT_UNKNOWN', `There is no incident "${id}"`);
  };
  beginRound = () => Promise.reject(new Error('not played'));
  cancelRound = () => Promise.reject(new Error('not played'));
  pauseRounds = () => Promise.reject(new Error('not played'));
  resumeRounds = () => Promise.reject(new Error('not played'));
  setConsent = () => Promise.reject(new Error('not played'));
  beginPrivacyAccount = () => Promise.reject(new Error('not played'));
  decideHeld = () => Promise.reject(new Error('not played'));
  promotePolicy = () => Promise.reject(new Error('not played'));
  rollbackPolicy = () => Promise.reject(new Error('not played'));
  importPolicy = () => Promise.reject(new Error('not played'));
  writeBlob = () => Promise.reject(new Error('not played'));
  searchObservations = () => ({ observations: [] });
  observationClip = () => Promise.resolve(undefined);
  activity = () => undefined;
  cameraAreas = () => undefined;
  drawAreas = () => Promise.reject(new Error('not played'));
  corrections = (): EpisodeView[] => [];
  /** Each camera watches one lamp. */
  places = (): PlacesView =>
    this.cameraViews.map(({ id }) => ({
      camera: id,
      places: [{ name: 'router', kind: 'led', about: 'node/pi-3', shows: 'green, steady', isWell: true }],
    }));
  takeOffer = () => Promise.resolve('');
  teachPlace = () => Promise.resolve({ pictures: 1 });
  readText = () => Promise.reject(new Error('not played'));
  readDrawing = () => Promise.reject(new Error('not played'));
  store = (): StoreView => ({
    path: '',
    bytes: 0,
    schemaVersion: 1,
    state: 'ok',
    queued: 0,
    shed: 0,
    writtenBytes: 0,
    rows: {},
  });
  config = (): unknown => ({});
  events = () => [];
  observations = ({ camera, limit = 100 }: ObservationQuery): ObservationView[] =>
    this.stored.filter((one) => camera === undefined || one.camera === camera).slice(0, limit);
  history = () => [];
  cameraPicture = (): Promise<Snapshot | undefined> => Promise.resolve(undefined);
  observationPicture = (id: string): Promise<Snapshot | undefined> => {
    const picture = this.pictures.get(id);
    return Promise.resolve(picture && { picture, at: AT });
  };
  metrics = () => Promise.resolve('');
  follow = (listener: (change: Change) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  restartAgent = (id: string): Promise<void> => {
    this.asked.push(id);
    return Promise.resolve();
  };
  reloadConfig = () => Promise.resolve({ applied: [], needRestart: [] });
  wake = () => ({ state: 'awake' as const, since: 0 });
  backupStore = () => Promise.resolve({ file: '', bytes: 0 });
  checkStore = () => Promise.resolve({ ok: true, problems: [] });
  createInvite = () => Promise.resolve({ token: '', expiresAt: 0 });
  joinNetwork = () => Promise.resolve({ network: { id: '', name: '' } });
  removeMember = () => Promise.resolve();
  readmitPeer = () => Promise.resolve();
  applyPlan = () => this.plan();
  undoPlan = () => this.plan();
  networkMembers = () => Promise.resolve([]);
  network = () => Promise.reject(new Error('no network'));
  rotateKey = () => Promise.reject(new Error('no network'));
}

export function agent(id: string): AgentView {
  return {
    id,
    kind: 'test',
    version: '1.0.0',
    state: 'ready',
    since: AT,
    restarts: 0,
    capabilities: [],
    mailbox: { waiting: 0, most: 64, dropped: 0 },
  };
}

export function job(id: string, state: JobView['state'], name = 'Report'): JobView {
  return {
    ...{ id, name, state, priority: 5, submittedAt: AT, submittedBy: 'test', home: { id: NODE_ID, name: 'alpha' } },
    counts: { waiting: 2, ready: 0, running: 1, succeeded: 0, failed: 0, 'set-aside': 0, cancelled: 0 },
    scheduler: 'heft',
    figures: {
      ...{ seconds: 1, workSeconds: 1, criticalSeconds: 1, steps: 1, criticalSteps: 1, mostParallel: 1 },
      ...{ speedUp: 1, bound: 1 },
    },
  };
}

export function camera(id: string): CameraView {
  return {
    id,
    source: 'folder',
    state: 'live',
    since: AT,
    framesPerSecond: 5,
    framesTotal: 1,
    framesSkipped: 0,
    framesBroken: 0,
    objects: [],
    counts: {},
    zones: [],
  };
}

export function observation(id: string, phase: ObservationView['phase'] = 'start', label = 'person'): ObservationView {
  return {
    id,
    camera: 'north',
    phase,
    label,
    confidence: 0.9,
    box: { x: 0, y: 0, width: 0.5, height: 0.5 },
    zones: [],
    startedAt: AT,
    updatedAt: AT,
  };
}
