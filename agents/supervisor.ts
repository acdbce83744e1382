// Keeps agents alive: starts them, restarts those that crash or hang, sets aside those that keep failing, and tries
// them again later. Nothing an agent does through its scope reaches further than this.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Journal } from '../core/journal.ts';
import type { Logger } from '../core/logger.ts';
import type { Random } from '../core/random.ts';
import type { Service } from '../core/service.ts';
import type { AgentCapabilities } from './capabilities.ts';
import type { Letter } from './communication/letter.ts';
import type { Recipient, Recipients } from './communication/recipients.ts';
import type { SupervisionConfig } from './config.ts';
import { affectedBy, decideRestart, NO_FAILURES, type RestartPolicy, type RestartStrategy } from './restart-policy.ts';
import { ServiceTimes } from './service-times.ts';
import { type AgentSnapshot, type AgentSpec, type Provocation, SupervisedAgent } from './supervised-agent.ts';

export interface SupervisorOptions {
  config: SupervisionConfig;
  /** Default: one-for-one. */
  strategy?: RestartStrategy;
  clock: Clock;
  random: Random;
  journal: Journal;
  logger: Logger;
}

/** Changes between ready and busy are many; they are told at most this often (ms). */
const LOAD_NEWS_INTERVAL: Millis = 250;

/** Emits `agent` with the new snapshot whenever an agent changed. */
export class Supervisor extends EventEmitter<{ agent: [AgentSnapshot] }> implements Service, Recipients {
  readonly name = 'agents';
  readonly serviceTimes = new ServiceTimes();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #journal: Journal;
  readonly #logger: Logger;
  readonly #strategy: RestartStrategy;
  /** In the order they were added. */
  readonly #agents = new Map<string, SupervisedAgent>();
  readonly #probations = new Map<string, Timer>();
  readonly #loadNews = new Set<SupervisedAgent>();
  #loadNewsTimer: Timer | undefined;
  #policy: RestartPolicy;
  #heartbeatTimeout: Millis;
  #running = false;
  #abandoned = 0;

  constructor(options: SupervisorOptions) {
    super();
    this.#clock = options.clock;
    this.#random = options.random;
    this.#journal = options.journal;
    this.#logger = options.logger.child({ service: this.name });
    this.#strategy = options.strategy ?? 'one-for-one';
    this.#policy = policyOf(options.config);
    this.#heartbeatTimeout = options.config.heartbeatTimeout * 1000;
  }

  /** Instances that would not stop and were left behind, since the daemon started. */
  get abandoned(): number {
    return this.#abandoned;
  }

  agents(): AgentSnapshot[] {
    return [...this.#agents.values()].map((agent) => agent.snapshot());
  }

  /** What an agent may do by its manifest; nothing while it does not run. */
  capabilitiesOf(id: string): AgentCapabilities {
    return this.#agents.get(id)?.capabilities ?? [];
  }

  recipients(): Recipient[] {
    return [...this.#agents.values()].flatMap(({ recipient }) => recipient ?? []);
  }

  deliver(agent: string, letter: Letter): Promise<unknown> {
    return this.#find(agent).deliver(letter);
  }

  /** Starts every agent; one that fails is dealt with as at any other time, so this rejects only when aborted. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#running = true;
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    await Promise.race([
      Promise.all([...this.#agents.values()].map((agent) => agent.launch(this.#heartbeatTimeout))),
      aborted.promise,
    ]);
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) {
      await this.stop();
      throw signal.reason;
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const timer of this.#probations.values()) timer.cancel();
    this.#probations.clear();
    // Dependents were added later: they go first, all within one patience.
    await Promise.all([...this.#agents.values()].reverse().map((agent) => agent.halt()));
    this.#loadNewsTimer?.cancel();
    this.#loadNewsTimer = undefined;
    this.#loadNews.clear();
  }

  /** Takes an agent under supervision and, while running, starts it. Resolves to whether it works. */
  async add(spec: AgentSpec): Promise<boolean> {
    if (this.#agents.has(spec.id)) {
      throw new ParlmeshError('AGENT_EXISTS', `there is already an agent "${spec.id}"`);
    }
    const agent = new SupervisedAgent(spec, this.#clock, {
      failed: (failed, error) => this.#onFailed(failed, error),
      changed: (changed) => this.#onChanged(changed),
      abandoned: (left) => this.#onAbandoned(left),
      served: ({ id: by }, piece) => this.serviceTimes.note(by, piece, this.#clock.now()),
    });
    this.#agents.set(spec.id, agent);
    return this.#running && agent.launch(this.#heartbeatTimeout);
  }

  /** Stops an agent and forgets it. */
  async remove(id: string): Promise<void> {
    const agent = this.#find(id);
    this.#agents.delete(id);
    this.#endProbation(id);
    await agent.halt();
    this.serviceTimes.forget(id);
    this.#loadNews.delete(agent);
  }

  /** Restarts an agent by hand, whatever its state, and forgets its failures. Rejects when it does not come up. */
  async restart(id: string): Promise<void> {
    const agent = this.#find(id);
    if (!this.#running) throw new ParlmeshError('AGENTS_STOPPED', 'the supervisor is not running');
    this.#endProbation(id);
    if (await agent.restart(this.#heartbeatTimeout)) return;
    const cause = agent.snapshot().lastError ?? agent.state.kind;
    throw new ParlmeshError('AGENT_START_FAILED', `agent "${id}" did not come up: ${cause}`, {
      hint: 'parlmesh doctor explains what is wrong',
    });
  }

  /** Stops an agent and leaves it so until somebody restarts it. */
  async setAside(id: string): Promise<void> {
    const agent = this.#find(id);
    this.#endProbation(id);
    await agent.halt();
    this.#record(id, 'warning', 'agent.set-aside', `Agent ${id} is set aside until somebody restarts it`);
  }

  /** See `SupervisedAgent.provoke`. */
  provoke(id: string, how: Provocation): boolean {
    return this.#find(id).provoke(how);
  }

  /** Takes new settings: the restart policy from the next failure on, the heartbeat time-out from the next start on. */
  configure(config: SupervisionConfig): void {
    this.#policy = policyOf(config);
    this.#heartbeatTimeout = config.heartbeatTimeout * 1000;
  }

  #find(id: string): SupervisedAgent {
    const agent = this.#agents.get(id);
    if (agent !== undefined) return agent;
    throw new ParlmeshError('AGENT_UNKNOWN', `there is no agent "${id}"`, {
      hint: `the agents are: ${[...this.#agents.keys()].join(', ') || 'none'}`,
    });
  }

  #onFailed(agent: SupervisedAgent, error: unknown): void {
    const { id } = agent;
    const cause = messageOf(error);
    const repeated = agent.history.onProbation;
    const decision = decideRestart(agent.history, this.#clock.now(), this.#policy, this.#random);
    this.#logger.warn({ agent: id, cause, decision: decision.kind, err: error }, 'agent failed');
    this.#tell(id, cause, decision.kind, repeated);
    for (const each of affectedBy(this.#strategy, [...this.#agents.keys()], id)) {
      const affected = this.#agents.get(each);
      if (affected === undefined || affected.state.kind === 'stopped') continue;
      affected.history = decision.history;
      this.#endProbation(each);
      affected.fallBack(decision, each === id ? cause : `agent ${id} failed: ${cause}`, () => this.#relaunch(affected));
    }
  }

  #tell(id: string, cause: string, decision: 'restart' | 'set-aside', repeated: boolean): void {
    if (decision === 'restart') {
      this.#record(id, 'warning', 'agent.restarted', `Agent ${id} failed and is restarted: ${cause}`);
    } else if (!repeated) {
      const retry = `It is tried again every ${this.#policy.retryDegraded / 1000} s.`;
      this.#record(id, 'error', 'agent.degraded', `Agent ${id} keeps failing and is set aside: ${cause}. ${retry}`);
    }
  }

  #relaunch(agent: SupervisedAgent): void {
    if (agent.history.onProbation) {
      this.#probations.set(
        agent.id,
        this.#clock.after(this.#policy.period, () => {
          this.#probations.delete(agent.id);
          agent.history = NO_FAILURES;
          this.#record(agent.id, 'info', 'agent.recovered', `Agent ${agent.id} works again`);
        }),
      );
    }
    void agent.launch(this.#heartbeatTimeout);
  }

  #endProbation(id: string): void {
    this.#probations.get(id)?.cancel();
    this.#probations.delete(id);
  }

  #onAbandoned(agent: SupervisedAgent): void {
    this.#abandoned++;
    this.#record(agent.id, 'warning', 'agent.abandoned', `An instance of agent ${agent.id} did not stop and was left`);
  }

  #onChanged(agent: SupervisedAgent): void {
    const { kind } = agent.state;
    if (kind === 'starting') this.serviceTimes.begin(agent.id);
    if (kind !== 'ready' && kind !== 'busy') {
      this.#loadNews.delete(agent);
      this.#announce(agent);
      return;
    }
    this.#loadNews.add(agent);
    this.#loadNewsTimer ??= this.#clock.after(LOAD_NEWS_INTERVAL, () => {
      this.#loadNewsTimer = undefined;
      const news = [...this.#loadNews];
      this.#loadNews.clear();
      for (const each of news) this.#announce(each);
    });
  }

  #announce(agent: SupervisedAgent): void {
    try {
      this.emit('agent', agent.snapshot());
    } catch (error) {
      this.#logger.error({ agent: agent.id, err: error }, 'a listener of agent changes threw');
    }
  }

  #record(id: string, severity: 'info' | 'warning' | 'error', kind: string, message: string): void {
    this.#journal.record({ severity, kind, subject: `agent/${id}`, message });
  }
}

function policyOf(config: SupervisionConfig): RestartPolicy {
  return {
    maxRestarts: config.maxRestarts,
    period: config.restartPeriod * 1000,
    retryDegraded: config.retryDegraded * 1000,
  };
}
