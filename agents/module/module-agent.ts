// The agent of one module: its process runs the module, this carries letters, words and heartbeats between both.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { Agent } from '../agent.ts';
import { type AgentCapabilities, allows, type CapabilityScope } from '../capabilities.ts';
import type { Correspondence } from '../communication/correspondence.ts';
import type { Letter } from '../communication/letter.ts';
import type { ModuleProcess } from './module-process.ts';
import type { Modules } from './modules.ts';
import type { FromModule, PostOrder } from './protocol.ts';

export interface ModuleAgentOptions {
  id: string;
  name: string;
  version: string;
  capabilities: AgentCapabilities;
  modules: Modules;
  post: Correspondence;
  journal: Journal;
  logger: Logger;
  clock: Clock;
}

const START_WITHIN: Millis = 20_000;
const PONG_WITHIN: Millis = 1_500;
/** Letters that it may have under way. */
const MOST_POSTS = 64;
/** Letters whose context is remembered, for what follows from them late. */
const MOST_CONTEXTS = 64;
const LOG = { perSecond: 50, burst: 200 };
const TELL = { perSecond: 0.2, burst: 10 };

type Within = ReturnType<typeof AsyncLocalStorage.snapshot>;

export class ModuleAgent extends Agent {
  readonly #options: ModuleAgentOptions;
  readonly #logRate: TokenBucket;
  readonly #tellRate: TokenBucket;
  readonly #contexts = new Map<number, Within>();
  #process: ModuleProcess | undefined;
  #posts = 0;

  constructor(options: ModuleAgentOptions) {
    const { id, name, version, capabilities, clock } = options;
    super({ id, kind: `module.${name}`, version, capabilities }, clock);
    this.#options = options;
    this.#logRate = new TokenBucket(LOG.perSecond, LOG.burst, clock.now());
    this.#tellRate = new TokenBucket(TELL.perSecond, TELL.burst, clock.now());
  }

  override get takesLetters(): boolean {
    return this.#process?.exports.onMessage ?? false;
  }

  protected async onStart(signal: AbortSignal): Promise<void> {
    const { modules, name } = this.#options;
    this.heartbeat(START_WITHIN);
    const process = await modules.open(name, 'agent', {
      frame: this.scope.guard((frame: FromModule) => this.#onFrame(frame)),
      gone: this.scope.guard((cause: ParlmeshError) => {
        throw cause;
      }),
    });
    this.#process = process;
    const { start, onMessage } = process.exports;
    if (signal.aborted || (!start && !onMessage)) {
      // Nothing to do but tasks, which have processes of their own.
      this.#process = undefined;
      await process.stop();
      this.heartbeat(Number.POSITIVE_INFINITY);
      return;
    }
    await process.start(START_WITHIN);
    this.heartbeat(PONG_WITHIN);
  }

  protected override async onStop(): Promise<void> {
    await this.#process?.stop();
  }

  protected override onLetter({ from, body, wantsReply }: Letter): unknown {
    const process = this.#process;
    if (process === undefined) throw new ParlmeshError('AGENT_DEAF', `agent "${this.id}" takes no letters`);
    const { id, ending } = process.call((at) => ({ t: 'letter', id: at, letter: { from, body, wantsReply } }));
    this.#contexts.set(id, AsyncLocalStorage.snapshot());
    if (this.#contexts.size > MOST_CONTEXTS) this.#contexts.delete(this.#contexts.keys().next().value ?? 0);
    return ending;
  }

  #onFrame(frame: FromModule): void {
    const { clock, logger, journal, name } = this.#options;
    switch (frame.t) {
      case 'pong':
        this.heartbeat(PONG_WITHIN);
        break;
      case 'log':
        if (this.#logRate.take(clock.now())) logger.info({ agent: this.id }, frame.line);
        break;
      case 'tell':
        if (!this.#may('journal.tell', 'node') || !this.#tellRate.take(clock.now())) {
          logger.warn({ agent: this.id }, 'a module may not tell that, or tells too much');
          break;
        }
        journal.record({
          severity: frame.severity,
          kind: 'module.told',
          subject: `agent/${this.id}`,
          message: `Module ${name}: ${frame.message}`,
        });
        break;
      case 'post':
        void this.#post(frame.id, frame.order);
    }
  }

  async #post(id: number, order: PostOrder): Promise<void> {
    const within = (order.because !== undefined && this.#contexts.get(order.because)) || AsyncLocalStorage.snapshot();
    this.#posts++;
    try {
      if (this.#posts > MOST_POSTS) {
        throw new ParlmeshError('LETTERS_TOO_MANY', `a module may have ${MOST_POSTS} letters under way`);
      }
      const value = await within(() => this.#carry(order));
      this.#process?.answer(id, { ok: true, value });
    } catch (error) {
      const code = error instanceof ParlmeshError ? error.code : 'LETTER_FAILED';
      this.#process?.answer(id, { ok: false, code, message: messageOf(error) });
    } finally {
      this.#posts--;
    }
  }

  async #carry({ op, to, body, deadline, scope = 'node', pick }: PostOrder): Promise<unknown> {
    const { post } = this.#options;
    const byKind = op === 'sendToKind' || op === 'requestOfKind' || op === 'broadcast';
    const reach = byKind ? scope : post.reachOf(to);
    if (!this.#may('agent.message', reach)) {
      this.#options.modules.countDenied();
      throw new ParlmeshError(
        'NOT_AUTHORIZED',
        `module ${this.#options.name} has no capability agent.message@${reach}`,
        {
          hint: 'its manifest names what it does beyond itself',
        },
      );
    }
    const options = {
      ...(deadline !== undefined && { deadline }),
      ...(byKind && { scope }),
      ...(pick !== undefined && { pick }),
    };
    return post[op](to, body, options);
  }

  #may(action: string, scope: CapabilityScope): boolean {
    const now = this.#options.clock.wall();
    return allows(this.capabilities, { action, scope, nodes: 1, networkSize: 1, approvals: 0, now }).allowed;
  }
}
