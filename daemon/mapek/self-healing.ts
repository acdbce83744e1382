// Self-healing on this node: the loop of agents/mapek joined to what sees faults here and to what can really be done about
// them. docs/self-healing.md tells what it believes, does and asks.

import { join } from 'node:path';
import type { Learner } from '../../agents/federation/learner.ts';
import { RecoveryKnowledgeLearner } from '../../agents/federation/learners/recovery-knowledge.ts';
import { proposalOf } from '../../agents/mapek/correction-proposal.ts';
import { PARLMAPEKExecutor } from '../../agents/mapek/executor.ts';
import type { IncidentView } from '../../agents/mapek/incident.ts';
import { NeighbourHelp, type NeighbourHelpParts } from '../../agents/mapek/neighbour-help.ts';
import type { Signal } from '../../agents/mapek/signal.ts';
import type { Symptom } from '../../agents/mapek/symptom.ts';
import type { AntiMeaveOracle } from '../../agents/oracle/oracle.ts';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { parseSource } from '../../vision/camera/source.ts';
import type { VisionProcessor } from '../../vision/processor.ts';
import type { CameraMemory } from '../cameras/camera-memory.ts';
import type { ChangingCorrection } from '../correction/local-planner.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { Store } from '../store/store.ts';
import type { MqttTelemetry } from '../telemetry/publisher.ts';
import type { HardwareView } from '../view/schema.ts';
import type { Workforce } from '../workforce.ts';
import { agentHands } from './actions/agents.ts';
import { cameraHands } from './actions/cameras.ts';
import { learningHands } from './actions/learning.ts';
import { meshHands } from './actions/mesh.ts';
import { selfHands } from './actions/self.ts';
import { serviceHands } from './actions/services.ts';
import type { MapekConfig } from './config.ts';
import { HealingDesk } from './healing-desk.ts';
import { NodeNames } from './node-names.ts';
import { AgentSignals } from './signals/agents.ts';
import { BoardSignals } from './signals/board.ts';
import { CameraSignals } from './signals/cameras.ts';
import type { Source } from './signals/hearing.ts';
import { JournalSignals } from './signals/journal.ts';
import { LearningSignals } from './signals/learning.ts';
import { MeshSignals } from './signals/mesh.ts';
import { ServiceSignals } from './signals/services.ts';
import { Webhook } from './webhook.ts';

export interface SelfHealingParts {
  /** In force; a reload changes what is in it. */
  config: MapekConfig;
  /** `mqtt.url` of the configuration. */
  brokers: string | readonly string[] | undefined;
  name: string;
  dataDir: string;
  packagedModels: string;
  mesh: Mesh;
  store: Store;
  vision: VisionProcessor;
  memory: Pick<CameraMemory, 'clips'>;
  workforce: Pick<
    Workforce,
    'supervisor' | 'learning' | 'federation' | 'swarm' | 'network' | 'relief' | 'relieved' | 'anomalies'
  >;
  lifecycle: Lifecycle;
  /** Built after this. */
  telemetry: () => MqttTelemetry;
  hardware: () => HardwareView | undefined;
  /** Ends the daemon, which is started again then; undefined where nobody would. */
  restart: (() => void) | undefined;
  oracle: Pick<AntiMeaveOracle, 'authorize'>;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

/** Everything is said again so often: what an event did not tell is found then. */
const SWEEP: Millis = 2_000;

export class SelfHealing implements Service {
  readonly name = 'mapek';
  readonly loop: PARLMAPEKExecutor;
  /** What people see and ask. */
  readonly desk: HealingDesk;
  readonly #parts: SelfHealingParts;
  readonly #board: BoardSignals;
  readonly #sources: readonly Source[];
  readonly #webhook: Webhook;
  #stopListening: (() => void)[] = [];
  #sweep: Timer | undefined;
  #learner: RecoveryKnowledgeLearner | undefined;

  /** Before the mesh starts. */
  constructor(parts: SelfHealingParts) {
    this.#parts = parts;
    const { config, mesh, store, vision, lifecycle, oracle, clock, random, journal, logger } = parts;
    const { supervisor, learning, federation, swarm, network } = parts.workforce;
    const deviceOf = (camera: string): string | undefined => this.#deviceOf(camera);
    const services = serviceHands({
      ...{ dataDir: parts.dataDir, lifecycle, store, clips: parts.memory.clips },
      telemetry: { reconnect: (how) => parts.telemetry().reconnect(how) },
      brokers: [parts.brokers ?? []].flat(),
      config,
    });
    const links = meshHands({ mesh });
    const help = new NeighbourHelp({
      ...{ network, authorizer: oracle, clock, wish },
      hands: config.helpNeighbours ? helpFor(links['link.reset'], services['process.restart-service']) : {},
    });
    const names = new NodeNames(() => [{ id: mesh.id, name: parts.name }, ...mesh.peers()]);
    this.loop = new PARLMAPEKExecutor({
      ...{ self: mesh.id, config, authorizer: oracle, storage: store.healing, clock, random, logger },
      journal: names.journal(journal),
      newId: () => `${clock.wall().toString(36)}-${random.below(2 ** 31).toString(36)}`,
      hands: {
        ...services,
        ...links,
        ...agentHands({
          ...{ supervisor, vision, backlog: swarm.backlog, relief: parts.workforce.relief },
          relieved: () => parts.workforce.relieved(parts.hardware()),
          hasTasks: () => swarm.figures().worker.running + swarm.figures().worker.queued > 0,
        }),
        ...cameraHands({
          ...{ vision, supervisor, deviceOf, packagedModels: parts.packagedModels },
          ownModels: join(parts.dataDir, 'models'),
        }),
        ...learningHands({ learning, federation, lifecycle }),
        ...selfHands({ config, store, clock, hardware: parts.hardware, restart: parts.restart }),
        'neighbour.ask': help,
      },
      lookNow: (subjects) => this.#repeat(new Set(subjects)),
    });
    const { loop } = this;
    this.desk = new HealingDesk(this, config, clock, names);
    const [say, depends, know] = [loop.observe.bind(loop), loop.depends.bind(loop), loop.know.bind(loop)];
    const common = { clock, say, depends, know };
    this.#board = new BoardSignals({
      ...{ ...common, dataDir: parts.dataDir },
      lookEvery: (subject, usual) => loop.lookEvery(subject, usual),
    });
    this.#sources = [
      new JournalSignals({ ...common, store }),
      new AgentSignals({ ...common, supervisor }),
      new ServiceSignals({ ...common, lifecycle, vision }),
      new MeshSignals({ ...common, mesh }),
      new CameraSignals({ ...common, vision, deviceOf }),
      new LearningSignals({
        ...{ ...common, federation, learning, waiting: () => swarm.backlog.perPlace() },
        hasCompany: () => network.nodes().some(({ reachable }) => reachable),
      }),
      this.#board,
    ];
    this.#webhook = new Webhook({
      ...{ config, clock, logger },
      node: { id: mesh.id, name: parts.name },
      incident: (id) => names.inSentences(loop.incident(id)),
    });
    loop.on('question', (question) => this.#webhook.tell('question', names.inSentences(question)));
    loop.on('question-closed', (question) => this.#webhook.tell('question-closed', names.inSentences(question)));
  }

  async start(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#parts;
    await this.loop.start(signal);
    await this.#openLearner();
    if (config.mode === 'off') return;
    const { anomalies } = this.#parts.workforce;
    const hear = (signal: Signal): void => this.loop.observe(signal);
    anomalies.on('signal', hear);
    this.#stopListening = [...this.#sources.map((source) => source.listen()), () => anomalies.off('signal', hear)];
    this.#sweep = clock.every(SWEEP, () => this.#repeat());
  }

  async stop(): Promise<void> {
    this.#sweep?.cancel();
    for (const stop of this.#stopListening.splice(0)) stop();
    this.#webhook.stop();
    this.#learner = undefined;
    await this.loop.stop();
  }

  /** A reading of the board. */
  hear(reading: HardwareView): void {
    this.#board.hear(reading);
  }

  /** What repairs taught, as a federation improves it. Throws `KNOWLEDGE_UNAVAILABLE` until this has started. */
  learner(): Learner {
    if (this.#learner !== undefined) return this.#learner;
    throw new ParlmeshError('KNOWLEDGE_UNAVAILABLE', 'What repairs taught is not open yet');
  }

  /** What the self-correction wants done, under the locks and budgets of the loop; undefined where that is switched off. */
  get propose(): ((correction: ChangingCorrection, why: string) => Promise<string>) | undefined {
    if (this.#parts.config.mode === 'off') return undefined;
    const linkTo = (name: string): string => this.#parts.mesh.peers().find((peer) => peer.name === name)?.id ?? name;
    return (correction, why) => this.loop.propose(proposalOf(correction, why, linkTo));
  }

  /** Newest first, those that are not over before the others. */
  incidents(): IncidentView[] {
    const all = this.loop.incidents();
    return [
      ...all.filter(({ closedAt }) => closedAt === undefined),
      ...all.filter(({ closedAt }) => closedAt !== undefined),
    ];
  }

  async #openLearner(): Promise<void> {
    const { store, journal, clock, logger } = this.#parts;
    const at = 'mapek.recovery-knowledge';
    try {
      this.#learner = new RecoveryKnowledgeLearner({
        ...{ knowledge: this.loop.knowledge, clock },
        storage: { read: () => store.state(at), write: (document) => store.putState(at, document) },
        tell: (message) => journal.record({ severity: 'info', kind: 'mapek.knowledge', subject: 'node', message }),
      });
      await this.#learner.restore();
    } catch (thrown) {
      logger.warn({ error: messageOf(thrown) }, 'what other nodes know of repairs could not be read');
    }
  }

  #repeat(subjects?: ReadonlySet<string>): void {
    for (const source of this.#sources) source.repeat(subjects);
  }

  #deviceOf(camera: string): string | undefined {
    const config = this.#parts.vision.camera(camera)?.config;
    if (config === undefined) return undefined;
    try {
      const source = parseSource(config.source);
      return source.kind === 'ffmpeg' && source.input.kind === 'device' ? source.input.path : undefined;
    } catch {
      // A source that cannot be read is no device.
      return undefined;
    }
  }
}

/** Whom nothing reaches may still be reached by somebody else; a broker is run by one of the nodes, if it is ours. */
function wish({ fault, subject }: Symptom): ReturnType<NeighbourHelpParts['wish']> {
  if (fault === 'peer-silent') return { action: 'link.reset', subject: subject.replace(/^peer\//, 'link/') };
  if (fault === 'broker-down') return { action: 'process.restart-service', subject: 'service/broker' };
  return undefined;
}

type Hands = NeighbourHelpParts['hands'];

/** For others only the broker is started anew, and only where this node runs it. */
function helpFor(reset: Hands['link.reset'], restart: Hands['process.restart-service']): Hands {
  if (reset === undefined || restart === undefined) return {};
  return {
    'link.reset': reset,
    'process.restart-service': {
      ...restart,
      precondition: (symptom) =>
        symptom.subject === 'service/broker' ? restart.precondition(symptom) : 'that is not done for others',
    },
  };
}
