// The base class of every agent: an identity, what it may do, a mailbox, and a scope in which its work runs. One
// instance lives once; after a failure the supervisor throws it away and creates the next.

import type { Clock, Millis } from '../core/clock.ts';
import type { AgentCapabilities } from './capabilities.ts';
import { Mailbox, type WhenFull } from './mailbox.ts';
import { TaskScope } from './task-scope.ts';

/** What an instance tells whoever supervises it. */
export interface AgentHost {
  /** It lives; the next beat comes within `nextWithin` ms (plus the supervisor's time-out). */
  beat(nextWithin: Millis): void;
  failed(error: unknown): void;
  /** It works on this many things now. */
  load(tasks: number): void;
}

export interface AgentIdentity {
  /** Unique on the node: `hardware`, `camera/north`. */
  id: string;
  /** What sort of agent: `hardware`, `camera`, `link-watcher`. */
  kind: string;
  version: string;
  capabilities: AgentCapabilities;
  /** Default: 64 messages, the oldest gives way. */
  mailbox?: { most: number; whenFull: WhenFull };
}

export abstract class Agent<Message = never> {
  readonly id: string;
  readonly kind: string;
  readonly version: string;
  readonly capabilities: AgentCapabilities;
  readonly mailbox: Mailbox<Message>;
  /** Everything an agent does goes through here: see `TaskScope` for what that promises. */
  protected readonly scope: TaskScope;
  #host: AgentHost | undefined;
  #open = false;
  #handling = false;
  /** The gap that the last heartbeat announced. */
  #nextWithin: Millis = 0;

  constructor(identity: AgentIdentity, clock: Clock) {
    this.id = identity.id;
    this.kind = identity.kind;
    this.version = identity.version;
    this.capabilities = identity.capabilities;
    this.mailbox = new Mailbox(identity.mailbox ?? { most: 64, whenFull: 'drop-oldest' });
    this.scope = new TaskScope(clock, {
      onFailure: (error) => this.#host?.failed(error),
      onLoad: (tasks) => this.#host?.load(tasks),
    });
  }

  /** Called once by the supervisor. Resolves when the agent works; a rejection is a crash. */
  async start(host: AgentHost): Promise<void> {
    this.#host = host;
    await this.onStart(this.scope.signal);
    this.#open = true;
    this.#handleNext();
  }

  /** Called once by the supervisor, whatever became of `start`. */
  async stop(): Promise<void> {
    this.scope.close();
    await this.onStop();
  }

  /** Puts a message into the mailbox; false when it was refused. Messages are handled one at a time, in order. */
  post(message: Message): boolean {
    const taken = this.mailbox.offer(message);
    this.#handleNext();
    return taken;
  }

  /** Takes up the work. Must settle within the supervisor's heartbeat time-out, or beat meanwhile. */
  protected abstract onStart(signal: AbortSignal): Promise<void>;

  /** Gives back what the scope does not. By now the scope is closed and its signal aborted. */
  protected async onStop(): Promise<void> {}

  /** Handles one message. It ought to end: one that takes longer than the heartbeat time-out beats meanwhile. */
  protected onMessage(_message: Message): void | Promise<void> {}

  /**
   * Tells the supervisor that this agent lives. `nextWithin` ms is the longest gap it plans until the next beat: 0
   * while it does something that ought to end, its interval while it waits for a timer, Infinity while it waits for
   * others. It counts as hung when the next beat is later than that by the supervisor's heartbeat time-out.
   */
  protected heartbeat(nextWithin: Millis = 0): void {
    this.#nextWithin = nextWithin;
    this.#host?.beat(nextWithin);
  }

  #handleNext(): void {
    if (!this.#open || this.#handling) return;
    const message = this.mailbox.take();
    if (message === undefined) return;
    this.#handling = true;
    this.scope.run(async () => {
      this.#host?.beat(0);
      await this.onMessage(message);
      this.#host?.beat(this.#nextWithin);
      this.#handling = false;
      this.#handleNext();
    });
  }
}
