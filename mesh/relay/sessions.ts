// Who talks with whom, end to end: agrees on session keys by greetings that certificates vouch for. Two signatures a
// session, none a frame. Nothing that comes over the relay is believed before it is opened here.

import { randomBytes } from 'node:crypto';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import { agree, type KeyShare, newKeyShare } from '../link/probe-keys.ts';
import type { NodeId, SigningKey } from '../membership/keys.ts';
import type { Members } from '../membership/members.ts';
import type { RelayGreeting, RelaySealed } from '../wire/generated/parlmesh_pb.ts';
import type { FrameBody, RelayDropReason, Way } from './frame.ts';
import { Session } from './session.ts';

export interface SessionsParts {
  key: SigningKey;
  /** This node's, as it goes over the wire. */
  certificate: () => Uint8Array;
  members: Pick<Members, 'check'>;
  clock: Clock;
  send: (destination: NodeId, body: FrameBody, way?: Partial<Way>) => boolean;
  drop: (reason: RelayDropReason) => void;
}

/** Greetings are repeated at these times after the first: they may be lost. */
const REPEAT: readonly Millis[] = [200, 600, 1500, 3000];
const GREETED_WITHIN: Millis = 5000;
/** A session that nobody used so long is forgotten. */
const IDLE: Millis = 15 * 60_000;
const SWEEP: Millis = 60_000;
const MOST_SESSIONS = 2048;
/** Greetings of one peer that cost us a signature. */
const GREETINGS = { perSecond: 1, burst: 8 } as const;

interface Greeted {
  session: Uint8Array;
  own: KeyShare;
  timers: Timer[];
  say: (way?: Way) => void;
  done: Promise<void>;
  settle: (error?: Error) => void;
}

export class Sessions {
  readonly #parts: SessionsParts;
  readonly #self: NodeId;
  readonly #sessions = new Map<string, Session>();
  /** The one to send with. */
  readonly #current = new Map<NodeId, Session>();
  readonly #greeted = new Map<NodeId, Greeted>();
  readonly #rates = new Map<NodeId, TokenBucket>();
  #sweep: Timer | undefined;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#self = parts.key.nodeId;
  }

  start(): void {
    this.#sweep = this.#parts.clock.every(SWEEP, () => this.#forgetIdle());
  }

  stop(): void {
    this.#sweep?.cancel();
    for (const peer of [...this.#greeted.keys()]) this.forget(peer);
    this.#sessions.clear();
    this.#current.clear();
  }

  get count(): number {
    return this.#sessions.size;
  }

  /**
   * Resolves when frames can be sealed for the peer; rejects with `RELAY_UNANSWERED`.
   * @param way of the greeting and its answer, instead of the one that the routes say
   */
  ensure(peer: NodeId, way?: Way): Promise<void> {
    if (this.#current.has(peer)) return Promise.resolve();
    const greeted = this.#greeted.get(peer);
    if (greeted === undefined) return this.#greet(peer, way).done;
    // What is under way may go nowhere: the same greeting goes this way too.
    if (way !== undefined) greeted.say(way);
    return greeted.done;
  }

  /** Undefined without a session; then one is being made. */
  seal(peer: NodeId, plain: Uint8Array): RelaySealed | undefined {
    const session = this.#current.get(peer);
    if (session !== undefined) {
      session.usedAt = this.#parts.clock.now();
      return session.seal(plain);
    }
    this.ensure(peer).catch(() => {});
    return undefined;
  }

  /** What is inside; undefined when it does not open, which is counted. */
  open(origin: NodeId, sealed: RelaySealed): Uint8Array | undefined {
    const session = this.#sessions.get(nameOf(sealed.session));
    if (session === undefined || session.peer !== origin) {
      this.#parts.drop('unsealed');
      const value = { $typeName: 'parlmesh.v1.RelayNotice' as const, number: 0, kind: 'no-session' };
      this.#parts.send(origin, { case: 'notice', value: { ...value, session: sealed.session } });
      return undefined;
    }
    const plain = session.open(sealed);
    if (typeof plain === 'string') {
      this.#parts.drop(plain);
      return undefined;
    }
    session.usedAt = this.#parts.clock.now();
    // Only now is it proven that the one who greeted is there: a greeting may be an old one, repeated.
    if (!this.#current.has(origin)) this.#current.set(origin, session);
    return plain;
  }

  /** The peer lost our session (it was restarted): a new one is made, and the old one serves until then. */
  lost(peer: NodeId, session: Uint8Array): void {
    const current = this.#current.get(peer);
    if (current === undefined || nameOf(current.id) !== nameOf(session) || this.#greeted.has(peer)) return;
    this.#greet(peer).done.catch(() => {});
  }

  /** It may not talk with us any more, or we stop. */
  forget(peer: NodeId): void {
    this.#current.delete(peer);
    for (const [name, session] of this.#sessions) if (session.peer === peer) this.#sessions.delete(name);
    this.#greeted.get(peer)?.settle(new ParlmeshError('RELAY_UNANSWERED', `The session with ${peer} was given up`));
  }

  /** @param back the way that it wants to be answered; empty for the one that the routes say */
  greeting(origin: NodeId, greeting: RelayGreeting, back: readonly NodeId[]): void {
    const { members, drop } = this.#parts;
    if (!this.#mayGreet(origin)) return void drop('rate');
    const checked = members.check(greeting.certificate, origin);
    if (!checked.ok || checked.certificate.node !== origin) return void drop('refused');
    const { key } = checked.certificate;
    const greeted = this.#greeted.get(origin);
    if (greeting.answer) {
      if (greeted === undefined || nameOf(greeted.session) !== nameOf(greeting.session)) return void drop('unsealed');
      const said = statement(origin, this.#self, greeting.session, greeted.own.share, greeting.share);
      if (!key.verify('relay', said, greeting.signature)) return void drop('unsealed');
      if (this.#establish(origin, greeting, greeted.own)) greeted.settle();
      return;
    }
    if (!key.verify('relay', statement(origin, this.#self, greeting.session, greeting.share), greeting.signature)) {
      return void drop('unsealed');
    }
    if (this.#sessions.has(nameOf(greeting.session))) return void drop('replay');
    const own = newKeyShare();
    if (!this.#establish(origin, greeting, own)) return;
    const said = statement(this.#self, origin, greeting.session, greeting.share, own.share);
    this.#say(origin, greeting.session, own.share, { said, answer: true, way: { path: back } });
  }

  #greet(peer: NodeId, way?: Way): Greeted {
    const { clock } = this.#parts;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const session = randomBytes(16);
    const own = newKeyShare();
    const said = statement(this.#self, peer, session, own.share);
    const greeted: Greeted = {
      session,
      own,
      timers: [],
      say: (along = way) => this.#say(peer, session, own.share, { said, answer: false, way: along }),
      done: promise,
      settle: (error) => {
        for (const timer of greeted.timers) timer.cancel();
        this.#greeted.delete(peer);
        if (error === undefined) resolve();
        else reject(error);
      },
    };
    this.#greeted.set(peer, greeted);
    greeted.timers = REPEAT.map((at) => clock.after(at, () => greeted.say()));
    greeted.timers.push(
      clock.after(GREETED_WITHIN, () =>
        greeted.settle(
          new ParlmeshError('RELAY_UNANSWERED', `${peer} does not answer`, {
            hint: 'parlmesh trace NODE shows how far frames come',
          }),
        ),
      ),
    );
    greeted.say();
    return greeted;
  }

  #say(
    peer: NodeId,
    session: Uint8Array,
    share: Uint8Array,
    { said, answer, way }: { said: Uint8Array; answer: boolean; way: Partial<Way> | undefined },
  ): void {
    const { key, send } = this.#parts;
    const certificate = this.#parts.certificate();
    const signature = key.sign('relay', said);
    const value = { $typeName: 'parlmesh.v1.RelayGreeting' as const, session, share, certificate, signature, answer };
    send(peer, { case: 'greeting', value }, way);
  }

  #establish(peer: NodeId, { session, share, answer }: RelayGreeting, own: KeyShare): boolean {
    const { clock, drop } = this.#parts;
    try {
      const made = new Session(session, peer, agree(own, this.#self, share, peer, 'relay'), clock.now());
      if (this.#sessions.size >= MOST_SESSIONS) this.#forgetLeastUsed();
      this.#sessions.set(nameOf(session), made);
      if (answer) this.#current.set(peer, made);
      return true;
    } catch {
      drop('unsealed');
      return false;
    }
  }

  #forgetIdle(): void {
    const before = this.#parts.clock.now() - IDLE;
    for (const session of [...this.#sessions.values()]) if (session.usedAt < before) this.#remove(session);
    this.#rates.clear();
  }

  #forgetLeastUsed(): void {
    let least: Session | undefined;
    for (const session of this.#sessions.values())
      if (least === undefined || session.usedAt < least.usedAt) least = session;
    if (least !== undefined) this.#remove(least);
  }

  #remove(session: Session): void {
    this.#sessions.delete(nameOf(session.id));
    if (this.#current.get(session.peer) === session) this.#current.delete(session.peer);
  }

  #mayGreet(origin: NodeId): boolean {
    const now = this.#parts.clock.now();
    let bucket = this.#rates.get(origin);
    if (bucket === undefined) {
      if (this.#rates.size >= MOST_SESSIONS) return false;
      bucket = new TokenBucket(GREETINGS.perSecond, GREETINGS.burst, now);
      this.#rates.set(origin, bucket);
    }
    return bucket.take(now);
  }
}

const nameOf = (session: Uint8Array): string => Buffer.from(session).toString('base64');

/** What a greeting signs: who says to whom, in which session, with which shares. All parts but the names are of fixed length. */
function statement(from: NodeId, to: NodeId, session: Uint8Array, ...shares: Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from(`${from}\0${to}\0`), session, ...shares]);
}
