// The judgement: may this actor do that, on these nodes, now, and how many must agree? Pure questions to the parts of the
// oracle's state. The same judgement is made where an action is asked for, where it is approved, and where it is done.

import type { Clock } from '../../core/clock.ts';
import type { ActionRequest, AgentCapabilities } from '../capabilities.ts';
import { allows, approvalsNeeded } from '../capabilities.ts';
import { actorKey } from './actor.ts';
import { approvalRule, isWide } from './approvers.ts';
import type { Bans } from './bans.ts';
import type { OracleConfig } from './config.ts';
import type { OracleKeys } from './keys.ts';
import type { Order } from './order.ts';
import { type TokenChain, tokenDigest } from './token.ts';
import { accountOf, covers, needOf, type Proof, type Wallet } from './wallet.ts';
import type { Watch } from './watch.ts';

export type Judgement =
  | { ok: true /** Approvals that must come in. */; approvals: number; proof?: Proof | undefined }
  /** `guilty`: it wanted to change what it has no right to, which the watch counts. */
  | { ok: false; reason: string; guilty: boolean };

const WORK = /^(task|job|swarm|blob)\.|^agent\.message$/;
/** While changes are halted. What makes things safe again (removing a node, taking a plan back, revoking) goes on. */
const HELD =
  /^(policy|config|federation|model|module|profile)\.|^plan\.apply$|^network\.(invite|join|create|rotate-key)$|^token\.create$|^oracle\.grant$|^agent\.install$/;

/** Work is what nodes are there for: it is checked, but is no change that the watch adds up. */
export const isWork = (action: string): boolean => WORK.test(action);
export const isHeldByHalt = (action: string): boolean => HELD.test(action);

export interface JudgeParts {
  config: OracleConfig;
  keys: OracleKeys;
  bans: () => Bans;
  wallet: () => Wallet;
  watch: () => Watch;
  networkSize: () => number;
  clock: Clock;
}

export interface Proposal {
  /** In the network. */
  key: string;
  /** On its node. */
  actor: string;
  action: string;
  targets: readonly string[] | 'all';
}

export class Judge {
  readonly #parts: JudgeParts;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** @param capabilities that the actor, who lives here, holds on this node */
  local(proposal: Proposal, capabilities: AgentCapabilities): Judgement {
    const ban = this.#banned(proposal.key, proposal.action);
    if (ban !== undefined) return ban;
    const { keys, wallet } = this.#parts;
    const { targets } = proposal;
    const isHome = targets !== 'all' && targets.every((node) => node === keys.self);
    const request = this.#request(proposal, proposal.key, isHome);
    const own = approvalsNeeded(capabilities, request);
    if (own === undefined)
      return { ok: false, reason: lackOf(capabilities, request), guilty: !isWork(proposal.action) };
    // Whoever gets work from another node decides about it there: `members` says what it takes.
    if (isHome || isWork(proposal.action)) return { ok: true, approvals: own };
    const keyOf = (account: string): string => actorKey(account, keys.self);
    const proof = wallet().proofFor(proposal.actor, targets, (account) => this.#request(proposal, keyOf(account)));
    if (proof === undefined) {
      return { ok: false, reason: 'it holds no token that reaches those nodes', guilty: true };
    }
    const wide = this.#wideNeeds(proposal, keyOf(proof.account));
    return { ok: true, approvals: Math.max(own, proof.approvals, wide), proof };
  }

  /** An order of another node, by its token. */
  order(order: Order, token: TokenChain | undefined): Judgement {
    const { keys, wallet } = this.#parts;
    const { actor, action, targets } = order;
    const proposal: Proposal = { key: actorKey(actor, order.node), actor, action, targets };
    const account = actorKey(order.account, order.node);
    const ban = this.#banned(proposal.key, action) ?? this.#banned(account, action);
    if (ban !== undefined) return ban;
    // What a node does to itself is its own affair; it only asks whether others mind.
    if (targets !== 'all' && targets.every((node) => node === order.node)) return { ok: true, approvals: 0 };
    const guilty = (reason: string): Judgement => ({ ok: false, reason, guilty: true });
    if (token === undefined) return guilty('it shows no token');
    if (tokenDigest(token) !== order.token) return guilty('it shows another token than the order names');
    const checked = wallet().check(token);
    if (!checked.ok) {
      // Clocks differ, and word of a revocation may not have come: that alone makes nobody guilty.
      const innocent = checked.fault === 'expired' || checked.fault === 'revoked' || checked.fault === 'other-network';
      return { ok: false, reason: `its token is ${checked.fault}`, guilty: !innocent };
    }
    if (!covers(checked.token, actor, order.node)) return guilty('its token was given to somebody else');
    if (order.account !== accountOf(checked.token)) return guilty('it is booked under another name than the token’s');
    const request = this.#request(proposal, account);
    const approvals = needOf(checked.token, keys, targets, request);
    if (approvals === undefined) return guilty(lackOf(checked.token.capabilities, request));
    return { ok: true, approvals: Math.max(approvals, this.#wideNeeds(proposal, account)) };
  }

  #banned(key: string, action: string): Judgement | undefined {
    const bans = this.#parts.bans();
    const frozen = bans.frozen(key);
    if (frozen !== undefined) return { ok: false, reason: `it is frozen: ${frozen.reason}`, guilty: false };
    if (bans.halt === undefined || !isHeldByHalt(action)) return undefined;
    return { ok: false, reason: `changes are halted: ${bans.halt.reason}`, guilty: false };
  }

  /** With all nodes that the actor has touched of late: what it may do at once, it may not do bit by bit. */
  #request({ action, targets }: Proposal, account: string, isHome = false): ActionRequest {
    const { clock, networkSize, watch } = this.#parts;
    const size = networkSize();
    const before = isHome || isWork(action) ? [] : watch().touchedBy(account, clock.now());
    const nodes = targets === 'all' ? size : new Set([...before, ...targets]).size;
    const scope = targets === 'all' ? 'network' : isHome ? 'node' : 'group';
    return { action, scope, nodes, networkSize: size, approvals: Number.POSITIVE_INFINITY, now: clock.wall() };
  }

  #wideNeeds({ action, targets }: Proposal, account: string): number {
    const { clock, config, networkSize, watch } = this.#parts;
    const size = networkSize();
    const before = isWork(action) ? [] : watch().unapprovedBy(account, clock.now());
    const nodes = targets === 'all' ? size : new Set([...before, ...targets]).size;
    return isWide(nodes, size, config.wideShare) ? approvalRule(size, config).approvals : 0;
  }
}

function lackOf(capabilities: AgentCapabilities, request: ActionRequest): string {
  const verdict = allows(capabilities, request);
  return verdict.allowed ? 'it may not' : verdict.reason;
}
