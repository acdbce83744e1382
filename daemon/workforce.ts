// What works on this node: its agents, their supervisor, and the network as they see it. Joined here, so that node.ts has
// one thing to wire; the parts know each other only through the interfaces that agents/ declares.

import { Communication } from '../agents/communication/communication.ts';
import { stabilityOf } from '../agents/federation/election/standing.ts';
import type { Learner } from '../agents/federation/learner.ts';
import { ANOMALY_BASELINES } from '../agents/federation/learners/anomaly-baselines.ts';
import { PARL_POLICY } from '../agents/federation/learners/parl-policy.ts';
import { RECOVERY_KNOWLEDGE } from '../agents/federation/learners/recovery-knowledge.ts';
import { trainingSwarm } from '../agents/federation/parl-federated-orchestrator.ts';
import { TrainExecutor } from '../agents/federation/rounds/training-task.ts';
import type { OwnBroker } from '../agents/kinds/mqtt-bridge.ts';
import { ModuleExecutor } from '../agents/module/module-executor.ts';
import { Modules } from '../agents/module/modules.ts';
import type { AntiMeaveOracle } from '../agents/oracle/oracle.ts';
import { ThreadPool } from '../agents/pool/thread-pool.ts';
import { Commands } from '../agents/process/commands.ts';
import { ExecExecutor } from '../agents/process/exec-executor.ts';
import { Supervisor } from '../agents/supervisor.ts';
import { BlobExchange } from '../agents/swarm/blobs/blob-exchange.ts';
import { BlobStore } from '../agents/swarm/blobs/blob-store.ts';
import { ComputeExecutor } from '../agents/swarm/executors/compute.ts';
import { HttpGetExecutor } from '../agents/swarm/executors/http-get.ts';
import { VisionDetectExecutor } from '../agents/swarm/executors/vision-detect.ts';
import { VisionOcrExecutor } from '../agents/swarm/executors/vision-ocr.ts';
import { WaitExecutor } from '../agents/swarm/executors/wait.ts';
import { FrameHelp } from '../agents/swarm/frame-help.ts';
import { SwarmOrchestrator } from '../agents/swarm/orchestrator.ts';
import type { TaskExecutor } from '../agents/swarm/task-executor.ts';
import type { TaskKind } from '../agents/swarm/task-kinds.ts';
import { measureSpeed } from '../agents/swarm/worker/speed.ts';
import type { Clock } from '../core/clock.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { SigningKey } from '../mesh/membership/keys.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { TextReader } from '../vision/ocr/text-reader.ts';
import type { VisionProcessor } from '../vision/processor.ts';
import type { MeshAgentNetwork } from './agent-network.ts';
import { Anomalies } from './anomaly/anomalies.ts';
import { BuiltInAgents } from './built-in-agents.ts';
import type { Disturbances } from './chaos/disturbances.ts';
import type { EffectiveConfig } from './config/effective.ts';
import { ConfiguredAgents } from './configured-agents.ts';
import { drawingReader } from './drawings.ts';
import { externalBroker } from './external-broker.ts';
import { pressureOf } from './eyes.ts';
import { conditionOf, constancyOf } from './federation/board.ts';
import { FederationDesk } from './federation/desk.ts';
import { Federation } from './federation/federation.ts';
import { FederationFigures, type FederationTotals } from './federation/figures.ts';
import { LateLearner } from './federation/late-learner.ts';
import { HardwareReader } from './hardware/reader.ts';
import { Learning } from './learning.ts';
import type { Lifecycle } from './lifecycle.ts';
import { Relief } from './mapek/relief.ts';
import type { Power } from './power/power.ts';
import { authorizeLesson } from './security/oracle.ts';
import type { Store } from './store/store.ts';
import type { SwarmFigures } from './telemetry/swarm-families.ts';
import type { WorkFigures } from './telemetry/work-families.ts';
import type { HardwareView } from './view/schema.ts';

export interface WorkforceParts {
  config: EffectiveConfig;
  dataDir: string;
  mesh: Mesh;
  network: MeshAgentNetwork;
  /** Asked before anything is changed. */
  oracle: AntiMeaveOracle;
  vision: VisionProcessor;
  /** Threads for what computes. */
  threads: number;
  /** The broker that this node runs or uses. */
  ownBroker: () => OwnBroker | undefined;
  /** Where jobs are kept, and what is learned from them. */
  store: Store;
  /** Of this node: it signs the policies that are trained here. */
  key: SigningKey;
  /** The board as it was read last. */
  hardware: () => HardwareView | undefined;
  /** When it rests. */
  power: Power;
  /** Name of its profile. */
  profile: string;
  /** @param score of the node, 0 normal to 1 anomalous */
  onReading(reading: HardwareView, score: number): void;
  /** What repairs taught; throws while it is not open. */
  recoveryKnowledge: () => Learner;
  /** What chaos changes of readings. */
  disturbances?: Disturbances;
  journal: Journal;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** How a service that mends itself is: a cause, or undefined when it is well again. */
  report(service: string, cause: string | undefined): void;
}

/** What waits for a thread, MiB that a task may hold, and how long a thread is kept. */
const THREADS = { mostWaiting: 1_000, memory: 256, idleTime: 20_000 };

export class Workforce {
  readonly supervisor: Supervisor;
  readonly network: MeshAgentNetwork;
  readonly builtIn: BuiltInAgents;
  readonly configured: ConfiguredAgents;
  readonly communication: Communication;
  readonly swarm: SwarmOrchestrator;
  readonly blobs: BlobStore;
  readonly exchange: BlobExchange;
  readonly learning: Learning;
  /** Undefined where it is switched off. */
  readonly federation: Federation | undefined;
  readonly federationDesk: FederationDesk;
  readonly #federationFigures: FederationFigures | undefined;
  readonly textReader: TextReader;
  readonly readDrawing: ReturnType<typeof drawingReader>;
  readonly frameHelp: FrameHelp;
  readonly relief: Relief;
  readonly anomalies: Anomalies;
  readonly #modules: Modules;
  readonly #moduleTasks: ModuleExecutor;
  readonly #threads: ThreadPool;
  readonly #reader: HardwareReader;

  /** Before the mesh starts. */
  constructor(parts: WorkforceParts) {
    const { config, dataDir, mesh, vision, store, key, onReading, journal, clock, random, logger } = parts;
    const { disturbances } = parts;
    this.network = parts.network;
    this.relief = new Relief(clock);
    this.supervisor = new Supervisor({ config: config.agents, clock, random, journal, logger });
    this.#reader = new HardwareReader({
      ...{ clock, dataDir, logger, root: config.hardware.root },
      ...(disturbances && { overlaid: (reading) => disturbances.overlaid(reading) }),
    });
    this.builtIn = new BuiltInAgents({
      supervisor: this.supervisor,
      ...{ mesh, vision, hardware: this.#reader, journal, clock },
      onReading: ({ reading: read, symptoms }) => {
        const reading = parts.power.hear(read);
        this.#condition(reading);
        onReading(reading, this.anomalies.hearBoard(reading, symptoms.length > 0));
      },
    });
    this.anomalies = new Anomalies({
      ...{ config: config.anomalies, profile: parts.profile, network: this.network, store, clock, journal },
      links: () => mesh.links(),
      agents: () => this.supervisor.agents(),
      cameras: () => vision.cameras(),
      tasks: () => this.swarm.figures().tasks,
      gossip: () => mesh.counters(),
      logger: logger.child({ service: 'anomalies' }),
    });
    this.communication = new Communication({
      ...{ recipients: this.supervisor, network: this.network, authorizer: parts.oracle, clock, random },
    });
    const commands = new Commands(clock, process.env);
    const modules = new Modules({ config: config.agents.modules, dataDir, environment: process.env, clock });
    this.#modules = modules;
    this.#moduleTasks = new ModuleExecutor(modules, clock, logger);
    this.textReader = new TextReader({ threads: config.vision.threads, clock, random });
    this.readDrawing = drawingReader({ reader: this.textReader, clock, topology: () => mesh.topology() });
    this.#threads = new ThreadPool({ threads: parts.threads, clock, ...THREADS });
    this.configured = new ConfiguredAgents({
      ...{ supervisor: this.supervisor, communication: this.communication, commands, modules },
      ...{ ownBroker: parts.ownBroker, journal, logger, clock, random },
    });
    const { mostBytes } = config.swarm.blobs;
    this.blobs = new BlobStore({ dataDir, ...(mostBytes !== undefined && { mostBytes }), clock, journal });
    this.exchange = new BlobExchange({ network: this.network, store: this.blobs, clock, random, journal });
    this.learning = new Learning({
      ...{ config: config.swarm, store, key, clock, random, journal, logger: logger.child({ service: 'parl' }) },
      members: () => mesh.peers().map(({ id }) => id),
      swarm: { job: (id) => this.swarm.changes.job(id), swarm: () => this.swarm.window.swarm() },
      speed: (node) => this.exchange.speed(node),
      authorize: (subject) => authorizeLesson(parts.oracle, key.nodeId, subject),
      report: (cause) => parts.report('parl', cause),
    });
    const learners = [
      new LateLearner(PARL_POLICY, () => this.learning.learner()),
      new LateLearner(RECOVERY_KNOWLEDGE, parts.recoveryKnowledge),
      new LateLearner(ANOMALY_BASELINES, () => this.anomalies.learner()),
    ];
    this.federation = config.federation.enabled ? this.#federate(parts, learners) : undefined;
    const { federation, network } = this;
    this.#federationFigures = federation && new FederationFigures(federation, key.nodeId);
    this.federationDesk = new FederationDesk({ federation, learners, network, name: config.name, clock });
    this.swarm = new SwarmOrchestrator({
      ...{ name: config.name, network: this.network, storage: store.jobs, supervisor: this.supervisor },
      ...{ config: config.swarm, clock, random, journal, logger: logger.child({ service: 'swarm' }) },
      blobs: {
        bring: (ref, holders, signal) => this.exchange.bring(ref, holders, signal),
        read: (ref) => this.blobs.read(ref),
        write: (bytes, mediaType) => this.blobs.write(bytes, mediaType),
        hold: (job, refs) => this.blobs.hold(job, refs),
        release: (job) => this.blobs.release(job),
        speed: (node) => this.exchange.speed(node),
      },
      authorizer: parts.oracle,
      executors: [
        new WaitExecutor(clock),
        new ComputeExecutor(clock, this.#threads),
        new TrainExecutor(() => this.federation?.participant),
        new HttpGetExecutor(),
        new VisionDetectExecutor(vision),
        new VisionOcrExecutor(this.textReader),
        new ExecExecutor(commands),
        this.#moduleTasks,
      ] satisfies (TaskExecutor & { kind: TaskKind })[],
      scheduler: () => this.learning.current(),
      speed: config.swarm.speed ?? (() => measureSpeed(this.#threads, clock)),
      trouble: (cause) => parts.report('swarm', cause && `what happens to jobs cannot be recorded: ${cause}`),
    });
    this.swarm.on('job', (job) => this.learning.jobChanged(job));
    this.frameHelp = new FrameHelp({
      ...{ network: this.network, search: vision, pressure: () => pressureOf(parts.hardware()), clock },
      helpers: () =>
        this.swarm.window.swarm().workers.map(({ node, slots, running, queued, ...worker }) => ({
          ...worker,
          node: node.id,
          busy: slots === 0 ? 1 : (running + queued) / slots,
        })),
    });
  }

  #federate(parts: WorkforceParts, learners: readonly Learner[]): Federation {
    const { config, mesh, store, key, oracle, hardware, journal, clock, random, logger } = parts;
    const startedAt = clock.now();
    return new Federation({
      ...{ config: config.federation, name: config.name, network: this.network, mesh, store, key, oracle },
      brokers: externalBroker(config).mqtt,
      learners,
      experienceOf: PARL_POLICY.name,
      swarm: () => trainingSwarm(this.swarm),
      condition: () => conditionOf(hardware()),
      // Who rests hands the seat over to whoever is as near and works.
      stability: () =>
        parts.power.isResting ? 0 : stabilityOf(constancyOf((clock.now() - startedAt) / 1000, hardware())),
      report: parts.report,
      ...{ clock, random, journal, logger: logger.child({ service: 'federation' }) },
    });
  }

  /** What it is relieved of changed, or whether it rests. */
  relieved(hardware: HardwareView | undefined): void {
    if (hardware !== undefined) this.#condition(hardware);
  }

  #condition(reading: HardwareView): void {
    this.swarm.setCondition({ ...reading, relief: this.relief.share });
  }

  /** For metrics. */
  figures(): { swarm: SwarmFigures; work: WorkFigures; federation: FederationTotals | undefined } {
    return {
      federation: this.#federationFigures?.read(),
      swarm: this.swarm.figures(),
      work: {
        letters: this.communication.counters(),
        modules: this.#modules.figures(),
        pool: this.#threads.figures(),
        frames: this.frameHelp.figures(),
        texts: this.textReader.figures(),
        blobs: { ...this.blobs.status(), ...this.exchange.status(), speeds: this.exchange.speeds() },
      },
    };
  }

  /** After the services that the agents drive. */
  addTo(lifecycle: Lifecycle): void {
    lifecycle.add(this.anomalies, { required: false });
    lifecycle.add(this.supervisor, { required: false });
    lifecycle.add(this.communication, { required: false });
    lifecycle.add(this.blobs, { required: false });
    lifecycle.add(this.swarm, { required: false });
    lifecycle.add(this.learning, { required: false });
    this.federation?.addTo(lifecycle);
  }

  /** After all services have stopped. */
  async close(): Promise<void> {
    this.#reader.close();
    await Promise.all([this.#moduleTasks.close(), this.#threads.close(), this.textReader.stop()]);
    await this.federation?.close();
  }
}
