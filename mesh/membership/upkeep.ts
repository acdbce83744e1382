// A member's care for its own membership: it renews its certificate in time, fetches the newest network key, and says
// when its certificate is about to end.

import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Random } from '../../core/random.ts';
import type { Gossip } from '../gossip/gossip.ts';
import { RENEWAL_GRACE } from './authority.ts';
import { AuthorityWord, authorityTopic } from './authority-word.ts';
import { type Certificate, checkCertificate } from './certificate.ts';
import type { HeldCredentials } from './held-credentials.ts';
import type { NodeId, SigningKey } from './keys.ts';
import { ownCertificate } from './network.ts';
import { KEY_SERVICE, KeyGrant, keyRequest, readKeyAnswer } from './network-key-handover.ts';
import { stillAccepted, withNewKey } from './network-keys.ts';
import {
  type ExpiryStage,
  expiryStage,
  RENEWAL_SERVICE,
  readRenewalAnswer,
  renewalDue,
  renewalRequest,
} from './renewal.ts';
import { Retry } from './retry.ts';
import { readStatement, type Statement } from './statement.ts';

export interface UpkeepParts {
  key: SigningKey;
  credentials: HeldCredentials;
  holdsAuthority: boolean;
  /** Asks a service of any node over the relay. */
  ask: (node: NodeId, service: string, payload: Uint8Array) => Promise<Uint8Array>;
  /** A new certificate is on disk. */
  renewed: (certificate: Uint8Array) => void;
  /** What `problem` tells may have changed. */
  problem: () => void;
  clock: Clock;
  random: Random;
  journal: Journal;
}

export interface MembershipProblem {
  cause: string;
  /** What to do. */
  hint: string;
}

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const RENEWAL_BACK_OFF = { first: MINUTE, most: 6 * HOUR };
const KEY_BACK_OFF = { first: 2000, most: 10 * MINUTE };
/** What is due is looked up again and again: the wall clock may jump, timers do not follow it. */
const LOOK_PERIOD: Millis = 10 * MINUTE;
/** What is told before a service runs is not heard. */
const FIRST_LOOK: Millis = 2000;
/** All members hear of a new key at the same moment. */
const KEY_SPREAD: Millis = 1000;
/** Many members may be due when the authority comes back. */
const HEARD_SPREAD: Millis = 10_000;

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #renewal: Retry;
  readonly #keys: Retry;
  #word: AuthorityWord | undefined;
  #certificate: Certificate;
  /** Moment of the renewal within its span, drawn once a certificate. */
  #spread: number;
  #stage: ExpiryStage = 'fine';
  /** Why the last try to renew failed. */
  #failure: string | undefined;
  /** Number of the key that the authority knows this node to have. */
  #acknowledged: number | undefined;
  #timers: Timer[] = [];

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#certificate = this.#own();
    this.#spread = parts.random.next();
    this.#renewal = new Retry({ ...parts, task: () => this.#renew(), backoff: RENEWAL_BACK_OFF });
    this.#keys = new Retry({ ...parts, task: () => this.#fetchKey(), backoff: KEY_BACK_OFF });
  }

  /** Before the gossip's transports start. */
  subscribe(gossip: Gossip): void {
    gossip.subscribe(authorityTopic, {
      message: ({ origin, payload }) => this.#hearAuthority(origin, payload.statement),
    });
  }

  start(): void {
    const { clock } = this.#parts;
    this.#timers = [clock.after(FIRST_LOOK, () => this.#look()), clock.every(LOOK_PERIOD, () => this.#look())];
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#renewal.stop();
    this.#keys.stop();
  }

  /** This node's own, as it is in use. */
  get certificate(): Certificate {
    return this.#certificate;
  }

  /** Undefined until it was heard of. */
  get authorityNode(): NodeId | undefined {
    return this.#word?.node;
  }

  /** What an expired member gives to any other to carry to the authority. */
  request(): Uint8Array {
    const { key, credentials } = this.#parts;
    const { network, certificate } = credentials.current;
    return renewalRequest(key, network.id, certificate);
  }

  /** Takes the authority's answer, whoever brought it. Rejects when it is no newer certificate of this node. */
  async take(answer: Uint8Array): Promise<void> {
    const { credentials, clock, key, journal } = this.#parts;
    const { network, authority } = credentials.current;
    const read = readRenewalAnswer(answer);
    if (read?.certificate === undefined) throw new Error(`the authority refuses: ${read?.refusal ?? 'malformed'}`);
    const bytes = Buffer.from(read.certificate, 'base64');
    const checked = checkCertificate(bytes, { id: network.id, authority }, clock.wall());
    if (!checked.ok) throw new Error(`the authority sent a certificate that is ${checked.fault}`);
    if (checked.certificate.node !== key.nodeId || checked.certificate.issuedAt <= this.#certificate.issuedAt) {
      throw new Error('the authority sent no newer certificate of this node');
    }
    await credentials.change((current) => ({ ...current, certificate: bytes }));
    this.#certificate = checked.certificate;
    this.#spread = this.#parts.random.next();
    this.#failure = undefined;
    this.#parts.renewed(bytes);
    journal.record({
      severity: 'info',
      kind: 'mesh.renewed',
      subject: 'service/mesh',
      message: `The certificate of this node was renewed until ${dateOf(checked.certificate.expiresAt)}`,
    });
    this.#look();
  }

  async #renew(): Promise<void> {
    const { ask, holdsAuthority, key } = this.#parts;
    if (!this.#isDue()) return;
    try {
      const authority = holdsAuthority ? key.nodeId : this.#word?.node;
      if (authority === undefined) throw new Error('the node with the authority was not heard of');
      await this.take(await ask(authority, RENEWAL_SERVICE, this.request()));
    } catch (error) {
      this.#failure = messageOf(error);
      this.#look();
      throw error;
    }
  }

  async #fetchKey(): Promise<void> {
    const word = this.#word;
    if (word === undefined) return;
    const { credentials, ask } = this.#parts;
    const held = (): number => credentials.current.keys[0].number;
    if (held() < word.key) {
      await this.#takeKey(await ask(word.node, KEY_SERVICE, keyRequest(held())), word.oldest);
    }
    if (held() < word.key) throw new Error('the authority gave no newer key');
    if (this.#acknowledged === held()) return;
    const acknowledged = held();
    await ask(word.node, KEY_SERVICE, keyRequest(acknowledged));
    this.#acknowledged = acknowledged;
  }

  /** @param oldest keys before this number let nobody in any more */
  async #takeKey(answer: Uint8Array, oldest: number): Promise<void> {
    const { credentials, clock, journal } = this.#parts;
    const { network, authority } = credentials.current;
    const statement = readKeyAnswer(answer)?.grant;
    const grant = statement && readStatement('network-key', authority, KeyGrant, statement);
    if (grant === undefined || grant.network !== network.id) throw new Error('the authority sent no key of its own');
    const { number, since, until } = grant;
    const key = Buffer.from(grant.key, 'base64');
    await credentials.change((current) => ({
      ...current,
      keys: stillAccepted(withNewKey(current.keys, { number, key, since }, until), oldest, clock.wall()),
    }));
    journal.record({
      severity: 'info',
      kind: 'mesh.key-rotation',
      subject: 'service/mesh',
      message: `Network key ${number} was received; the one before it lets members in until ${dateOf(until)} at the latest`,
    });
  }

  #hearAuthority(origin: NodeId, statement: Statement): void {
    const { credentials, key } = this.#parts;
    const { network, authority, keys } = credentials.current;
    const word = readStatement('authority', authority, AuthorityWord, statement);
    if (word === undefined || word.network !== network.id || word.node !== origin || origin === key.nodeId) return;
    this.#word = word;
    const [newest] = keys;
    const isUnderWay = word.oldest < word.key;
    if (newest.number < word.key || (isUnderWay && this.#acknowledged !== word.key)) this.#keys.within(KEY_SPREAD);
    else if (newest.number === word.key && keys.some(({ number }) => number < word.oldest))
      void this.#retire(word.oldest);
    if (this.#isDue()) this.#renewal.within(HEARD_SPREAD);
  }

  #isDue(): boolean {
    return this.#parts.clock.wall() >= renewalDue(this.#certificate, this.#spread);
  }

  /** Every member has the newest key: those before it let nobody in any more. */
  async #retire(oldest: number): Promise<void> {
    const { credentials, clock } = this.#parts;
    await credentials
      .change((current) => ({ ...current, keys: stillAccepted(current.keys, oldest, clock.wall()) }))
      // It ends by itself at the end of its time, and the authority says its word again.
      .catch(() => {});
  }

  #look(): void {
    const { clock, problem, journal } = this.#parts;
    if (this.#failure === undefined && this.#isDue()) this.#renewal.within(HEARD_SPREAD);
    const stage = expiryStage(this.#certificate, clock.wall());
    const isNews = stage !== this.#stage;
    this.#stage = stage;
    const trouble = this.problem();
    problem();
    if (!isNews || trouble === undefined) return;
    journal.record({
      severity: stage === 'near' ? 'warning' : 'error',
      kind: stage === 'expired' ? 'mesh.expired' : 'mesh.expires',
      subject: 'service/mesh',
      message: trouble.cause,
      data: { hint: trouble.hint, expiresAt: this.#certificate.expiresAt },
    });
  }

  /** While the certificate is near its end or beyond it. */
  problem(): MembershipProblem | undefined {
    const now = this.#parts.clock.wall();
    const stage = expiryStage(this.#certificate, now);
    if (stage === 'fine') return undefined;
    const { expiresAt } = this.#certificate;
    const why = this.#failure === undefined ? 'it is not renewed yet' : this.#failure;
    if (stage !== 'expired') {
      return {
        cause: `The certificate of this node ends on ${dateOf(expiresAt)}: ${why}`,
        hint: 'Start the node that holds the authority of the network, or check the way to it: parlmesh network show',
      };
    }
    const canRenew = now < expiresAt + RENEWAL_GRACE;
    return {
      cause: `The certificate of this node expired on ${dateOf(expiresAt)}: other nodes refuse it. ${why}`,
      hint: canRenew
        ? `Check the clock of this board, and start the node that holds the authority: it renews until ${dateOf(expiresAt + RENEWAL_GRACE)}`
        : 'Check the clock of this board; else ask for an invite and run: parlmesh network join TOKEN',
    };
  }

  #own(): Certificate {
    const { credentials, key, clock } = this.#parts;
    return ownCertificate(credentials.current, key, clock.wall());
  }
}

const dateOf = (at: Millis): string => new Date(at).toISOString().slice(0, 10);
