// An order: what somebody on one node wants done on others, signed by that node. Other nodes sign that they agree. Both
// go to whoever carries it out, who checks everything anew.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import { bodyOf, digestOf, isSignedBy, KeyId, makeSigned, type OracleKeys, type Signed, SignedOf } from './keys.ts';
import { TokenChain, tokenDigest } from './token.ts';

/** An order is carried out within this time of being made, once by each node, or not at all. */
export const ORDER_LIFETIME: Millis = 60_000;
/** How far a board's clock may run ahead of another's. */
export const CLOCK_SLACK: Millis = 30_000;
/** Longer lists are written, and judged, as the whole network. */
export const MOST_TARGETS = 128;
const MOST_APPROVALS = 16;

export const ActionName = Type.String({ pattern: '^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*$', maxLength: 100 });
/** `agent/camera/north`, `client/grafana`, `operator/socket`, `job/…`; `*` is the node itself. */
export const ActorText = Type.String({ minLength: 1, maxLength: 300 });

export const Order = Type.Object(
  {
    network: Type.String({ maxLength: 64 }),
    /** 32 random hex digits: no two orders are the same. */
    id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    /** Where the actor lives; its key signs. */
    node: KeyId,
    actor: ActorText,
    /** Under whose name it is added up: the agent that holds the token, `*` where the token is for the whole node. */
    account: ActorText,
    action: ActionName,
    targets: Type.Union([Type.Literal('all'), Type.Array(KeyId, { minItems: 1, maxItems: MOST_TARGETS })]),
    subject: Type.String({ maxLength: 300 }),
    fingerprint: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    at: Type.Number(),
    expiresAt: Type.Number(),
    /** Digest of the token that gives the right. */
    token: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  },
  { additionalProperties: false },
);
export type Order = Static<typeof Order>;

export const SignedOrder = SignedOf(12_000);

export const Approval = Type.Object(
  {
    network: Type.String({ maxLength: 64 }),
    /** Digest of the order. */
    order: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    approver: KeyId,
    at: Type.Number(),
  },
  { additionalProperties: false },
);
export type Approval = Static<typeof Approval>;
export const SignedApproval = SignedOf(600);
export const Approvals = Type.Array(SignedApproval, { maxItems: MOST_APPROVALS });

/** What goes to those who approve (without approvals) and to those who carry it out. */
export const Dispatch = Type.Object({
  order: SignedOrder,
  token: Type.Optional(TokenChain),
  approvals: Approvals,
});
export type Dispatch = Static<typeof Dispatch>;

export interface ReadOrder {
  order: Order;
  /** SHA-256 of the signed text, hex: what approvals are about. */
  digest: string;
}

export function makeOrder(
  keys: OracleKeys,
  facts: Omit<Order, 'network' | 'node' | 'token' | 'targets'> & { targets: readonly string[] | 'all' },
  token: TokenChain | undefined,
): Signed {
  const { targets, fingerprint, ...rest } = facts;
  const order: Order = {
    ...rest,
    network: keys.network()?.id ?? '',
    node: keys.self,
    targets: targets === 'all' || targets.length > MOST_TARGETS ? 'all' : [...targets],
    ...(fingerprint !== undefined && { fingerprint: digestOf(fingerprint) }),
    ...(token !== undefined && { token: tokenDigest(token) }),
  };
  return makeSigned((body) => keys.sign('order', body), order);
}

/** An order of this network that its node signed, whatever its age; undefined for anything else. Never throws. */
export function readOrder(keys: OracleKeys, signed: Signed): ReadOrder | undefined {
  const order = bodyOf(Order, signed);
  if (order === undefined || order.network !== keys.network()?.id) return undefined;
  return isSignedBy(keys, 'order', order.node, signed) ? { order, digest: digestOf(signed.body) } : undefined;
}

export function isCurrent(order: Order, now: Millis): boolean {
  const { at, expiresAt } = order;
  return at <= now + CLOCK_SLACK && now < expiresAt && expiresAt - at <= ORDER_LIFETIME && expiresAt > at;
}

export function makeApproval(keys: OracleKeys, order: ReadOrder, at: Millis): Signed {
  const approval: Approval = { network: order.order.network, order: order.digest, approver: keys.self, at };
  return makeSigned((body) => keys.sign('approval', body), approval);
}

/** Who has approved this very order: each node counts once, the one that made it not at all. Never throws. */
export function approversOf(keys: OracleKeys, { order, digest }: ReadOrder, approvals: readonly Signed[]): Set<string> {
  const approvers = new Set<string>();
  for (const signed of approvals) {
    const approval = bodyOf(Approval, signed);
    if (approval?.order !== digest || approval.network !== order.network || approval.approver === order.node) continue;
    if (approvers.has(approval.approver) || !isSignedBy(keys, 'approval', approval.approver, signed)) continue;
    approvers.add(approval.approver);
  }
  return approvers;
}
