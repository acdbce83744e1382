// How a round's training gets onto the boards: as one job of the swarm with a task pinned to each node, so that it runs in
// parallel, within each board's slots and budget, seen and cancelled like other work. A node that the swarm does not reach
// is invited directly; the same invitation by both ways is one.

import { Value } from 'typebox/value';
import { messageOf } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { JobSpec } from '../swarm/job-spec.ts';
import type { JobDetailView } from '../swarm/job-view.ts';
import type { SwarmOrchestrator } from '../swarm/orchestrator.ts';
import type { Answer } from './messages.ts';
import type { Dispatch, InvitationRound } from './rounds/ports.ts';
import { TRAIN_TASK, type TrainInput, TrainResult } from './rounds/training-task.ts';

/** The swarm as the rounds need it. */
export interface TrainingSwarm {
  /** Nodes that can be reached and carry out `federation.train`. */
  workers(): ReadonlySet<string>;
  /** The same id twice is one job. */
  submit(spec: JobSpec, id: string): Promise<void>;
  cancel(id: string): Promise<void>;
  /** Undefined when this node does not have the job. */
  tasks(id: string): JobDetailView['tasks'] | undefined;
  /** Calls `listener` after something about a job changed, until the returned function is called. */
  onJob(listener: (id: string) => void): () => void;
}

export interface FederatedOrchestratorParts {
  /** Undefined while there is no swarm here. */
  swarm: TrainingSwarm | undefined;
  /** For nodes without a swarm, and when a job cannot be submitted. */
  direct: Dispatch;
  /** Of the coordinator's lease. */
  term(): number;
  logger: Logger;
}

interface Under {
  job: string;
  /** What each node was last said to have answered. */
  told: Map<string, string>;
  stop(): void;
}

/** Below what people submit. */
const PRIORITY = 3;
/** Another attempt on the same node, when its worker died. */
const RETRIES = 2;

export class PARLFederatedOrchestrator implements Dispatch {
  readonly name = 'as a swarm job';
  readonly #parts: FederatedOrchestratorParts;
  /** By round. */
  readonly #under = new Map<string, Under>();

  constructor(parts: FederatedOrchestratorParts) {
    this.#parts = parts;
  }

  invite(round: InvitationRound, signal: AbortSignal): void {
    const { swarm, direct, logger } = this.#parts;
    const workers = swarm?.workers() ?? new Set<string>();
    const nodes = round.nodes.filter((node) => workers.has(node));
    const others = round.nodes.filter((node) => !workers.has(node));
    if (others.length > 0) direct.invite({ ...round, nodes: others }, signal);
    if (swarm === undefined || nodes.length === 0) return;
    const mine = { ...round, nodes };
    this.#submit(swarm, mine, signal).catch((thrown: unknown) => {
      if (signal.aborted) return;
      this.#end(round.id);
      logger.warn(
        { round: round.round, cause: messageOf(thrown) },
        'no job for the round: its nodes are invited directly',
      );
      direct.invite(mine, signal);
    });
  }

  recall(id: string, learner: string, nodes: readonly string[]): void {
    const { swarm, direct } = this.#parts;
    const under = this.#end(id);
    if (under !== undefined) swarm?.cancel(under.job).catch(() => {});
    // Also where the swarm does not reach, or no longer does.
    direct.recall(id, learner, nodes);
  }

  async #submit(swarm: TrainingSwarm, round: InvitationRound, signal: AbortSignal): Promise<void> {
    const job = `federation-${round.id}-${this.#parts.term()}`;
    const stop = swarm.onJob((changed) => changed === job && !signal.aborted && this.#look(swarm, round));
    this.#end(round.id);
    this.#under.set(round.id, { job, told: new Map(), stop });
    // Not at once: what ends a round also recalls it, which cancels the job.
    signal.addEventListener('abort', () => queueMicrotask(() => this.#end(round.id)), { once: true });
    await swarm.submit(jobOf(round), job);
    this.#look(swarm, round);
  }

  /** What the tasks of the nodes say is passed on as their answers. */
  #look(swarm: TrainingSwarm, round: InvitationRound): void {
    const under = this.#under.get(round.id);
    const tasks = under && swarm.tasks(under.job);
    if (under === undefined || tasks === undefined) return;
    for (const { id: node, state, result, cause } of tasks) {
      const answer = answerOf(state, result, cause);
      if (answer === undefined || under.told.get(node) === answer.kind) continue;
      under.told.set(node, answer.kind);
      round.answered(node, answer);
    }
  }

  #end(id: string): Under | undefined {
    const under = this.#under.get(id);
    this.#under.delete(id);
    under?.stop();
    return under;
  }
}

/** One pinned task a node: `federation.train` with the invitation. */
export function jobOf(round: InvitationRound): JobSpec {
  const input: TrainInput = { invitation: round.invitation() };
  const timeout = Math.min(604_800, Math.max(1, round.lasts() / 1000));
  return {
    name: `Federation: round ${round.round} of ${round.learner}`,
    priority: PRIORITY,
    tasks: round.nodes.map((node) => ({
      ...{ id: node, kind: TRAIN_TASK, input, seconds: round.budget, timeout, retries: RETRIES },
      where: { nodes: [node] },
    })),
  };
}

function answerOf(state: string, result: unknown, cause: string | undefined): Answer | undefined {
  switch (state) {
    case 'running':
      return { kind: 'accepted', examples: 0 };
    case 'succeeded':
      return Value.Check(TrainResult, result) ? result.answer : undefined;
    case 'failed':
    case 'set-aside':
      return { kind: 'declined', reason: 'training-failed', cause: (cause ?? 'its task failed').slice(0, 500) };
    default:
      return undefined;
  }
}

/** Who submits the jobs of rounds. No agent of a user can be called so. */
export const TRAINING_AGENT = 'federated training';

/** The swarm of this node; jobs of rounds are submitted in the name of the node's own `TRAINING_AGENT`. */
export function trainingSwarm(swarm: SwarmOrchestrator): TrainingSwarm {
  const actor = { kind: 'agent', id: TRAINING_AGENT } as const;
  return {
    workers: () => {
      const { workers } = swarm.window.swarm();
      const able = workers.filter(
        ({ kinds, reachable, slots }) => reachable && slots > 0 && kinds.includes(TRAIN_TASK),
      );
      return new Set(able.map(({ node }) => node.id));
    },
    submit: async (spec, id) => {
      await swarm.changes.submit(spec, actor, { id });
    },
    cancel: async (id) => {
      await swarm.changes.cancel(id, actor);
    },
    tasks: (id) => swarm.window.detail(id)?.tasks,
    onJob: (listener) => {
      const heard = ({ id }: { id: string }): void => listener(id);
      swarm.on('job', heard);
      return () => swarm.off('job', heard);
    },
  };
}
