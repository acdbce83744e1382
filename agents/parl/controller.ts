// PARLController: which scheduler places the tasks of this node, why, and how the learned one gets better. It hands the
// orchestrator a scheduler, keeps what jobs there were, has schedulers judged on them, and lets the shard learn from them.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import type { JobDetailView, JobView, SwarmView } from '../swarm/job-view.ts';
import { heuristics } from '../swarm/scheduling/list-schedulers.ts';
import type { TaskScheduler } from '../swarm/scheduling/scheduler.ts';
import { UNMEASURED_SPEED } from '../swarm/scheduling/transfer-time.ts';
import { advisor } from './advisor.ts';
import type { AgentWorker } from './agent-worker.ts';
import type { SimulatedNode } from './environment/cluster-simulation.ts';
import { capacityOf } from './environment/episode.ts';
import type { EvaluationRequest } from './evaluate.ts';
import type { Comparison } from './evaluation.ts';
import type { ExperienceBuffer } from './experience-buffer.ts';
import { type Judgement, judge } from './guard.ts';
import { type KeptLearning, keptLearning, readKeptLearning } from './kept-learning.ts';
import { LiveScheduler } from './live-scheduler.ts';
import { createPolicy, POLICY_SHAPE, type PolicySigner } from './policy.ts';
import type { PolicyShelf } from './policy-shelf.ts';
import { WasmNetwork } from './ppo/wasm-network.ts';
import { type JobPart, RecentJobs, recentJob } from './recent-jobs.ts';
import { ADVISOR, CLASSICAL, PARL } from './scheduler-names.ts';
import { type ServiceRecord, serviceRecord } from './service-record.ts';
import type { LearningPoint, PracticeAmount, PracticeRequest } from './shard-protocol.ts';

export interface PARLControllerParts {
  /** Name of the scheduler that is to serve; `auto`: the guard chooses. */
  scheduler: string;
  /** Whether the policy learns here. */
  learns: boolean;
  /** Share of the decisions that are drawn, so that there is something to learn from: 0 to 1. */
  exploration: number;
  /** Share of one processor that judging may take, on average. */
  share: number;
  shelf: PolicyShelf;
  experience: ExperienceBuffer;
  worker: AgentWorker;
  signer: PolicySigner;
  /** Of one lesson; see `PRACTICE`. */
  practice: PracticeAmount;
  /** Recent jobs as they were written down last, and where to write them. */
  recent: { read(): unknown; write(document: unknown): Promise<void> };
  /** Who served and why, the judgement and the curve, likewise. */
  kept: { read(): unknown; write(document: unknown): Promise<void> };
  /** Compares schedulers in threads. */
  evaluate: (request: EvaluationRequest) => Promise<Comparison>;
  swarm: { job(id: string): Promise<JobDetailView>; swarm(): SwarmView };
  /** Bytes a second between this node and another; undefined until it was measured. */
  speed: (node: string) => number | undefined;
  /** Rejects when a policy that was trained here may not serve now: changes of policies can be halted. */
  authorize: (subject: string) => Promise<void>;
  /** Why nothing is judged or learned, or undefined when it is again. */
  trouble: (cause: string | undefined) => void;
  /** Id of this node. */
  self: string;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

export interface LearningView {
  scheduler: string;
  why: string;
  judgement: (Judgement & { at: number; jobs: number; cost?: number }) | undefined;
  policy: string;
  recentJobs: number;
  experience: { rows: number; bytes: number; skipped: number };
  /** Processor seconds that lessons took since the start. */
  lessonSeconds: number;
  /** Newest last. */
  curve: (LearningPoint & { at: number })[];
}

/** Half a minute of a processor, or so. */
export const PRACTICE: PracticeAmount = { updates: 4, scenarios: 4, rollouts: 4, jobs: 40 };
/** Jobs below which a judgement would be chance. */
export const FEWEST_JOBS = 8;
/** Jobs that must have ended since the last judgement. */
const JOBS_BETWEEN = 8;
const LOOK_EVERY: Millis = 20_000;
const WRITE_EVERY: Millis = 600_000;
const MOST_POINTS = 512;
/** Of one judgement: episodes, and jobs in each. */
const EPISODES = { seeds: 3, arrivals: 60 };
const BATCHES_OF_LESSON = 16;
/** Jobs whose ends are looked at side by side; what ends meanwhile is not kept. */
const MOST_ASKED = 4;
/** A candidate must finish jobs so many times as fast as the policy that serves. */
const CANDIDATE_GAIN = 1.005;

/** Emits `changed` when another scheduler serves, a judgement was made or something was learned. */
export class PARLController extends EventEmitter<{ changed: [] }> implements Service {
  readonly name = 'parl';
  readonly #parts: PARLControllerParts;
  readonly #recent: RecentJobs;
  readonly #curve: LearningView['curve'] = [];
  readonly #classical: TaskScheduler[];
  /** Made when it is to serve first: a node without jobs does without its memory. */
  #learned: TaskScheduler | undefined;
  #serves: string;
  #why: string;
  #judgement: LearningView['judgement'];
  /** When the policy on the shelf became the current one. */
  #since: Millis;
  #jobsSince = 0;
  #jobsSinceLesson = 0;
  #usualSeconds = 1;
  #unwritten = false;
  #writtenAt: Millis = 0;
  #working = false;
  #stopped = false;
  #asked = 0;
  #judgesAfter: Millis = 0;
  #seed: number;
  #look: Timer | undefined;

  constructor(parts: PARLControllerParts) {
    super();
    this.#parts = parts;
    this.#recent = new RecentJobs(parts.recent.read());
    this.#jobsSince = this.#recent.count;
    this.#classical = [...heuristics, advisor];
    this.#seed = parts.random.below(2 ** 31);
    this.#since = parts.clock.wall();
    const fixed = parts.scheduler !== 'auto';
    this.#serves = fixed ? parts.scheduler : ADVISOR;
    this.#why = fixed ? 'the configuration names it' : 'too few jobs were placed yet to judge the learned policy by';
    this.#remind(readKeptLearning(parts.kept.read()));
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#look = this.#parts.clock.every(LOOK_EVERY, () => void this.#work());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#look?.cancel();
    await this.#parts.worker.stop();
    await this.#parts.experience.flush(this.#policyNumber());
    await this.#write();
  }

  /** The scheduler that serves now, and why it does. */
  current(): { scheduler: TaskScheduler; why: string } {
    const classical = this.#classical.find(({ name }) => name === this.#serves);
    if (classical !== undefined) return { scheduler: classical, why: this.#why };
    this.#learned ??= this.#load();
    return { scheduler: this.#learned, why: this.#why };
  }

  /** Call it with every job that changed. */
  jobChanged({ id, state, home, finishedAt, submittedAt }: JobView): void {
    if (state !== 'succeeded' || home.id !== this.#parts.self || this.#recent.has(id)) return;
    if (this.#asked >= MOST_ASKED) return;
    this.#asked++;
    if (finishedAt !== undefined) this.#usualSeconds += 0.1 * ((finishedAt - submittedAt) / 1000 - this.#usualSeconds);
    this.#parts.swarm
      .job(id)
      .then((detail) => this.#remember(detail))
      .catch((error: unknown) => this.#parts.logger.debug({ job: id, cause: messageOf(error) }, 'a job was not kept'))
      .finally(() => this.#asked--);
  }

  /**
   * The policy on the shelf is another one now.
   * @param merit `unjudged`: it serves by itself only once it was judged, as soon as may be
   */
  policyChanged(merit: 'judged' | 'unjudged'): void {
    this.#learned = undefined;
    this.#since = this.#parts.clock.wall();
    this.#unwritten = true;
    this.#jobsSince = this.#recent.count;
    if (merit === 'unjudged') {
      this.#judgement = undefined;
      this.#judgesAfter = 0;
      if (this.#parts.scheduler === 'auto' && this.#serves === PARL) {
        this.#serves = ADVISOR;
        this.#why = `policy ${this.#parts.shelf.current.version} was not judged here yet`;
      }
    }
    this.emit('changed');
  }

  /** What candidates of a federation are practised and compared on here. */
  workload(part: JobPart): Pick<PracticeRequest, 'jobs' | 'nodes' | 'load'> {
    return { jobs: this.#recent.graphs(part), ...this.#conditions() };
  }

  /** Of the policy on the shelf; undefined until a job was done under it. */
  service(since = 0): ServiceRecord | undefined {
    return serviceRecord(this.#recent.document(), Math.max(since, this.#since), this.#conditions().nodes);
  }

  /** Undefined while too few jobs were placed. */
  get judgement(): LearningView['judgement'] {
    return this.#judgement;
  }

  view(): LearningView {
    const { shelf, experience, worker } = this.#parts;
    const { rows, bytes } = experience.size;
    return {
      ...{ scheduler: this.#serves, why: this.#why, judgement: this.#judgement },
      ...{ policy: shelf.current.version, recentJobs: this.#recent.count },
      experience: { rows, bytes, skipped: experience.skipped },
      lessonSeconds: worker.spent / 1000,
      curve: this.#curve,
    };
  }

  /** Goes on as it was before a restart; what was said of another policy does not count for this one. */
  #remind(kept: KeptLearning | undefined): void {
    if (kept === undefined) return;
    const { shelf, scheduler } = this.#parts;
    this.#curve.push(...kept.curve);
    if (kept.policy !== shelf.current.version) return;
    this.#judgement = kept.judgement;
    this.#since = kept.since ?? this.#since;
    const isKnown = [...CLASSICAL, ADVISOR, PARL].includes(kept.serves);
    if (scheduler === 'auto' && isKnown && kept.judgement !== undefined) {
      [this.#serves, this.#why] = [kept.serves, kept.why];
    }
  }

  #load(): TaskScheduler {
    const { shelf, exploration, random, learns, experience } = this.#parts;
    const network = new WasmNetwork(POLICY_SHAPE);
    network.load(shelf.current.parameters);
    return new LiveScheduler({
      ...{ network, random, exploration: learns ? exploration : 0 },
      usualSeconds: () => this.#usualSeconds,
      lived: (decision) => experience.add(decision, this.#policyNumber()),
    });
  }

  #remember(detail: JobDetailView): void {
    const speeds = new Map(this.#parts.swarm.swarm().workers.map(({ node, speed }) => [node.id, speed]));
    const job = recentJob(detail, (node) => speeds.get(node));
    if (job === undefined || this.#recent.has(job.id)) return;
    this.#recent.add(job);
    this.#jobsSince++;
    this.#jobsSinceLesson++;
    this.#unwritten = true;
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    const { clock, learns, worker, logger } = this.#parts;
    try {
      if (this.#unwritten && clock.now() - this.#writtenAt >= WRITE_EVERY) await this.#write();
      const enough = this.#recent.count >= FEWEST_JOBS && this.#conditions().nodes.length > 0;
      if (enough && this.#jobsSince >= JOBS_BETWEEN && clock.now() >= this.#judgesAfter) await this.#judge();
      if (enough && learns && worker.isFree && this.#jobsSinceLesson >= JOBS_BETWEEN) await this.#learn();
      this.#parts.trouble(undefined);
    } catch (error) {
      if (this.#stopped) return;
      this.#parts.trouble(messageOf(error));
      logger.warn({ cause: messageOf(error) }, 'the learned scheduler could not be judged or taught');
    } finally {
      this.#working = false;
    }
  }

  async #judge(): Promise<void> {
    const { shelf, clock, journal, scheduler, share } = this.#parts;
    const startedAt = clock.now();
    const { current, before } = shelf;
    const comparison = await this.#compare(current.parameters);
    const cost = before && secondsOf(comparison) / secondsOf(await this.#compare(before.parameters));
    // Another one is to be judged meanwhile.
    if (shelf.current !== current) return;
    this.#jobsSince = 0;
    this.#judgesAfter = clock.now() + (clock.now() - startedAt) * (1 / share - 1);
    const judgement = judge(comparison, this.#serves);
    const at = clock.wall();
    this.#judgement = { ...judgement, at, jobs: this.#recent.count, ...(Number.isFinite(cost) && { cost }) };
    this.#unwritten = true;
    if (scheduler === 'auto') {
      this.#why = judgement.why;
      if (judgement.serves !== this.#serves) {
        const message = `Tasks are placed by ${judgement.serves} from now on, not by ${this.#serves}: ${judgement.why}`;
        journal.record({ severity: 'info', kind: 'parl.scheduler', subject: 'service/parl', message });
        this.#serves = judgement.serves;
      }
    }
    this.emit('changed');
  }

  /** Practice and what was lived through make a candidate; it serves only if it does better than the one that does now. */
  async #learn(): Promise<void> {
    const { shelf, worker, experience, signer, clock, journal } = this.#parts;
    this.#jobsSinceLesson = 0;
    const before = shelf.current;
    const { nodes, load } = this.#conditions();
    const [jobs, seed] = [this.#recent.graphs('practice'), this.#nextSeed()];
    const practice = await worker.teach({
      ...{ kind: 'practise', parameters: before.parameters, jobs, nodes, load, seed },
      amount: this.#parts.practice,
    });
    const lesson = await this.#learnFromExperience(practice.parameters);
    const points = [...practice.points, ...(lesson?.points ?? [])];
    const at = clock.wall();
    this.#curve.push(...points.map((point) => ({ ...point, at })));
    this.#unwritten = true;
    if (this.#curve.length > MOST_POINTS) this.#curve.splice(0, this.#curve.length - MOST_POINTS);
    const candidate = lesson?.parameters ?? practice.parameters;
    const [now, then] = await Promise.all([this.#compare(before.parameters), this.#compare(candidate)]);
    const gain = secondsOf(now) / secondsOf(then);
    if (gain < CANDIDATE_GAIN || shelf.current !== before) {
      this.emit('changed');
      return;
    }
    const decisions = before.lineage.decisions + points.reduce((sum, point) => sum + point.decisions, 0);
    const policy = createPolicy(candidate, {
      ...{ kind: 'trained', parent: before.version, node: signer.node, madeAt: at, decisions },
      note: `${gain.toFixed(3)} times as fast as its parent on ${this.#recent.count} recent jobs`,
    });
    await this.#parts.authorize(`policy/${policy.version}`);
    await shelf.add(policy, signer, { gain: then.gain.value, over: then.gain.over, at });
    await shelf.promote(policy.version);
    const message = `The learned scheduler got better: policy ${policy.version} finishes recent jobs ${gain.toFixed(3)} times as fast as ${before.version}, in replay`;
    journal.record({ severity: 'info', kind: 'parl.policy', subject: 'service/parl', message });
    await experience.flush(this.#policyNumber());
    this.policyChanged('judged');
  }

  async #learnFromExperience(parameters: Float32Array) {
    const { experience, worker } = this.#parts;
    const batches = experience.draw(BATCHES_OF_LESSON, 'prioritised');
    if (batches.length === 0) return undefined;
    const lesson = await worker.teach({ kind: 'learn', parameters, batches, seed: this.#nextSeed() });
    await experience.learned(lesson.priorities);
    return lesson;
  }

  /** On the same arrivals and luck, whichever parameters. */
  #compare(parameters: Float32Array): Promise<Comparison> {
    const { nodes, load } = this.#conditions();
    return this.#parts.evaluate({
      ...{ jobs: this.#recent.graphs(), nodes, load, parameters, failures: false },
      arrivals: EPISODES.arrivals,
      seeds: Array.from({ length: EPISODES.seeds }, (_, index) => index + 1),
    });
  }

  /** The network as it is now, and how busy it was; at least half, where schedulers begin to differ. */
  #conditions(): { nodes: SimulatedNode[]; load: number } {
    const nodes = this.#parts.swarm
      .swarm()
      .workers.filter(({ reachable, slots, speed }) => reachable && slots > 0 && speed > 0)
      .map(({ node, slots, speed }) => ({
        ...{ name: node.id, slots, speed, bandwidth: this.#parts.speed(node.id) ?? UNMEASURED_SPEED },
        latency: 0.002,
      }));
    const load = this.#recent.load(capacityOf(nodes)) ?? 0.5;
    return { nodes, load: Math.min(0.95, Math.max(0.5, load)) };
  }

  #nextSeed(): number {
    this.#seed = (this.#seed + 1) >>> 0;
    return this.#seed;
  }

  #policyNumber(): number {
    return Number.parseInt(this.#parts.shelf.current.version.slice(0, 12), 16);
  }

  async #write(): Promise<void> {
    if (!this.#unwritten) return;
    this.#unwritten = false;
    this.#writtenAt = this.#parts.clock.now();
    const { recent, kept, shelf, logger } = this.#parts;
    const serving = { policy: shelf.current.version, serves: this.#serves, why: this.#why, since: this.#since };
    const learning = { ...serving, ...(this.#judgement && { judgement: this.#judgement }), curve: this.#curve };
    await Promise.all([recent.write(this.#recent.document()), kept.write(keptLearning(learning))]).catch(
      (error: unknown) => {
        this.#unwritten = true;
        logger.warn({ cause: messageOf(error) }, 'recent jobs and what was learned were not written down');
      },
    );
  }
}

function secondsOf({ schedulers }: Comparison): number {
  return schedulers.find(({ scheduler }) => scheduler === PARL)?.mean.value ?? Number.POSITIVE_INFINITY;
}
