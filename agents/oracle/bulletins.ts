// What this node tells all others of whom it froze and what it halted, and what it makes of theirs. Orders of the
// network's authority travel along, passed on by everybody.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import type { AgentNetwork } from '../network.ts';
import type { Enforcer } from './enforcer.ts';
import { makeSigned, type OracleKeys } from './keys.ts';
import type { OracleMemory } from './memory.ts';
import { type AuthorityWord, BULLETIN_REFRESH, type Bulletin, bulletinTopic, REMEMBERED, Witness } from './messages.ts';
import { readMessage, writeMessage } from './wire.ts';

/** Several changes at once are told once. */
const SAY_AFTER: Millis = 20;
/** A word of the authority is passed on for so long; what it lifts stays lifted. */
const WORD_LIFE: Millis = 90 * 24 * 3600_000;
const MOST_ASKED = 8;
const ASK_WITHIN: Millis = 3_000;

/** Where an operator's order is in force: everywhere, or on this node, where it is a vote besides. */
export type Reach = 'network' | 'here';

export interface BulletinsParts {
  keys: OracleKeys;
  network: AgentNetwork;
  memory: OracleMemory;
  clock: Clock;
  enforcer: Enforcer;
}

export class Bulletins {
  readonly #parts: BulletinsParts;
  #timers: Timer[] = [];
  #saying: Timer | undefined;
  #running = false;

  /** Before the mesh starts. */
  constructor(parts: BulletinsParts) {
    this.#parts = parts;
    parts.network.subscribe(bulletinTopic, (origin, bulletin) => void this.#hear(origin, bulletin));
    parts.network.handle(REMEMBERED, (origin) => writeMessage(parts.memory.witnesses.get(origin) ?? {}));
  }

  start(): void {
    this.#running = true;
    this.#timers = [this.#parts.clock.every(BULLETIN_REFRESH, () => this.#say())];
  }

  stop(): void {
    this.#running = false;
    this.#saying?.cancel();
    this.#saying = undefined;
    for (const timer of this.#timers) timer.cancel();
  }

  /** Tells the others how things stand, in a moment. */
  say(): void {
    if (!this.#running) return;
    this.#saying ??= this.#parts.clock.after(SAY_AFTER, () => this.#say());
  }

  async lift(what: string): Promise<Reach> {
    const { memory, clock, enforcer } = this.#parts;
    const at = clock.wall();
    if (what !== 'halt') memory.watch.forgive(what);
    const isRoot = this.#speak({ kind: 'lift', what, reason: '', at });
    await enforcer.tell(isRoot ? memory.bans.obey({ what, at }) : memory.bans.lift(what, at));
    await this.#settle();
    return isRoot ? 'network' : 'here';
  }

  async halt(reason: string): Promise<Reach> {
    const { memory, clock, enforcer } = this.#parts;
    const at = clock.wall();
    const isRoot = this.#speak({ kind: 'halt', what: 'halt', reason, at });
    await enforcer.tell(isRoot ? memory.bans.command({ reason, at }) : memory.bans.voteHalt(reason, at));
    await this.#settle();
    return isRoot ? 'network' : 'here';
  }

  revoke(id: string, issuer: string, until: Millis): void {
    const { memory, clock, keys } = this.#parts;
    memory.wallet.revoke({ id, by: issuer, until });
    if (issuer === keys.network()?.authority) {
      this.#speak({ kind: 'revoke', what: id, reason: '', at: clock.wall() }, until);
    }
    this.say();
  }

  async witnesses(): Promise<Witness[]> {
    const { network, memory } = this.#parts;
    const asked = network
      .nodes()
      .filter(({ reachable }) => reachable)
      .slice(0, MOST_ASKED);
    const answers = await Promise.allSettled(
      asked.map(({ id }) => network.request(id, REMEMBERED, writeMessage({}), { deadline: ASK_WITHIN })),
    );
    const told = answers.flatMap((answer) => {
      const witness = answer.status === 'fulfilled' ? readMessage(Witness, answer.value) : undefined;
      return witness === undefined ? [] : [witness];
    });
    return memory.checkpoint === undefined ? told : [...told, memory.checkpoint];
  }

  async #settle(): Promise<void> {
    await this.#parts.memory.save();
    this.say();
  }

  /** Signs as the authority where its key is. */
  #speak(word: Pick<AuthorityWord, 'kind' | 'what' | 'reason' | 'at'>, until = word.at + WORD_LIFE): boolean {
    const network = this.#parts.keys.network();
    const sign = network?.signAsAuthority;
    if (network === undefined || sign === undefined) return false;
    this.#parts.memory.learn(makeSigned((body) => sign('oracle', body), { ...word, network: network.id, until }));
    return true;
  }

  #say(): void {
    const { memory, network, keys } = this.#parts;
    this.#saying?.cancel();
    this.#saying = undefined;
    if (keys.network() === undefined) return;
    const { votes, halt, lifts } = memory.bans.ballot;
    network.publish(bulletinTopic, {
      votes: [...votes],
      ...(halt && { halt }),
      lifts: [...lifts],
      revoked: memory.wallet.ownRevocations().map(({ id, until }) => ({ id, until })),
      words: memory.words(),
      ...(memory.checkpoint && { audit: memory.checkpoint }),
    });
  }

  async #hear(origin: string, bulletin: Bulletin): Promise<void> {
    const { memory, enforcer, clock, keys } = this.#parts;
    const { revoked, words, audit } = bulletin;
    if (audit !== undefined) memory.remember(origin, audit);
    let isNews = false;
    for (const { id, until } of revoked) isNews = memory.wallet.revoke({ id, by: origin, until }) || isNews;
    for (const signed of words) {
      const word = memory.learn(signed);
      if (word === undefined) continue;
      isNews = true;
      if (word.kind === 'lift') {
        if (word.what !== 'halt') memory.watch.forgive(word.what);
        await enforcer.tell(memory.bans.obey(word));
      } else if (word.kind === 'halt') {
        await enforcer.tell(memory.bans.command(word));
      } else {
        memory.wallet.revoke({ id: word.what, by: keys.network()?.authority ?? '', until: word.until });
      }
    }
    await enforcer.tell(memory.bans.hear(origin, bulletin, clock.wall()));
    if (isNews) {
      memory.saveSoon();
      this.say();
    }
  }
}
