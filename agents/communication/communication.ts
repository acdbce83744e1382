// The post of a node's agents: letters to one agent, to any of a kind, to all of a kind, with a reply where one is asked
// for; on this node directly, to others over the network. Everything is bounded, and whoever sends is told what was
// refused. A letter never travels on: what follows from it is a new letter that counts its hops.

import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, delay, type Millis, type Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { Authorizer } from '../authorizer.ts';
import type { AgentNetwork } from '../network.ts';
import { type AgentAddress, addressOf, parseAddress } from './address.ts';
import type { BroadcastOutcome, Correspondence, KindOptions, LetterOptions } from './correspondence.ts';
import { KINDS_TOPIC, KindDirectory, type Pick } from './kind-directory.ts';
import {
  type Addressee,
  copyOf,
  decodeEnvelope,
  decodeReply,
  type Envelope,
  encode,
  type Letter,
  LONGEST_LIFE,
  MOST_HOPS,
  type Reply,
} from './letter.ts';
import type { Recipients } from './recipients.ts';

export interface CommunicationParts {
  recipients: Recipients;
  network: AgentNetwork;
  authorizer: Authorizer;
  clock: Clock;
  random: Random;
}

export interface CommunicationCounters {
  sent: number;
  delivered: number;
  /** By code of the refusal. */
  refused: Readonly<Record<string, number>>;
}

const SERVICE = 'letters';
const DEADLINE: Millis = 5_000;
/** What one agent may send a second, and at once. */
const RATE = { perSecond: 200, burst: 400 };
const MOST_SENDERS = 4096;
const TELL_KINDS_EVERY: Millis = 120_000;
const LOOK_FOR_CHANGES_EVERY: Millis = 2_000;
/** Nodes that a broadcast asks at a time. */
const ABREAST = 16;
const MOST_CODES = 64;

export class Communication implements Service {
  readonly name = 'communication';
  readonly #parts: CommunicationParts;
  readonly #directory = new KindDirectory();
  readonly #rates = new Map<string, TokenBucket>();
  readonly #refused = new Map<string, number>();
  /** The letter that is being handled: what is written meanwhile follows from it. */
  readonly #cause = new AsyncLocalStorage<Letter>();
  readonly #timers: Timer[] = [];
  #told = '';
  #isAlone = true;
  #sent = 0;
  #delivered = 0;
  #sequence = 0;

  /** Before the network starts. */
  constructor(parts: CommunicationParts) {
    this.#parts = parts;
    parts.network.handle(SERVICE, (origin, payload) => this.#onRequest(origin, payload));
    parts.network.subscribe(KINDS_TOPIC, (origin, payload) => this.#directory.hear(origin, payload));
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { clock } = this.#parts;
    this.#tellKinds();
    this.#timers.push(
      clock.every(LOOK_FOR_CHANGES_EVERY, () => {
        if (this.#hasFoundCompany()) this.#told = '';
        this.#tellKinds();
      }),
      clock.every(TELL_KINDS_EVERY, () => {
        this.#told = '';
        this.#tellKinds();
      }),
    );
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  counters(): CommunicationCounters {
    return { sent: this.#sent, delivered: this.#delivered, refused: Object.fromEntries(this.#refused) };
  }

  /** The post as the agent `id` of this node uses it. */
  of(id: string): Correspondence {
    return {
      send: async (to, body, options) => void (await this.#toAgent(id, to, body, false, options)),
      request: (to, body, options) => this.#toAgent(id, to, body, true, options),
      sendToKind: async (kind, body, options) => void (await this.#toKind(id, kind, body, false, options)),
      requestOfKind: (kind, body, options) => this.#toKind(id, kind, body, true, options),
      broadcast: (kind, body, options) => this.#toEvery(id, kind, body, options),
      reachOf: (to) => (this.#placeOf(to).node === this.#parts.network.self ? 'node' : 'network'),
    };
  }

  async #toAgent(from: string, to: string, body: unknown, wantsReply: boolean, options?: LetterOptions) {
    return this.#counted(async () => {
      const { node, agent } = this.#placeOf(to);
      const letter = this.#write(from, body, wantsReply, options);
      if (node === this.#parts.network.self) return this.#deliver(agent, letter);
      return (await this.#carry(from, node, { agent }, letter)).body;
    });
  }

  /** Ids of agents hold slashes too: without the id of a known node before it, an agent of this node is meant. */
  #placeOf(to: string): AgentAddress {
    const { network } = this.#parts;
    if (!to.includes('/')) return { node: network.self, agent: to };
    const address = parseAddress(to);
    const isKnown = address.node === network.self || network.nodes().some(({ id }) => id === address.node);
    return isKnown ? address : { node: network.self, agent: to };
  }

  #toKind(from: string, kind: string, body: unknown, wantsReply: boolean, options: KindOptions = {}) {
    return this.#counted(async () => {
      const letter = this.#write(from, body, wantsReply, options);
      const { network } = this.#parts;
      const others = options.scope === 'network' ? this.#directory.nodesWith(kind, network.nodes()) : [];
      const local = this.#localOf(kind, from);
      const here = local.length === 0 ? [] : [network.self];
      const nodes = [...here, ...others];
      const order = options.pick === 'round-robin' ? this.#directory.inTurn(`node ${kind}`, nodes.sort()) : nodes;
      let refusal = new ParlmeshError('KIND_UNKNOWN', `no agent of kind "${kind}" takes letters`, {
        hint:
          options.scope === 'network'
            ? 'parlmesh agents lists those of a node'
            : 'scope "network" asks other nodes too',
      });
      for (const node of order) {
        try {
          if (node !== network.self) return (await this.#carry(from, node, { kind }, letter)).body;
          return await this.#deliverToOne(kind, from, letter, options.pick);
        } catch (error) {
          if (!isNotTaken(error)) throw error;
          refusal = error;
        }
      }
      throw refusal;
    });
  }

  #toEvery(from: string, kind: string, body: unknown, options: KindOptions = {}): Promise<BroadcastOutcome> {
    return this.#counted(async () => {
      const letter = this.#write(from, body, false, options);
      const outcome = this.#deliverToEvery(kind, from, letter);
      const { network } = this.#parts;
      const nodes = options.scope === 'network' ? this.#directory.nodesWith(kind, network.nodes()) : [];
      if (nodes.length > 0) await this.#authorize(from, nodes, `every ${kind}`);
      const carry = async (node: string): Promise<void> => {
        const reply = await this.#ask(from, node, { every: kind }, letter).catch(() => undefined);
        outcome.delivered += reply?.delivered ?? 0;
        outcome.refused += reply === undefined ? 1 : (reply.refused ?? 0);
      };
      const lane = async (): Promise<void> => {
        for (let node = nodes.shift(); node !== undefined; node = nodes.shift()) await carry(node);
      };
      await Promise.all(Array.from({ length: ABREAST }, lane));
      return outcome;
    });
  }

  /** A new letter; throws when its sender may not send it now. */
  #write(from: string, body: unknown, wantsReply: boolean, { deadline = DEADLINE }: LetterOptions = {}): Letter {
    const { clock, network, random } = this.#parts;
    const now = clock.now();
    if (!this.#rateOf(from, now).take(now)) {
      throw new ParlmeshError('LETTERS_TOO_MANY', `agent "${from}" sends more than ${RATE.perSecond} letters a second`);
    }
    const cause = this.#cause.getStore();
    const hops = cause === undefined ? 0 : cause.hops + 1;
    if (hops > MOST_HOPS) {
      throw new ParlmeshError('LETTER_LOOP', `more than ${MOST_HOPS} letters followed from one another`, {
        hint: `the last one came from ${cause?.from}`,
      });
    }
    const life = Math.min(Math.max(1, deadline), LONGEST_LIFE);
    return {
      id: `${(this.#sequence++).toString(36)}-${random.below(0xffff_ffff).toString(36)}`,
      from: addressOf(network.self, from),
      body: copyOf(body),
      wantsReply,
      hops,
      expiresAt: Math.min(now + life, (wantsReply && cause?.wantsReply ? cause : undefined)?.expiresAt ?? Infinity),
    };
  }

  #rateOf(from: string, now: Millis): TokenBucket {
    const known = this.#rates.get(from);
    if (known !== undefined) return known;
    if (this.#rates.size >= MOST_SENDERS) this.#rates.delete(this.#rates.keys().next().value ?? '');
    const bucket = new TokenBucket(RATE.perSecond, RATE.burst, now);
    this.#rates.set(from, bucket);
    return bucket;
  }

  async #authorize(from: string, nodes: readonly string[], subject: string): Promise<void> {
    const actor = { kind: 'agent', id: from } as const;
    const { authorizer } = this.#parts;
    await authorizer.authorize({
      action: 'agent.message',
      actor,
      scope: 'network',
      nodes,
      subject: `agent/${subject}`,
    });
  }

  async #carry(from: string, node: string, to: Addressee, letter: Letter): Promise<Reply & { ok: true }> {
    await this.#authorize(from, [node], 'agent' in to ? addressOf(node, to.agent) : 'kind' in to ? to.kind : to.every);
    return this.#ask(from, node, to, letter);
  }

  async #ask(from: string, node: string, to: Addressee, letter: Letter): Promise<Reply & { ok: true }> {
    const { clock, network } = this.#parts;
    const { id, wantsReply, hops, body } = letter;
    const lifetime = letter.expiresAt - clock.now();
    if (lifetime <= 0) throw unanswered(addressOf(node, ''));
    const payload = encode({ id, from, to, wantsReply, hops, lifetime, body });
    const reply = decodeReply(await network.request(node, SERVICE, payload, { deadline: lifetime }));
    if (reply.ok) return reply;
    throw new ParlmeshError(reply.code, reply.message, { data: { node, taken: reply.taken } });
  }

  /** Puts a letter into a mailbox of this node and, if wanted, waits for the reply. */
  async #deliver(agent: string, letter: Letter): Promise<unknown> {
    const { clock } = this.#parts;
    const reply = this.#hand(agent, letter);
    if (!letter.wantsReply) return undefined;
    const late = new AbortController();
    const deadline = delay(clock, letter.expiresAt - clock.now(), late.signal).then(() => {
      throw unanswered(agent);
    });
    try {
      return copyOf(await Promise.race([reply, deadline]));
    } finally {
      late.abort();
      deadline.catch(() => {});
    }
  }

  /** Throws when it is not taken. */
  #hand(agent: string, letter: Letter): Promise<unknown> {
    // Each recipient has a copy of its own.
    const own = { ...letter, body: structuredClone(letter.body) };
    try {
      const reply = this.#cause.run(own, () => this.#parts.recipients.deliver(agent, own));
      this.#delivered++;
      return reply;
    } catch (error) {
      throw notTaken(error);
    }
  }

  async #deliverToOne(kind: string, from: string, letter: Letter, pick: Pick = 'least-loaded'): Promise<unknown> {
    const ids = this.#localOf(kind, from);
    let refusal = new ParlmeshError('AGENT_UNKNOWN', `no agent of kind "${kind}" takes letters on this node`);
    for (const id of pick === 'round-robin' ? this.#directory.inTurn(kind, ids) : ids) {
      try {
        return await this.#deliver(id, letter);
      } catch (error) {
        if (!isNotTaken(error)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  #deliverToEvery(kind: string, from: string, letter: Letter): BroadcastOutcome {
    const outcome = { delivered: 0, refused: 0 };
    for (const id of this.#localOf(kind, from)) {
      try {
        void this.#hand(id, letter);
        outcome.delivered++;
      } catch (error) {
        outcome.refused++;
        this.#count(error);
      }
    }
    return outcome;
  }

  /** Agents of a kind on this node, the least loaded first. */
  #localOf(kind: string, but: string): string[] {
    return this.#parts.recipients
      .recipients()
      .filter((one) => one.kind === kind && one.id !== but)
      .sort((a, b) => a.waiting - b.waiting)
      .map(({ id }) => id);
  }

  async #onRequest(origin: string, payload: Uint8Array): Promise<Uint8Array> {
    const decoded = decodeEnvelope(payload);
    if (!decoded.ok) {
      const error = new ParlmeshError('LETTER_REFUSED', `the letter is ${decoded.reason}`);
      this.#count(error);
      return encode(refusalOf(error));
    }
    try {
      return encode(await this.#receive(origin, decoded.envelope));
    } catch (error) {
      this.#count(error);
      return encode(refusalOf(error));
    }
  }

  async #receive(origin: string, { id, from, to, wantsReply, hops, lifetime, body }: Envelope): Promise<Reply> {
    const now = this.#parts.clock.now();
    if (!this.#rateOf(origin, now).take(now)) {
      throw notTaken(new ParlmeshError('LETTERS_TOO_MANY', `a node may send ${RATE.perSecond} letters a second`));
    }
    const expiresAt = now + lifetime;
    const letter = { id, from: addressOf(origin, from), body: body ?? null, wantsReply, hops, expiresAt };
    if ('every' in to) return { ok: true, ...this.#deliverToEvery(to.every, '', { ...letter, wantsReply: false }) };
    const reply = 'agent' in to ? await this.#deliver(to.agent, letter) : await this.#deliverToOne(to.kind, '', letter);
    return { ok: true, body: reply };
  }

  /** A node that joined a network, or came back to it: what it told before, nobody there heard. */
  #hasFoundCompany(): boolean {
    const wasAlone = this.#isAlone;
    this.#isAlone = !this.#parts.network.nodes().some(({ reachable }) => reachable);
    return wasAlone && !this.#isAlone;
  }

  /** Tells the network which kinds are here, when that changed. */
  #tellKinds(): void {
    const counts = new Map<string, number>();
    for (const { kind } of this.#parts.recipients.recipients()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const kinds = [...counts]
      .sort()
      .slice(0, 64)
      .map(([kind, agents]) => ({ kind, agents }));
    const text = JSON.stringify(kinds);
    if (text === this.#told) return;
    this.#told = text;
    this.#parts.network.publish(KINDS_TOPIC, { kinds });
  }

  async #counted<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.#sent++;
      return await work();
    } catch (error) {
      this.#count(error);
      throw error;
    }
  }

  #count(error: unknown): void {
    const code = error instanceof ParlmeshError ? error.code : 'FAILED';
    const key = this.#refused.size < MOST_CODES || this.#refused.has(code) ? code : 'OTHER';
    this.#refused.set(key, (this.#refused.get(key) ?? 0) + 1);
  }
}

function refusalOf(error: unknown): Reply {
  const code =
    error instanceof ParlmeshError && /^[A-Z][A-Z0-9_]{0,63}$/.test(error.code) ? error.code : 'LETTER_FAILED';
  return { ok: false, code, message: messageOf(error).slice(0, 1000), taken: !isNotTaken(error) };
}

/** Marks an error as a refusal: no handler has seen the letter, so that it may go to another agent. */
function notTaken(error: unknown): unknown {
  return error instanceof ParlmeshError
    ? new ParlmeshError(error.code, error.message, { data: { ...error.data, taken: false }, cause: error })
    : error;
}

function isNotTaken(error: unknown): error is ParlmeshError {
  return error instanceof ParlmeshError && (error.data.taken === false || error.code === 'RELAY_NO_ROUTE');
}

function unanswered(who: string): ParlmeshError {
  return new ParlmeshError('LETTER_UNANSWERED', `"${who}" did not reply in time`);
}
