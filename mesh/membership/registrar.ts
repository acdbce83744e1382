// What the authority's node does for members over the relay: renews certificates, hands out the newest network key, and
// tells everybody where it is and which keys count.

import { randomBytes } from 'node:crypto';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Authority, Handover, Member } from './authority.ts';
import { type AuthorityWord, authorityTopic, WORD_REFRESH } from './authority-word.ts';
import type { HeldCredentials } from './held-credentials.ts';
import type { NodeId, SigningKey } from './keys.ts';
import { type KeyGrant, keyAnswer, readKeyRequest } from './network-key-handover.ts';
import { type NetworkKey, stillAccepted, withNewKey } from './network-keys.ts';
import { MOST_ANSWER_BYTES, readRenewalRequest, renewalAnswer } from './renewal.ts';
import { makeStatement } from './statement.ts';

/** What became of the questions of members; each is counted. */
export const REGISTRAR_OUTCOMES = [
  'renewed',
  'repeated',
  'key',
  'malformed',
  'oversized',
  'forged',
  'other-network',
  'revoked',
  'expired',
  'clock',
  'full',
  'failed',
  'rate',
] as const;
export type RegistrarOutcome = (typeof REGISTRAR_OUTCOMES)[number];

export interface RegistrarParts {
  self: NodeId;
  authority: Authority;
  authorityKey: SigningKey;
  credentials: HeldCredentials;
  gossip: Gossip;
  clock: Clock;
  journal: Journal;
  isRevoked: (id: NodeId) => boolean;
  nameOf: (id: NodeId) => string;
}

export interface RotationView {
  number: number;
  startedAt: Millis;
  /** When the keys before it end for those who were away, at the latest. */
  until: Millis;
  /** Undefined while members are missing. */
  completedAt: Millis | undefined;
  holders: { id: NodeId; name: string }[];
  missing: { id: NodeId; name: string }[];
}

/** A question costs the authority two signatures and a file: a small board answers these without noticing. */
const RATE = 10;
const BURST = 200;
const LOOK_PERIOD: Millis = 60_000;

export class Registrar {
  readonly #parts: RegistrarParts;
  readonly #counts = new Map<RegistrarOutcome, number>();
  readonly #bucket: TokenBucket;
  #timers: Timer[] = [];

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(RATE, BURST, parts.clock.now());
  }

  start(): void {
    const { clock } = this.#parts;
    this.#say();
    this.#timers = [
      clock.every(WORD_REFRESH, () => this.#say()),
      clock.every(LOOK_PERIOD, () => void this.#completeWhenDone().catch((error: unknown) => this.#unwritten(error))),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  /** Answers a signed request, whoever carried it. Never throws. */
  async renew(request: Uint8Array): Promise<Uint8Array> {
    const { clock, credentials, authority, isRevoked, journal, self } = this.#parts;
    const refuse = (refusal: RegistrarOutcome): Uint8Array => {
      this.#count(refusal);
      return renewalAnswer({ refusal });
    };
    if (!this.#bucket.take(clock.now())) return refuse('rate');
    const { network, authority: publicKey } = credentials.current;
    const shown = readRenewalRequest(request, { id: network.id, authority: publicKey }, clock.wall());
    if (typeof shown === 'string') return refuse(shown);
    if (isRevoked(shown.node)) return refuse('revoked');
    const renewed = await authority.renew(shown);
    if (!renewed.ok) return refuse(renewed.refusal);
    this.#count(renewed.isFresh ? 'renewed' : 'repeated');
    if (renewed.isFresh && shown.node !== self) {
      journal.record({
        severity: 'info',
        kind: 'mesh.renewed',
        subject: `peer/${shown.node}`,
        message: `The certificate of ${shown.name} was renewed`,
      });
    }
    const answer = renewalAnswer(renewed);
    return answer.length > MOST_ANSWER_BYTES ? refuse('failed') : answer;
  }

  /** Answers a member with the newest key, or notes that it has it. Throws when it is to get none. */
  async key(origin: NodeId, payload: Uint8Array): Promise<Uint8Array> {
    const { clock, authority, isRevoked } = this.#parts;
    const refuse = (outcome: RegistrarOutcome): never => {
      this.#count(outcome);
      throw new ParlmeshError('NETWORK_KEY_REFUSED', `refused: ${outcome}`);
    };
    if (!this.#bucket.take(clock.now())) return refuse('rate');
    const request = readKeyRequest(payload);
    if (request === undefined) return refuse('malformed');
    if (isRevoked(origin) || authority.members().some(({ id, revoked }) => id === origin && revoked)) {
      return refuse('revoked');
    }
    this.#count('key');
    const [newest] = this.#parts.credentials.current.keys;
    if (request.have < newest.number) return keyAnswer({ grant: this.#grant(newest) });
    if (await authority.handedOver(origin, request.have)) await this.#completeWhenDone();
    return keyAnswer({});
  }

  /**
   * Makes a new network key; members fetch it as soon as they hear of it. Those before it let members in until all
   * have it, and `overlap` at the longest.
   */
  async rotate(overlap: Millis): Promise<RotationView> {
    const { clock, credentials, authority, self, journal } = this.#parts;
    const now = clock.wall();
    const until = now + overlap;
    const next: NetworkKey = { number: credentials.current.keys[0].number + 1, key: randomBytes(32), since: now };
    // In this order a crash between the two leaves the old key in use, and nobody without it.
    const handover = await authority.beginHandover(next.number, until, self);
    await credentials.change((current) => ({ ...current, keys: withNewKey(current.keys, next, until) }));
    const missing = authority.missing().length;
    journal.record({
      severity: 'info',
      kind: 'mesh.key-rotation',
      subject: 'service/mesh',
      message: `Network key ${next.number} was made; ${missing} ${missing === 1 ? 'member is' : 'members are'} to get it until ${new Date(until).toISOString()}`,
      data: { number: next.number, missing },
    });
    this.#say();
    await this.#completeWhenDone();
    return this.#viewOf(handover, authority.missing());
  }

  /** How far the newest key has got; undefined before the first rotation. */
  rotation(): RotationView | undefined {
    const { authority } = this.#parts;
    return authority.handover && this.#viewOf(authority.handover, authority.missing());
  }

  counts(): Record<RegistrarOutcome, number> {
    const counts: Partial<Record<RegistrarOutcome, number>> = {};
    for (const outcome of REGISTRAR_OUTCOMES) counts[outcome] = this.#counts.get(outcome) ?? 0;
    return counts as Record<RegistrarOutcome, number>;
  }

  /** The last member has the newest key, or its time is over: those before it let nobody in any more. */
  async #completeWhenDone(): Promise<void> {
    const { authority, credentials, clock, journal } = this.#parts;
    if (!(await authority.completeHandover())) return;
    const [{ number }] = credentials.current.keys;
    const late = authority.missing();
    await credentials.change((current) => ({ ...current, keys: stillAccepted(current.keys, number, clock.wall()) }));
    journal.record({
      severity: late.length === 0 ? 'info' : 'warning',
      kind: 'mesh.key-rotation',
      subject: 'service/mesh',
      message:
        late.length === 0
          ? `All members have network key ${number}; the one before it lets nobody in any more`
          : `Network key ${number} is the only one now; without it, and in need of a new invite: ${late.map(({ name }) => name).join(', ')}`,
    });
    this.#say();
  }

  #grant({ number, key, since }: NetworkKey): ReturnType<typeof makeStatement> {
    const { authority, authorityKey, credentials } = this.#parts;
    const grant: KeyGrant = {
      network: credentials.current.network.id,
      number,
      key: Buffer.from(key).toString('base64'),
      since,
      until: authority.handover?.until ?? since,
    };
    return makeStatement('network-key', authorityKey, grant);
  }

  #say(): void {
    const { credentials, self, gossip, authority, authorityKey } = this.#parts;
    const { network, keys } = credentials.current;
    const [{ number }] = keys;
    const isComplete = authority.handover === undefined || authority.handover.completedAt !== undefined;
    const oldest = isComplete ? number : (keys.at(-1)?.number ?? number);
    const word: AuthorityWord = { network: network.id, node: self, key: number, oldest };
    gossip.publish(authorityTopic, { statement: makeStatement('authority', authorityKey, word) });
  }

  #viewOf({ number, startedAt, until, completedAt, holders }: Handover, missing: readonly Member[]): RotationView {
    return {
      ...{ number, startedAt, until, completedAt },
      holders: holders.map((id) => ({ id, name: this.#parts.nameOf(id) })),
      missing: missing.map(({ id, name }) => ({ id, name })),
    };
  }

  #unwritten(error: unknown): void {
    this.#parts.journal.record({
      severity: 'warning',
      kind: 'mesh.key-rotation',
      subject: 'service/mesh',
      message: `The end of the key rotation could not be written: ${messageOf(error)}`,
    });
  }

  #count(outcome: RegistrarOutcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }
}
