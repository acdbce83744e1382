// The composition: builds every service of a node and wires them together. The only file that knows them all.

import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { AntiMeaveOracle } from '../agents/oracle/oracle.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Random } from '../core/random.ts';
import type { SigningKey } from '../mesh/membership/keys.ts';
import { Mesh } from '../mesh/mesh.ts';
import { RestingSource } from '../vision/camera/resting-source.ts';
import type { VisionProcessor } from '../vision/processor.ts';
import { MeshAgentNetwork } from './agent-network.ts';
import { anomalyActions } from './anomaly/anomaly-desk.ts';
import { CameraMemory } from './cameras/camera-memory.ts';
import { createChaos } from './chaos/create-chaos.ts';
import { Disturbances } from './chaos/disturbances.ts';
import { type EffectiveConfig, effectiveConfig } from './config/effective.ts';
import type { LoadedConfig } from './config/load.ts';
import { nodeNameOf } from './config/node-name.ts';
import { redactConfig } from './config/redact.ts';
import type { ConfigChange } from './config/reload.ts';
import { correctionActions, SelfCorrection } from './correction/self-correction.ts';
import { externalBroker, externalBrokerShown, ownBroker } from './external-broker.ts';
import { openEyes } from './eyes.ts';
import type { Detection } from './hardware/detect.ts';
import { HttpServer } from './http/server.ts';
import { KernelRoutes } from './kernel-routes/kernel-routes.ts';
import { Lifecycle } from './lifecycle.ts';
import { LiveConfig, watchedCameras } from './live-config.ts';
import { liveJobs } from './live-jobs.ts';
import type { RootLogger } from './log.ts';
import { SelfHealing } from './mapek/self-healing.ts';
import { type Measure, measureBoard, measureLinks } from './measurements.ts';
import { membershipFigures, networkActions } from './membership.ts';
import { Power } from './power/power.ts';
import { RemoteNodes, relayPolicy } from './remote-nodes.ts';
import { NetworkFiles } from './security/network.ts';
import {
  authorizedForMqtt,
  authorizePlan,
  createOracle,
  oracleFigures,
  reachOf,
  takeOrders,
} from './security/oracle.ts';
import { Tokens } from './security/tokens.ts';
import { storeActions } from './store/actions.ts';
import { Store } from './store/store.ts';
import { EmbeddedBroker } from './telemetry/broker.ts';
import { Metrics } from './telemetry/metrics.ts';
import { MqttTelemetry } from './telemetry/publisher.ts';
import { storedTopics } from './telemetry/stored-topics.ts';
import { LiveView } from './view/live-view.ts';
import type { PowerView } from './view/power-schema.ts';
import type { HardwareView } from './view/schema.ts';
import type { Actions } from './view/view.ts';
import { Workforce } from './workforce.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PACKAGED_MODELS = join(ROOT, 'vision/models');

export interface NodeParts {
  loaded: LoadedConfig;
  /** Reads the configuration anew, for `reload`. */
  loadAgain: () => LoadedConfig;
  profile: Detection;
  dataDir: string;
  /** File of the Unix socket. */
  socketPath: string;
  key: SigningKey;
  version: string;
  clock: Clock;
  random: Random;
  logger: RootLogger;
  /** The node wants to end: what runs it is to stop it. */
  end: (why: 'battery' | 'repair') => void;
  /** Whoever runs it starts it again after such an end. */
  isRestarted: boolean;
}

/** How often the numbers behind the page's charts are kept. */
const MEASURE_LINKS_EVERY_MS = 10_000;

export class ParlmeshNode {
  readonly view: LiveView;
  readonly #parts: NodeParts;
  readonly #lifecycle: Lifecycle;
  readonly #store: Store;
  readonly #mesh: Mesh;
  readonly #vision: VisionProcessor;
  readonly #memory: CameraMemory;
  readonly #power: Power;
  readonly #oracle: AntiMeaveOracle;
  readonly #workforce: Workforce;
  readonly #healing: SelfHealing;
  readonly #correction: SelfCorrection;
  readonly #telemetry: MqttTelemetry;
  readonly #http: HttpServer;
  readonly #journal: Journal;
  readonly #measure: Measure = (series, at, value) => this.#store.measure(series, at, value);
  /** What services read again and again; a reload writes into it. */
  readonly #config: EffectiveConfig;
  readonly #live: LiveConfig;
  #measuring: Timer | undefined;

  constructor(parts: NodeParts) {
    const { loaded, profile, dataDir, key, version, random, logger } = parts;
    const config = effectiveConfig(loaded, profile.profile, nodeNameOf(hostname()));
    const disturbances = new Disturbances(parts.clock);
    const { clock } = disturbances;
    this.#parts = { ...parts, clock };
    this.#config = config;

    this.#store = new Store({
      dataDir,
      config: config.store,
      flushInterval: config.store.flushInterval,
      snapshots: config.vision.snapshots,
      cacheBytes: profile.profile.cacheBytes,
      ...{ clock, logger: logger.child({ service: 'store' }) },
    });
    const journal = this.#store.journal;
    this.#journal = journal;
    this.#power = new Power({ config: config.power, clock, journal });
    this.#lifecycle = new Lifecycle({ clock, random, logger, journal });
    this.#mesh = new Mesh({
      config: config.mesh,
      listenIsExplicit: loaded.explicit.has('mesh.listen'),
      key,
      name: config.name,
      version,
      state: new NetworkFiles(dataDir),
      ...externalBroker(config),
      summary: () => this.#summary(),
      authorize: relayPolicy(config.mesh.forward.allow),
      mayApplyPlan: () => authorizePlan(this.#oracle, this.#mesh),
      ...{ clock, random, journal, logger: logger.child({ service: 'mesh' }) },
    });
    this.#vision = openEyes({
      ...{ config, dataDir, clock, random, journal, store: this.#store },
      framesPerSecond: profile.profile.framesPerSecond,
      packagedModels: PACKAGED_MODELS,
      hardware: () => this.view.hardware(),
      work: () => this.#workforce,
      disturb: (camera, source) => new RestingSource(disturbances.source(camera, source), this.#power),
      logger: logger.child({ service: 'vision' }),
    });
    this.#memory = new CameraMemory({
      ...{ config, dataDir, clock, store: this.#store, vision: this.#vision },
      reload: (change) => this.#live.reload(change),
      logger: logger.child({ service: 'camera-memory' }),
    });
    const tokens = new Tokens({ storage: this.#store.tokens, clock, logger });
    const network = new MeshAgentNetwork(this.#mesh, clock);
    const { oracle, desk } = createOracle({
      ...{ key, network, clock, journal },
      config: config.oracle,
      mesh: this.#mesh,
      store: this.#store,
      scopesOf: (id) => tokens.get(id)?.scopes,
      agentCapabilities: (id) => this.#workforce.supervisor.capabilitiesOf(id),
      ...{ mqttCommands: config.mqtt.commands, helpNeighbours: config.mapek.helpNeighbours },
      report: (cause) => this.#lifecycle.report('oracle', cause),
      logger: logger.child({ service: 'oracle' }),
    });
    this.#oracle = oracle;
    this.#workforce = new Workforce({
      ...{ network, oracle },
      ownBroker: () => ownBroker(config, broker.url),
      ...{ threads: profile.profile.workers, profile: profile.profile.name },
      ...{ config, dataDir, disturbances, clock, random, journal, logger },
      ...{ mesh: this.#mesh, vision: this.#vision, store: this.#store, key },
      report: (service, cause) => this.#lifecycle.report(service, cause),
      hardware: () => this.view.hardware(),
      power: this.#power,
      recoveryKnowledge: () => this.#healing.learner(),
      onReading: (reading, score) => this.#onReading(reading, score),
    });
    this.#healing = new SelfHealing({
      ...{ config: config.mapek, brokers: config.mqtt.url, name: config.name, dataDir, clock, random, journal, oracle },
      ...{ mesh: this.#mesh, store: this.#store, vision: this.#vision, memory: this.#memory },
      ...{ workforce: this.#workforce, lifecycle: this.#lifecycle, telemetry: () => this.#telemetry },
      packagedModels: PACKAGED_MODELS,
      hardware: () => this.view.hardware(),
      restart: parts.isRestarted ? () => parts.end('repair') : undefined,
      logger: logger.child({ service: 'mapek' }),
    });
    this.#correction = new SelfCorrection({
      ...{ vision: this.#vision, mesh: this.#mesh, store: this.#store, oracle, clock, random, journal, logger },
      ...{ supervisor: this.#workforce.supervisor, propose: this.#healing.propose },
    });

    const broker = new EmbeddedBroker({ config: config.mqtt, logger: logger.child({ service: 'broker' }) });
    this.view = new LiveView({
      name: config.name,
      version,
      profile: { name: profile.profile.name, title: profile.profile.title, reason: profile.reason },
      startedAt: clock.wall(),
      ...{ clock, logger, oracle },
      ...{ lifecycle: this.#lifecycle, store: this.#store, mesh: this.#mesh },
      ...{ vision: this.#vision, memory: this.#memory, correction: this.#correction, healing: this.#healing.desk },
      ...{ supervisor: this.#workforce.supervisor, jobs: liveJobs(this.#workforce) },
      anomalies: this.#workforce.anomalies,
      pageAddresses: () => this.#http.addresses,
      brokerAddress: () => broker.url ?? externalBrokerShown(config),
      config: () => redactConfig(this.#config),
      metrics: () => metrics.text(),
    });
    const metrics = new Metrics({
      view: this.view,
      totals: () => ({
        mesh: this.#mesh.counters(),
        membership: membershipFigures(this.#mesh, clock),
        relay: this.#mesh.network() && this.#mesh.relay.counters(),
        mqttConnected: this.#lifecycle.isRunning('mqtt'),
        ...this.#workforce.figures(),
        oracle: oracleFigures(oracle),
      }),
    });
    const actions = this.#actions();
    takeOrders(oracle, actions);
    const chaos = createChaos({
      ...{ dataDir, disturbances, broker, oracle, clock, random, journal, config: config.chaos },
      ...{ mesh: this.#mesh, store: this.#store, vision: this.#vision, lifecycle: this.#lifecycle },
      ...{ workforce: this.#workforce, packagedModels: PACKAGED_MODELS },
    });
    this.#http = new HttpServer({
      config: config.http,
      portIsExplicit: loaded.explicit.has('http.port'),
      view: this.view,
      actions,
      remote: new RemoteNodes(this.#mesh),
      ...{ tokens, chaos },
      oracle: { authorizer: oracle, desk, reach: reachOf(this.#mesh) },
      socketPath: parts.socketPath,
      publicDir: join(ROOT, 'daemon/http/public'),
      ...{ clock, logger, journal, observer: metrics },
    });
    this.#telemetry = new MqttTelemetry({
      config: config.mqtt,
      view: this.view,
      actions: authorizedForMqtt(actions, oracle, key.nodeId),
      ...{ clock, random, journal, logger: logger.child({ service: 'mqtt' }) },
      memory: storedTopics(this.#store, logger),
      embeddedUrl: () => broker.url,
      labelsOf: (camera) => this.#config.cameras.find(({ name }) => name === camera)?.labels ?? [],
      onState: (cause) => this.#lifecycle.report('mqtt', cause),
    });

    this.#live = new LiveConfig({
      ...{ loaded, loadAgain: parts.loadAgain, profile: profile.profile, config, logger, journal },
      ...{ workforce: this.#workforce, vision: this.#vision, telemetry: this.#telemetry },
    });

    this.#workforce.swarm.on('job', (job) => this.view.jobChanged(job));
    this.#workforce.swarm.on('swarm', () => this.view.swarmChanged());
    this.#workforce.learning.on('changed', () => this.view.policyChanged());
    this.#power.on('changed', (power) => this.#onPower(power));
    this.#mesh.on('membership', (trouble) =>
      this.#lifecycle.report('mesh', trouble && `${trouble.cause}. ${trouble.hint}`),
    );
    this.#mesh.on('converged', (seconds) => metrics.observeConvergence(seconds));
    this.#workforce.federation?.coordinator.on('ended', (seconds) => metrics.observeRound(seconds));
    this.#store.on('trouble', (cause) => this.#lifecycle.report('store', cause));
    this.#vision.on('detector', (state) => {
      if (state.kind === 'failed') this.#lifecycle.report('vision', `nothing is detected: ${state.cause}`);
      if (state.kind === 'ready') this.#lifecycle.report('vision', undefined);
    });
    this.#lifecycle.add(this.#store, { required: true });
    this.#lifecycle.add(this.#oracle, { required: true });
    this.#lifecycle.add(metrics, { required: true });
    this.#lifecycle.add(this.#mesh, { required: false });
    this.#lifecycle.add(this.#power, { required: false });
    if (config.mesh.kernelRoutes.enabled) this.#lifecycle.add(this.#kernelRoutes(config), { required: false });
    this.#lifecycle.add(this.#vision, { required: false });
    this.#lifecycle.add(this.#memory, { required: false });
    // Before what it watches and what learns from it.
    this.#lifecycle.add(this.#healing, { required: false });
    this.#workforce.addTo(this.#lifecycle);
    this.#lifecycle.add(this.#correction, { required: false });
    this.#lifecycle.add(chaos, { required: false });
    this.#lifecycle.add(this.#http, { required: false });
    if (config.mqtt.enabled) {
      if (config.mqtt.url === undefined && config.mqtt.embedded.enabled)
        this.#lifecycle.add(broker, { required: false });
      this.#lifecycle.add(this.#telemetry, { required: false });
    }
  }

  /** Resolves when every required service runs; rejects with the cause when one cannot. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, version } = this.#parts;
    await this.#workforce.builtIn.add(this.#config.hardware.interval * 1000, watchedCameras(this.#config));
    await this.#lifecycle.start(signal);
    // Not waited for: a module may take seconds to load.
    void this.#workforce.configured.apply(this.#config.agents);
    this.#measuring = clock.every(MEASURE_LINKS_EVERY_MS, () =>
      measureLinks(this.#measure, this.#mesh.links(), clock.wall()),
    );
    this.view.nodeChanged();
    const message = `Node ${this.#config.name} started, version ${version}`;
    this.#journal.record({ severity: 'info', kind: 'node.started', subject: 'node', message });
  }

  async stop(): Promise<void> {
    this.#measuring?.cancel();
    // What ends in order is not to be repaired.
    await this.#healing.stop();
    const message = `Node ${this.#config.name} stops`;
    this.#journal.record({ severity: 'info', kind: 'node.stopping', subject: 'node', message });
    await this.#lifecycle.stop();
    await this.#workforce.close();
  }

  /** Takes what may change while running from the configuration, and names what needs a restart. */
  reload(): Promise<ConfigChange> {
    return this.#live.reload();
  }

  /**
   * A promise that nobody waited for was rejected, by a library or by us: a defect, but none that makes what runs
   * wrong, so the node stays up and tells. A thrown error that nobody caught ends the process as usual.
   */
  reportStray(thrown: unknown): void {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    this.#parts.logger.error({ cause: messageOf(thrown), stack }, 'an unexpected error in the background');
    this.#journal.record({
      severity: 'error',
      kind: 'node.defect',
      subject: 'node',
      message: `An unexpected error in the background: ${messageOf(thrown)}`,
      ...(stack === undefined ? {} : { data: { stack: stack.slice(0, 2000) } }),
    });
  }

  #kernelRoutes({ mesh }: EffectiveConfig): KernelRoutes {
    const { clock, logger } = this.#parts;
    return new KernelRoutes({
      ...{ config: mesh.kernelRoutes, probePort: mesh.probe.port, mesh: this.#mesh, clock, journal: this.#journal },
      logger: logger.child({ service: 'kernel-routes' }),
      report: (cause) => this.#lifecycle.report('kernel-routes', cause),
    });
  }

  #actions(): Actions {
    return {
      restartAgent: (id) => this.#workforce.supervisor.restart(id),
      reloadConfig: () => this.reload(),
      wake: (seconds) => this.#power.wake(seconds),
      drawAreas: (camera, areas) => this.#memory.drawAreas(camera, areas),
      ...{ ...storeActions(this.#store), ...anomalyActions(this.#workforce.anomalies) },
      ...{ ...networkActions(this.#mesh), ...correctionActions(this.#correction) },
      answerIncident: (id, answer, by) => this.#healing.desk.answerIncident(id, answer, by),
      ...liveJobs(this.#workforce),
      readText: (picture, signal) => this.#workforce.textReader.read(picture, { signal }),
      readDrawing: this.#workforce.readDrawing,
      applyPlan: () => this.#mesh.planner.apply(),
      undoPlan: () => this.#mesh.planner.undo(),
    };
  }

  #onReading(reading: HardwareView, score: number): void {
    this.view.setHardware(reading);
    this.#mesh.setScore(score);
    this.#correction.hear(reading);
    this.#healing.hear(reading);
    measureBoard(this.#measure, reading, score);
  }

  #onPower(power: PowerView): void {
    const { isResting } = this.#power;
    const hardware = this.view.hardware();
    if (hardware !== undefined) {
      this.view.setHardware({ ...hardware, power });
      this.#workforce.relieved(this.view.hardware());
    }
    this.#mesh.rest(isResting);
    this.#telemetry.rest(isResting);
    if (power.state === 'critical' && this.#config.power.battery.whenCritical === 'stop') this.#parts.end('battery');
  }

  #summary() {
    const [page] = this.#http.addresses;
    const profile = this.#parts.profile.profile.name;
    const { until } = this.#power.view();
    return {
      ...{ profile, load: this.view.hardware()?.cpu.load ?? 0 },
      ...(page !== undefined && { page }),
      ...(this.#power.isResting && { rests: { ...(until !== undefined && { until }) } }),
    };
  }
}
