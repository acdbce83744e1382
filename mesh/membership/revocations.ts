// Who was removed from the network: statements that the authority signed, kept on disk and gossiped, so that every
// member refuses the node, also while the authority is away.

import { type Static, Type } from 'typebox';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Topic } from '../gossip/topics.ts';
import type { Member } from './authority.ts';
import type { NodeId, PublicKey, SigningKey } from './keys.ts';
import { type MeshState, readDocument } from './state.ts';
import { makeStatement, readStatement, type Statement, StatementOf } from './statement.ts';

/** All of them go into one frame. */
const MOST_REVOCATIONS = 250;
const LIFETIME: Millis = 24 * 3600_000;
/** Whoever is the only one to say it, says it again so often. */
const REFRESH: Millis = LIFETIME / 3;
const LOOK_PERIOD: Millis = 60_000;

/** Of a `Body`, by the authority. */
const RevocationStatement = StatementOf(400);

const Body = Type.Object({
  network: Type.String({ maxLength: 64 }),
  node: Type.String({ minLength: 40, maxLength: 64 }),
  name: Type.String({ minLength: 1, maxLength: 63 }),
  /** Of the certificate that no longer counts; milliseconds since 1970. */
  issuedAt: Type.Number(),
  expiresAt: Type.Number(),
  revokedAt: Type.Number(),
});
export type Revocation = Static<typeof Body>;

export const revocationTopic = {
  name: 'revocation',
  kind: 'state',
  schema: Type.Object({ statements: Type.Array(RevocationStatement, { maxItems: MOST_REVOCATIONS }) }),
  lifetime: LIFETIME,
} as const satisfies Topic;

export const RevocationsDocument = Type.Object({
  format: Type.Literal(1),
  network: Type.String({ maxLength: 64 }),
  statements: Type.Array(RevocationStatement, { maxItems: MOST_REVOCATIONS }),
});

export interface RevocationsParts {
  network: { id: string; authority: PublicKey };
  self: NodeId;
  state: MeshState;
  clock: Clock;
  logger: Logger;
  /** Called once for each node that is newly known to be removed. */
  removed: (revocation: Revocation) => void;
}

interface Kept {
  statement: Statement;
  revocation: Revocation;
}

export class Revocations {
  readonly #parts: RevocationsParts;
  readonly #kept = new Map<NodeId, Kept>();
  /** Whom the other members' newest lists name. */
  readonly #heard = new Map<NodeId, ReadonlySet<NodeId>>();
  #gossip: Gossip | undefined;
  #timer: Timer | undefined;
  #said = { count: 0, at: Number.NEGATIVE_INFINITY };

  constructor(parts: RevocationsParts) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    const { state, network, clock } = this.#parts;
    const stored = await readDocument(state, 'revocations', RevocationsDocument);
    if (stored?.network !== network.id) return;
    for (const statement of stored.statements) {
      const revocation = this.#verify(statement);
      // An expired certificate is refused anyway.
      if (revocation !== undefined && revocation.expiresAt > clock.wall()) {
        this.#kept.set(revocation.node, { statement, revocation });
      }
    }
  }

  /** Before the gossip's transports start. */
  subscribe(gossip: Gossip): void {
    this.#gossip = gossip;
    gossip.subscribe(revocationTopic, {
      message: ({ origin, payload }) => this.#hear(origin, payload.statements),
      ended: (origin) => this.#heard.delete(origin),
    });
  }

  start(): void {
    this.#timer = this.#parts.clock.every(LOOK_PERIOD, () => this.#say());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  has(id: NodeId): boolean {
    return this.#kept.has(id);
  }

  list(): Revocation[] {
    return [...this.#kept.values()].map(({ revocation }) => revocation);
  }

  /** Signs, keeps and spreads it; on disk before it resolves. Throws `REVOCATIONS_LIMIT`. */
  async issue(key: SigningKey, { id, name, issuedAt, expiresAt }: Omit<Member, 'serial'>): Promise<void> {
    if (this.#kept.has(id) || expiresAt <= this.#parts.clock.wall()) return;
    if (this.#kept.size >= MOST_REVOCATIONS) {
      throw new ParlmeshError('REVOCATIONS_LIMIT', `${MOST_REVOCATIONS} nodes were removed already`, {
        hint: 'Make a new network and invite the nodes that stay: parlmesh network create NAME --replace',
      });
    }
    const { network, clock } = this.#parts;
    const revocation = { network: network.id, node: id, name, issuedAt, expiresAt, revokedAt: clock.wall() };
    this.#keep({ statement: makeStatement('revocation', key, revocation), revocation });
    await this.#save();
    this.#say();
  }

  #hear(origin: NodeId, statements: readonly Statement[]): void {
    const named = new Set<NodeId>();
    let isNews = false;
    for (const statement of statements) {
      const revocation = this.#verify(statement);
      if (revocation === undefined) continue;
      named.add(revocation.node);
      if (this.#kept.has(revocation.node) || this.#kept.size >= MOST_REVOCATIONS) continue;
      this.#keep({ statement, revocation });
      isNews = true;
    }
    this.#heard.set(origin, named);
    if (!isNews) return;
    this.#save().catch((error: unknown) => {
      this.#parts.logger.warn({ error: messageOf(error) }, 'the revocations could not be written');
    });
  }

  #keep(kept: Kept): void {
    this.#kept.set(kept.revocation.node, kept);
    this.#parts.removed(kept.revocation);
  }

  /** Says the list unless a member that is heard says it all: one or two voices are enough for a network. */
  #say(): void {
    const { clock, self } = this.#parts;
    const count = this.#kept.size;
    if (count === 0 || this.#kept.has(self)) return;
    const isSaid = [...this.#heard.values()].some((named) => [...this.#kept.keys()].every((id) => named.has(id)));
    const isFresh = this.#said.count === count && clock.now() - this.#said.at < REFRESH;
    if (isSaid || isFresh) return;
    this.#said = { count, at: clock.now() };
    this.#gossip?.publish(revocationTopic, { statements: [...this.#kept.values()].map(({ statement }) => statement) });
  }

  /** Undefined for what this network's authority did not sign. */
  #verify(statement: Statement): Revocation | undefined {
    const { id, authority } = this.#parts.network;
    const revocation = readStatement('revocation', authority, Body, statement);
    return revocation?.network === id ? revocation : undefined;
  }

  #save(): Promise<void> {
    const statements = [...this.#kept.values()].map(({ statement }) => statement);
    return this.#parts.state.write('revocations', { format: 1, network: this.#parts.network.id, statements });
  }
}
