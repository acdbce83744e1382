// One agent id under supervision: makes its instances, watches their heartbeat, retires them. What to do after a
// failure is the supervisor's to say.

import type { Clock, Millis, Timer } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { Agent, AgentHost } from './agent.ts';
import { type AgentEvent, type AgentState, transition } from './agent-state.ts';
import { type AgentCapabilities, describe } from './capabilities.ts';
import type { Letter } from './communication/letter.ts';
import type { Recipient } from './communication/recipients.ts';
import { HeartbeatDeadline } from './heartbeat-deadline.ts';
import { NO_FAILURES, type RestartDecision, type RestartHistory } from './restart-policy.ts';
import type { Piece } from './service-times.ts';

/** How to make the instances of an agent. */
export interface AgentSpec {
  id: string;
  /** Called for every (re)start. Whatever the instance holds must be its own: the one before may still hang. */
  create(): Agent<unknown>;
}

/** What people see of an agent; times are wall-clock milliseconds. */
export interface AgentSnapshot {
  id: string;
  kind: string;
  version: string;
  state: AgentState['kind'];
  since: Millis;
  restarts: number;
  lastError?: string;
  capabilities: string[];
  mailbox: { waiting: number; most: number; dropped: number };
}

export interface SupervisedListener {
  failed(agent: SupervisedAgent, error: unknown): void;
  changed(agent: SupervisedAgent): void;
  /** An instance did not stop in time and was left behind. */
  abandoned(agent: SupervisedAgent): void;
  /** The present instance has done a piece of work. */
  served(agent: SupervisedAgent, piece: Piece): void;
}

/** `slow`: milliseconds that each piece of work takes longer. */
export type Provocation = 'crash' | 'hang' | { slow: Millis };

/** How long a failed instance may take to stop before its successor starts beside it. */
const RETIRE_PATIENCE: Millis = 500;
/** How long an instance may take to stop in order. */
const STOP_PATIENCE: Millis = 3_000;

interface Life {
  agent: Agent<unknown> | undefined;
  deadline: HeartbeatDeadline;
  tasks: number;
  /** Resolves when this life ends before its start did. */
  over: PromiseWithResolvers<false>;
  /** It was made to hang: see `provoke`. */
  hangs: boolean;
}

export class SupervisedAgent {
  readonly id: string;
  history: RestartHistory = NO_FAILURES;
  readonly #spec: AgentSpec;
  readonly #clock: Clock;
  readonly #listener: SupervisedListener;
  #state: AgentState;
  #life: Life | undefined;
  #next: Timer | undefined;
  /** Grows with every decision about this agent, so that what was waiting for an older one gives up. */
  #plan = 0;
  #restarts = 0;
  #lastError: string | undefined;
  #shown: Pick<AgentSnapshot, 'kind' | 'version' | 'capabilities' | 'mailbox'> = {
    kind: 'unknown',
    version: '',
    capabilities: [],
    mailbox: { waiting: 0, most: 0, dropped: 0 },
  };

  constructor(spec: AgentSpec, clock: Clock, listener: SupervisedListener) {
    this.id = spec.id;
    this.#spec = spec;
    this.#clock = clock;
    this.#listener = listener;
    this.#state = { kind: 'stopped', since: clock.wall() };
  }

  get state(): AgentState {
    return this.#state;
  }

  snapshot(): AgentSnapshot {
    const agent = this.#life?.agent;
    if (agent !== undefined) this.#remember(agent);
    return {
      id: this.id,
      ...this.#shown,
      state: this.#state.kind,
      since: this.#state.since,
      restarts: this.#restarts,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  /** Of the present instance; none while there is none. */
  get capabilities(): AgentCapabilities {
    return this.#life?.agent?.capabilities ?? [];
  }

  /** What communication needs to know; undefined while it takes no letters. */
  get recipient(): Recipient | undefined {
    const agent = this.#life?.agent;
    if (agent === undefined || !agent.takesLetters || !this.#works) return undefined;
    return { id: this.id, kind: agent.kind, waiting: agent.letters.waiting };
  }

  /** See `Recipients`. */
  deliver(letter: Letter): Promise<unknown> {
    const agent = this.#life?.agent;
    if (agent === undefined || !this.#works) {
      throw new ParlmeshError('AGENT_NOT_READY', `agent "${this.id}" is ${this.#state.kind}`);
    }
    if (this.#life?.hangs) {
      return this.#life.over.promise.then(() => {
        throw new ParlmeshError('AGENT_GONE', `agent "${this.id}" ended before it replied`);
      });
    }
    return agent.deliver(letter);
  }

  /** Makes an instance and starts it. Resolves to whether it works; a failure is also told to the listener. */
  launch(heartbeatTimeout: Millis): Promise<boolean> {
    this.#plan++;
    this.#next?.cancel();
    const life: Life = {
      agent: undefined,
      tasks: 0,
      over: Promise.withResolvers<false>(),
      hangs: false,
      deadline: new HeartbeatDeadline(this.#clock, heartbeatTimeout, () =>
        this.#fail(life, new ParlmeshError('AGENT_HUNG', `no heartbeat for ${heartbeatTimeout / 1000} s`)),
      ),
    };
    this.#life = life;
    this.#to({ kind: 'start' });
    const host: AgentHost = {
      beat: (nextWithin) => {
        if (life === this.#life && !life.hangs) life.deadline.beat(nextWithin);
      },
      failed: (error) => this.#fail(life, error),
      load: (tasks) => this.#loaded(life, tasks),
      served: (piece) => {
        if (life === this.#life) this.#listener.served(this, piece);
      },
    };
    const begin = async (): Promise<boolean> => {
      life.deadline.beat(0);
      life.agent = this.#spec.create();
      this.#remember(life.agent);
      await life.agent.start(host);
      if (life !== this.#life) return false;
      this.#to({ kind: 'started' });
      this.#loaded(life, life.tasks);
      return true;
    };
    const started = begin().catch((error: unknown) => {
      this.#fail(life, error);
      return false;
    });
    return Promise.race([started, life.over.promise]);
  }

  /** Retires the instance and starts the next as decided, or sets the agent aside until it is tried again. */
  fallBack(decision: RestartDecision, cause: string, relaunch: () => void): void {
    const plan = ++this.#plan;
    this.#next?.cancel();
    this.#lastError = cause;
    const wait = decision.kind === 'restart' ? decision.after : decision.retryAfter;
    const due = this.#clock.now() + wait;
    const at = this.#clock.wall() + wait;
    if (decision.kind === 'restart') this.#restarts++;
    const retired = this.#retire(RETIRE_PATIENCE);
    this.#to({ kind: decision.kind, cause, at });
    void retired.then(() => {
      if (plan !== this.#plan) return;
      const rest = due - this.#clock.now();
      if (rest <= 0) relaunch();
      else this.#next = this.#clock.after(rest, relaunch);
    });
  }

  /** Retires the instance and starts the next at once, with a clean slate. Resolves to whether it works. */
  async restart(heartbeatTimeout: Millis): Promise<boolean> {
    const plan = ++this.#plan;
    this.#next?.cancel();
    this.history = NO_FAILURES;
    const retired = this.#retire(RETIRE_PATIENCE);
    if (this.#state.kind !== 'stopped') {
      this.#restarts++;
      this.#to({ kind: 'restart', cause: 'asked for', at: this.#clock.wall() });
    }
    await retired;
    return plan === this.#plan && this.launch(heartbeatTimeout);
  }

  /** Stops for good (until the next `launch`). Settles within a few seconds whatever the agent does. */
  async halt(): Promise<void> {
    this.#plan++;
    this.#next?.cancel();
    const retired = this.#retire(STOP_PATIENCE);
    if (this.#state.kind !== 'stopped') this.#to({ kind: 'stop' });
    await retired;
  }

  /**
   * Has the present instance crash, or give no sign of life and answer no letter from now on, as if it hung over what it has in
   * hand, or be slow. For trying out what follows: only chaos does that. False when there is no instance.
   */
  provoke(how: Provocation): boolean {
    const life = this.#life;
    if (life?.agent === undefined) return false;
    if (how === 'crash') {
      this.#fail(life, new ParlmeshError('AGENT_PROVOKED', 'it was made to crash by chaos'));
    } else if (how !== 'hang') {
      life.agent.lag = how.slow;
    } else {
      life.deadline.beat(0);
      life.hangs = true;
    }
    return true;
  }

  #fail(life: Life, error: unknown): void {
    if (life !== this.#life) return;
    this.#listener.failed(this, error);
  }

  #loaded(life: Life, tasks: number): void {
    life.tasks = tasks;
    if (life !== this.#life) return;
    if (this.#works) this.#to({ kind: 'load', tasks });
  }

  get #works(): boolean {
    return this.#state.kind === 'ready' || this.#state.kind === 'busy';
  }

  /** Ends the present life; resolves when its instance has stopped or was given up on. */
  async #retire(patience: Millis): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.deadline.cancel();
    life.over.resolve(false);
    const agent = life.agent;
    if (agent === undefined) return;
    this.#remember(agent);
    const outcome = Promise.withResolvers<void>();
    const timer = this.#clock.after(patience, () => {
      this.#listener.abandoned(this);
      outcome.resolve();
    });
    const done = (): void => {
      timer.cancel();
      outcome.resolve();
    };
    agent.stop().then(done, (error: unknown) => {
      this.#lastError = messageOf(error);
      done();
    });
    await outcome.promise;
  }

  #remember(agent: Agent<unknown>): void {
    const { kind, version, mailbox, letters } = agent;
    this.#shown = {
      kind,
      version,
      capabilities: agent.capabilities.map(describe),
      mailbox: {
        waiting: mailbox.waiting + letters.waiting,
        most: agent.takesLetters ? mailbox.most + letters.most : mailbox.most,
        dropped: mailbox.dropped + letters.dropped,
      },
    };
  }

  #to(event: AgentEvent): void {
    const before = this.#state;
    this.#state = transition(before, event, this.#clock.wall());
    if (this.#state !== before) this.#listener.changed(this);
  }
}
