// The tokens that this node holds, the revocations it knows, and what it gives to those on itself. Kept with the rest of
// the oracle's memory.

import { randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { Clock, Millis } from '../../core/clock.ts';
import { type ActionRequest, approvalsNeeded, EVERYTHING } from '../capabilities.ts';
import { WHOLE_NODE } from './actor.ts';
import { KeyId, type OracleKeys } from './keys.ts';
import {
  type CheckedToken,
  checkToken,
  handOn,
  issueToken,
  LONGEST_LIFE,
  TokenChain,
  type TokenCheck,
  tokenDigest,
} from './token.ts';

export const MOST_TOKENS = 64;
const MOST_OF_NODES = 32;
const MOST_OF_ONE = 8;
export const MOST_REVOKED = 128;
/** Revocations of one key that are kept; the oldest give way. */
const MOST_BY_ONE = 256;
/** The authority makes itself a token for each hour: a copy of one serves nobody for long. */
const OWN_LIFE: Millis = 3600_000;

export const Revoked = Type.Object({
  id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  /** Whose word it is: it counts for blocks that this key signed, and for what was handed on from them. */
  by: KeyId,
  /** It can be forgotten then: the token has ended. */
  until: Type.Number(),
});
export type Revoked = Static<typeof Revoked>;

export const WalletDocument = Type.Object({
  tokens: Type.Array(TokenChain, { maxItems: MOST_TOKENS }),
  revoked: Type.Array(Revoked, { maxItems: 1000 }),
});
export type WalletDocument = Static<typeof WalletDocument>;

/** A right that reaches beyond this node, and what proves it. */
export interface Proof {
  chain: TokenChain;
  /** See `Order.account`. */
  account: string;
  /** Approvals that the token itself asks for. */
  approvals: number;
}

export class Wallet {
  readonly #keys: OracleKeys;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, TokenChain>();
  readonly #revoked = new Map<string, Revoked>();
  #own: { chain: TokenChain; network: string; until: Millis } | undefined;

  constructor(keys: OracleKeys, clock: Clock, document?: WalletDocument) {
    this.#keys = keys;
    this.#clock = clock;
    for (const revoked of document?.revoked ?? []) this.revoke(revoked);
    for (const chain of document?.tokens ?? []) this.#tokens.set(tokenDigest(chain), chain);
  }

  document(): WalletDocument {
    return { tokens: [...this.#tokens.values()], revoked: [...this.#revoked.values()].slice(-1000) };
  }

  check(chain: TokenChain): TokenCheck {
    return checkToken(this.#keys, chain, this.#clock.wall(), (id, issuers) => this.#isRevoked(id, issuers));
  }

  /** Keeps a token that was given to this node. False when it is none, or not for this node. */
  accept(chain: TokenChain): boolean {
    const checked = this.check(chain);
    if (!checked.ok || checked.token.holder.node !== this.#keys.self) return false;
    this.#forgetEnded();
    if (!this.#tokens.has(tokenDigest(chain)) && !this.#hasRoomFor(checked.token.root)) return false;
    this.#tokens.set(tokenDigest(chain), chain);
    return true;
  }

  /** Every member can give this node rights on itself: those may not crowd out the authority's. */
  #hasRoomFor(root: string): boolean {
    if (this.#tokens.size >= MOST_TOKENS) return false;
    if (root === this.#keys.network()?.authority) return true;
    const roots = this.held().map((token) => token.root);
    const ofNodes = roots.filter((each) => each !== this.#keys.network()?.authority).length;
    return ofNodes < MOST_OF_NODES && roots.filter((each) => each === root).length < MOST_OF_ONE;
  }

  /** What this node holds, whoever on it may use it. */
  held(): CheckedToken[] {
    return [...this.#tokens.values()].flatMap((chain) => {
      const checked = this.check(chain);
      return checked.ok ? [checked.token] : [];
    });
  }

  /** Whether a token of the authority that this node holds names that action itself; one for everything does not. */
  names(action: string): boolean {
    const authority = this.#keys.network()?.authority;
    return this.held().some(
      ({ root, capabilities }) => root === authority && capabilities.some((capability) => capability.action === action),
    );
  }

  /** The token that lets an actor of this node do that to others, the one that asks for the fewest approvals. */
  proofFor(
    actor: string,
    targets: readonly string[] | 'all',
    request: (account: string) => ActionRequest,
  ): Proof | undefined {
    let best: Proof | undefined;
    for (const chain of this.#usable()) {
      const checked = this.check(chain);
      if (!checked.ok || !covers(checked.token, actor, this.#keys.self)) continue;
      const account = accountOf(checked.token);
      const approvals = needOf(checked.token, this.#keys, targets, request(account));
      if (approvals !== undefined && (best === undefined || approvals < best.approvals)) {
        best = { chain, account, approvals };
      }
    }
    return best;
  }

  /** Hands on to an agent of this node what the node holds. */
  delegate(digest: string, agent: string): TokenChain | undefined {
    const chain = this.#tokens.get(digest);
    const checked = chain && this.check(chain);
    if (chain === undefined || !checked?.ok) return undefined;
    const { capabilities, expiresAt } = checked.token;
    const made = handOn(this.#keys, chain, {
      id: newId(),
      holder: { node: this.#keys.self, agent },
      capabilities,
      expiresAt,
    });
    this.accept(made);
    return made;
  }

  revoke(revoked: Revoked): boolean {
    const key = `${revoked.id} ${revoked.by}`;
    if (this.#revoked.has(key)) return false;
    this.#revoked.set(key, { ...revoked, until: Math.min(revoked.until, this.#clock.wall() + LONGEST_LIFE) });
    const ofOne = [...this.#revoked].filter(([, { by }]) => by === revoked.by);
    if (ofOne.length > MOST_BY_ONE) this.#revoked.delete(ofOne[0]![0]);
    return true;
  }

  /** Revocations that are this node's own word. */
  ownRevocations(): Revoked[] {
    this.#forgetEnded();
    return [...this.#revoked.values()].filter(({ by }) => by === this.#keys.self).slice(-MOST_REVOKED);
  }

  /** Blocks that this node gave to an agent of its own; they end with the agent's freedom. */
  givenTo(actor: string): { id: string; until: Millis }[] {
    return [...this.#tokens.values()].flatMap((chain) => {
      const checked = this.check(chain);
      if (!checked.ok || !covers(checked.token, actor, this.#keys.self) || checked.token.holder.agent === undefined)
        return [];
      const last = checked.token.blocks.at(-1)!;
      return last.issuer === this.#keys.self ? [{ id: last.id, until: checked.token.expiresAt }] : [];
    });
  }

  #usable(): TokenChain[] {
    const network = this.#keys.network();
    if (network?.signAsAuthority === undefined) return [...this.#tokens.values()];
    const now = this.#clock.wall();
    if (this.#own?.network !== network.id || this.#own.until <= now + OWN_LIFE / 2) {
      const until = now + OWN_LIFE;
      const grant = { id: newId(), holder: { node: this.#keys.self }, capabilities: [EVERYTHING], expiresAt: until };
      this.#own = { chain: issueToken(this.#keys, grant, 'authority'), network: network.id, until };
    }
    return [this.#own.chain, ...this.#tokens.values()];
  }

  #isRevoked(id: string, issuers: readonly string[]): boolean {
    return issuers.some((by) => this.#revoked.has(`${id} ${by}`));
  }

  #forgetEnded(): void {
    const now = this.#clock.wall();
    for (const [key, { until }] of this.#revoked) if (until <= now) this.#revoked.delete(key);
    for (const [key, chain] of this.#tokens) if (!this.check(chain).ok) this.#tokens.delete(key);
  }
}

/** 32 random hex digits. */
export const newId = (): string => randomBytes(16).toString('hex');

/** May that actor use the token? One without an agent is for all who act on its node. */
export function covers({ holder }: CheckedToken, actor: string, node: string): boolean {
  return holder.node === node && (holder.agent === undefined || actor === `agent/${holder.agent}`);
}

/** Names on a node can be made up; what a token gives to all of them is added up for all of them. */
export function accountOf({ holder }: CheckedToken): string {
  return holder.agent === undefined ? WHOLE_NODE : `agent/${holder.agent}`;
}

/** Approvals that the token asks for, undefined when it does not give the right at all. */
export function needOf(
  { root, capabilities }: CheckedToken,
  keys: OracleKeys,
  targets: readonly string[] | 'all',
  request: ActionRequest,
): number | undefined {
  if (root === keys.network()?.authority) return approvalsNeeded(capabilities, request);
  // A node gives rights on itself alone, however many others its holder has such rights on.
  if (targets === 'all' || targets.some((node) => node !== root)) return undefined;
  return approvalsNeeded(capabilities, { ...request, scope: 'node', nodes: 1 });
}
