// The base class of every agent: an identity, what it may do, a mailbox, and a scope in which its work runs. One
// instance lives once; after a failure the supervisor throws it away and creates the next.

import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, delay, type Millis } from '../core/clock.ts';
import { messageOf, ParlmeshError } from '../core/errors.ts';
import type { AgentCapabilities } from './capabilities.ts';
import type { Letter } from './communication/letter.ts';
import { Mailbox, type WhenFull } from './mailbox.ts';
import type { Piece } from './service-times.ts';
import { TaskScope } from './task-scope.ts';

/** What an instance tells whoever supervises it. */
export interface AgentHost {
  /** It lives; the next beat comes within `nextWithin` ms (plus the supervisor's time-out). */
  beat(nextWithin: Millis): void;
  failed(error: unknown): void;
  /** It works on this many things now. */
  load(tasks: number): void;
  /** It has done one of them. */
  served(piece: Piece): void;
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

/** A letter in the mailbox, and where its reply goes. */
interface Delivery {
  letter: Letter;
  reply: PromiseWithResolvers<unknown>;
  /** Runs the handler in the context of the delivery, so that what it writes is known to follow from this letter. */
  within: <T>(handle: () => T) => T;
}

const MOST_LETTERS = 64;

export abstract class Agent<Message = never> {
  readonly id: string;
  readonly kind: string;
  readonly version: string;
  readonly capabilities: AgentCapabilities;
  readonly mailbox: Mailbox<Message>;
  /** Letters of other agents: what does not fit is refused, and the sender told. */
  readonly letters = new Mailbox<Delivery>({ most: MOST_LETTERS, whenFull: 'refuse' });
  /** What this instance takes longer for each piece of work: see `SupervisedAgent.provoke`. */
  lag: Millis = 0;
  /** Everything an agent does goes through here: see `TaskScope` for what that promises. */
  protected readonly scope: TaskScope;
  readonly #clock: Clock;
  #host: AgentHost | undefined;
  #open = false;
  #inHand: Delivery | undefined;
  #letterIsNext = false;
  #handling = false;
  /** The gap that the last heartbeat announced. */
  #nextWithin: Millis = 0;

  constructor(identity: AgentIdentity, clock: Clock) {
    this.id = identity.id;
    this.kind = identity.kind;
    this.version = identity.version;
    this.capabilities = identity.capabilities;
    this.#clock = clock;
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
    this.#open = false;
    for (let left = this.#inHand ?? this.letters.take(); left !== undefined; left = this.letters.take()) {
      left.reply.reject(new ParlmeshError('AGENT_GONE', `agent "${this.id}" ended before it replied`));
    }
    await this.onStop();
  }

  /** Puts a message into the mailbox; false when it was refused. Messages are handled one at a time, in order. */
  post(message: Message): boolean {
    const taken = this.mailbox.offer(message);
    this.#handleNext();
    return taken;
  }

  get takesLetters(): boolean {
    return this.onLetter !== undefined;
  }

  /**
   * Puts a letter into the mailbox; throws `AGENT_DEAF`, `AGENT_NOT_READY` or `AGENT_MAILBOX_FULL`. Resolves to what the handler returns;
   * rejects with `AGENT_GONE` as soon as the agent ends.
   */
  deliver(letter: Letter): Promise<unknown> {
    if (!this.takesLetters) throw new ParlmeshError('AGENT_DEAF', `agent "${this.id}" takes no letters`);
    const delivery = { letter, reply: Promise.withResolvers<unknown>(), within: AsyncLocalStorage.snapshot() };
    // Whoever wants no reply need not wait for it.
    delivery.reply.promise.catch(() => {});
    if (!this.#open) throw new ParlmeshError('AGENT_NOT_READY', `agent "${this.id}" does not work now`);
    if (!this.letters.offer(delivery)) {
      throw new ParlmeshError(
        'AGENT_MAILBOX_FULL',
        `the mailbox of agent "${this.id}" is full (${MOST_LETTERS} letters)`,
      );
    }
    this.#handleNext();
    return delivery.reply.promise;
  }

  /** Takes up the work. Must settle within the supervisor's heartbeat time-out, or beat meanwhile. */
  protected abstract onStart(signal: AbortSignal): Promise<void>;

  /** Gives back what the scope does not. By now the scope is closed and its signal aborted. */
  protected async onStop(): Promise<void> {}

  /** Handles one message. It ought to end: one that takes longer than the heartbeat time-out beats meanwhile. */
  protected onMessage(_message: Message): void | Promise<void> {}

  /**
   * Handles one letter; what it returns is the reply. A `ParlmeshError` that it throws is told to the asker, anything
   * else is a crash. An agent without this takes no letters.
   */
  protected onLetter?(letter: Letter): unknown;

  /**
   * Tells the supervisor that this agent lives. `nextWithin` ms is the longest gap it plans until the next beat: 0
   * while it does something that ought to end, its interval while it waits for a timer, Infinity while it waits for
   * others. It counts as hung when the next beat is later than that by the supervisor's heartbeat time-out.
   */
  protected heartbeat(nextWithin: Millis = 0): void {
    this.#nextWithin = nextWithin;
    this.#host?.beat(nextWithin);
  }

  /** Does one piece of work, and tells how long it took. @param work resolves to what is told of it, undefined for nothing */
  protected async serve(work: () => Promise<Omit<Piece, 'took'> | undefined>): Promise<void> {
    const beganAt = this.#clock.now();
    if (this.lag > 0) await delay(this.#clock, this.lag, this.scope.signal);
    const piece = await work();
    if (piece !== undefined) this.#host?.served({ ...piece, took: this.#clock.now() - beganAt });
  }

  #handleNext(): void {
    if (!this.#open || this.#handling) return;
    const work = this.#take();
    if (work === undefined) return;
    this.#handling = true;
    this.scope.run(async () => {
      this.#host?.beat(this.lag);
      await this.serve(async () => {
        await work.handle();
        return { among: 'own', sort: work.sort };
      });
      this.#host?.beat(this.#nextWithin);
      this.#handling = false;
      this.#handleNext();
    });
  }

  /** Messages and letters take turns, so that neither starves the other. */
  #take(): { sort: 'message' | 'letter'; handle(): void | Promise<void> } | undefined {
    this.#letterIsNext = !this.#letterIsNext;
    const letter = this.#letterIsNext ? this.letters.take() : undefined;
    if (letter !== undefined) return { sort: 'letter', handle: () => this.#read(letter) };
    const message = this.mailbox.take();
    if (message !== undefined) return { sort: 'message', handle: () => this.onMessage(message) };
    const other = this.letters.take();
    return other && { sort: 'letter', handle: () => this.#read(other) };
  }

  async #read(delivery: Delivery): Promise<void> {
    const { letter, reply, within } = delivery;
    if (this.#clock.now() >= letter.expiresAt) {
      return reply.reject(new ParlmeshError('LETTER_EXPIRED', `agent "${this.id}" had no time for it`));
    }
    this.#inHand = delivery;
    try {
      reply.resolve(await within(async () => this.onLetter?.(letter)));
    } catch (error) {
      if (error instanceof ParlmeshError) return reply.reject(error);
      reply.reject(new ParlmeshError('AGENT_GONE', `agent "${this.id}" failed over it: ${messageOf(error)}`));
      throw error;
    } finally {
      if (this.#inHand === delivery) this.#inHand = undefined;
    }
  }
}
