// The learned scheduler on this node: its policies, what it lived through and who judges it, joined to the store, the
// node's key and the swarm. Until it has started, or where it cannot, the advisor places tasks.

import { EventEmitter } from 'node:events';
import type { Learner } from '../agents/federation/learner.ts';
import { ParlPolicyLearner } from '../agents/federation/learners/parl-policy.ts';
import { advisor } from '../agents/parl/advisor.ts';
import { AgentWorker } from '../agents/parl/agent-worker.ts';
import { PARLController, PRACTICE } from '../agents/parl/controller.ts';
import { type EvaluationRequest, evaluate, playSeeds } from '../agents/parl/evaluate.ts';
import { ExperienceBuffer } from '../agents/parl/experience-buffer.ts';
import type { ExperienceStorage } from '../agents/parl/experience-storage.ts';
import { encodePolicy, type PolicyDocument } from '../agents/parl/policy.ts';
import { readPolicyFile } from '../agents/parl/policy-file.ts';
import { PolicyShelf } from '../agents/parl/policy-shelf.ts';
import { PARL } from '../agents/parl/scheduler-names.ts';
import type { SwarmConfig } from '../agents/swarm/config.ts';
import type { JobDetailView, JobView, SwarmView } from '../agents/swarm/job-view.ts';
import { heuristics } from '../agents/swarm/scheduling/list-schedulers.ts';
import type { TaskScheduler } from '../agents/swarm/scheduling/scheduler.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { Service } from '../core/service.ts';
import { PublicKey, rawKeyOf, type SigningKey } from '../mesh/membership/keys.ts';
import type { ImportedPolicyView, PolicyView } from './view/policy-schema.ts';

export interface LearningParts {
  config: Pick<SwarmConfig, 'scheduler' | 'learning'>;
  store: {
    experience: ExperienceStorage;
    state(key: string): unknown;
    putState(key: string, value: unknown): Promise<void>;
  };
  key: SigningKey;
  /** Ids of the nodes of this network, besides this one. */
  members: () => readonly string[];
  swarm: { job(id: string): Promise<JobDetailView>; swarm(): SwarmView };
  /** Bytes a second between this node and another; undefined until it was measured. */
  speed: (node: string) => number | undefined;
  /** Asked before a policy that was trained here serves. */
  authorize: (subject: string) => Promise<void>;
  /** Why it does not learn, or undefined when it does again. */
  report: (cause: string | undefined) => void;
  /** Left out, the packaged policy. */
  packaged?: string;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

const POLICIES = 'parl.policies';
const RECENT = 'parl.recent';
const LEARNED = 'parl.learned';
const SUBJECT = 'service/parl';
const MOST_POINTS_SHOWN = 200;

interface Running {
  shelf: PolicyShelf;
  experience: ExperienceBuffer;
  controller: PARLController;
  learner: Learner;
  /** Ends comparisons under way. */
  ending: AbortController;
}

/** Emits `changed` when another scheduler serves, a judgement was made, something was learned or a policy came or went. */
export class Learning extends EventEmitter<{ changed: [] }> implements Service {
  readonly name = 'parl';
  readonly #parts: LearningParts;
  #running: Running | undefined;
  /** What serves while it does not run. */
  #fallback: { scheduler: TaskScheduler; why: string };
  #size = { rows: 0, bytes: 0 };

  constructor(parts: LearningParts) {
    super();
    this.#parts = parts;
    const named = heuristics.find(({ name }) => name === parts.config.scheduler);
    this.#fallback =
      named === undefined
        ? { scheduler: advisor, why: 'the learned policy is not loaded yet' }
        : { scheduler: named, why: 'the configuration names it' };
  }

  /** After the store. */
  async start(): Promise<void> {
    try {
      this.#running = await this.#open();
    } catch (error) {
      if (this.#fallback.scheduler === advisor)
        this.#fallback = { scheduler: advisor, why: `the learned policy cannot be loaded: ${messageOf(error)}` };
      throw error;
    }
    this.emit('changed');
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.ending.abort(new ParlmeshError('STOPPING', 'the node is stopping'));
    await running?.controller.stop();
  }

  /** The scheduler that serves now, and why it does. */
  current(): { scheduler: TaskScheduler; why: string } {
    return this.#running?.controller.current() ?? this.#fallback;
  }

  /** Call it with every job that changed. */
  jobChanged(job: JobView): void {
    this.#running?.controller.jobChanged(job);
  }

  /** Of the policy that serves; undefined while there is none. */
  get judgement(): PolicyView['judgement'] {
    return this.#running?.controller.judgement;
  }

  view(): PolicyView {
    const { scheduler, why } = this.#fallback;
    if (this.#running === undefined) {
      const nothing = { recentJobs: 0, experience: { ...this.#size, skipped: 0 }, lessonSeconds: 0 };
      return { scheduler: scheduler.name, why, ...nothing, curve: [], policies: [] };
    }
    const { controller, shelf, experience } = this.#running;
    const { judgement, curve, ...view } = controller.view();
    return {
      ...view,
      ...(judgement && { judgement }),
      experience: { ...this.#sizeOf(experience), skipped: experience.skipped },
      curve: curve.slice(-MOST_POINTS_SHOWN),
      policies: shelf.list(),
    };
  }

  /** The policy as a federation improves it. Throws `POLICY_UNAVAILABLE` until it has started. */
  learner(): Learner {
    return this.#require().learner;
  }

  /** Throws `POLICY_UNKNOWN`, `POLICY_AMBIGUOUS`. @param version or its beginning; the current one when left out */
  document(version?: string): PolicyDocument {
    return this.#require().shelf.document(version);
  }

  /** Makes a policy the current one. It is judged before it serves, unless the configuration names the scheduler. */
  async promote(version: string): Promise<PolicyView> {
    const { shelf, controller } = this.#require();
    const before = shelf.current.version;
    const policy = await shelf.promote(version);
    if (policy.version !== before) {
      this.#tell(`Policy ${policy.version} is the current one from now on, not ${before}`);
      controller.policyChanged('unjudged');
    }
    return this.view();
  }

  /** Back to the policy before. Throws `POLICY_UNKNOWN` when there is none. */
  async rollback(): Promise<PolicyView> {
    const { shelf, controller } = this.#require();
    const before = shelf.current.version;
    const policy = await shelf.rollback();
    this.#tell(`Policy ${policy.version} is the current one again; ${before} was taken back`);
    controller.policyChanged('unjudged');
    return this.view();
  }

  /**
   * Keeps a policy from outside; it serves only once it is promoted. One that is signed must be signed rightly, by whichever
   * node; one that is not, the operator vouches for. Throws `POLICY_INVALID`.
   */
  async import(document: PolicyDocument): Promise<ImportedPolicyView> {
    const { shelf } = this.#require();
    const isSigned = document.signature !== undefined;
    const { version, lineage } = await shelf.take(document, isSigned ? isSignatureOf : undefined);
    const members = [this.#parts.key.nodeId, ...this.#parts.members()];
    const signedBy = !isSigned ? 'nobody' : members.includes(lineage.node ?? '') ? 'member' : 'stranger';
    const by = {
      nobody: 'not signed',
      member: 'signed by a node of this network',
      stranger: 'signed by a node of no member',
    };
    this.#tell(`Policy ${version} was imported, ${by[signedBy]}`);
    this.emit('changed');
    return { version, signedBy };
  }

  async #open(): Promise<Running> {
    const { config, store, key, swarm, speed, clock, random, logger, journal, authorize, report, packaged } =
      this.#parts;
    const { enabled, exploration, cpuShare, bytesPerHour } = config.learning;
    const kept = (at: string) => ({
      read: () => store.state(at),
      write: (document: unknown) => store.putState(at, document),
    });
    const shelf = new PolicyShelf(encodePolicy(await readPolicyFile(packaged)), kept(POLICIES));
    if (shelf.leftAside > 0) {
      journal.record({
        ...{ severity: 'warning', kind: 'parl.left-aside', subject: SUBJECT },
        message: `${shelf.leftAside} of what the store holds of policies is damaged or of another version and was left aside`,
      });
    }
    const shared = { clock, random, logger };
    const experience = new ExperienceBuffer({ ...shared, storage: store.experience, node: key.nodeId, bytesPerHour });
    const ending = new AbortController();
    const worker = new AgentWorker({ share: cpuShare, clock });
    const signer = { node: key.nodeId, sign: (bytes: Uint8Array) => key.sign('policy', bytes) };
    const inBackground = { threads: 1, inBackground: true };
    const controller = new PARLController({
      ...{ scheduler: config.scheduler, learns: enabled, exploration, share: cpuShare, practice: PRACTICE },
      ...{ shelf, experience, swarm, speed, authorize, journal, self: key.nodeId, trouble: report, ...shared },
      ...{ worker, signer },
      recent: kept(RECENT),
      kept: kept(LEARNED),
      // One thread, after all others: the board has other work.
      evaluate: (request: EvaluationRequest) => evaluate(request, { ...inBackground, signal: ending.signal }),
    });
    const learner = new ParlPolicyLearner({
      ...{ shelf, experience, worker, board: controller, signer, tell: (message) => this.#tell(message) },
      play: (request, signal) =>
        playSeeds(request, [PARL], { ...inBackground, signal: AbortSignal.any([signal, ending.signal]) }),
    });
    controller.on('changed', () => this.emit('changed'));
    await controller.start();
    return { shelf, experience, controller, learner, ending };
  }

  /** As it was last, while the store cannot be read. */
  #sizeOf(experience: ExperienceBuffer): { rows: number; bytes: number } {
    try {
      this.#size = experience.size;
    } catch (error) {
      this.#parts.logger.debug({ cause: messageOf(error) }, 'experience could not be counted');
    }
    return this.#size;
  }

  #require(): Running {
    if (this.#running !== undefined) return this.#running;
    throw new ParlmeshError('POLICY_UNAVAILABLE', `There are no policies now: ${this.#fallback.why}`, {
      hint: 'parlmesh status tells how the service parl is',
    });
  }

  #tell(message: string): void {
    this.#parts.journal.record({ severity: 'info', kind: 'parl.policy', subject: SUBJECT, message });
  }
}

/** A node's id is its public key. */
function isSignatureOf(node: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  const raw = rawKeyOf(node);
  return raw !== undefined && new PublicKey(raw).verify('policy', bytes, signature);
}
