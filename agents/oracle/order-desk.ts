// Orders between nodes: approving those of others, carrying out what others order here, having others carry out ours,
// and watching what everybody carries out.

import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { AgentNetwork } from '../network.ts';
import { actorKey, WHOLE_NODE } from './actor.ts';
import { approvalRule } from './approvers.ts';
import type { AuditKind } from './audit-chain.ts';
import type { OracleConfig } from './config.ts';
import type { ConsentCollector } from './consent.ts';
import type { Enforcer } from './enforcer.ts';
import { isWork, type Judge } from './judge.ts';
import { digestOf, type OracleKeys, type Signed } from './keys.ts';
import type { OracleMemory } from './memory.ts';
import { APPROVE, actsTopic, CARRY_OUT } from './messages.ts';
import {
  approversOf,
  Dispatch,
  isCurrent,
  makeApproval,
  ORDER_LIFETIME,
  type Order,
  type ReadOrder,
  readOrder,
} from './order.ts';
import type { DenialView, OracleFigures } from './status.ts';
import { readMessage, writeMessage } from './wire.ts';

/** Does what was ordered; rejects with what is told to whoever ordered it. */
export type OrderHandler = (order: Order) => Promise<void>;

export interface OrderOutcome {
  node: string;
  done: boolean;
  /** Why not. */
  cause?: string;
}

/** Names can be made up; the node that makes them up is allowed so many times as much as one of them. */
const NODE_ALLOWANCE = 3;
const MOST_SEEN = 2_000;
const ANSWER_WITHIN: Millis = 15_000;

export interface OrderDeskParts {
  config: OracleConfig;
  keys: OracleKeys;
  network: AgentNetwork;
  memory: OracleMemory;
  clock: Clock;
  judge: Judge;
  consent: ConsentCollector;
  enforcer: Enforcer;
  networkSize: () => number;
  figures: OracleFigures;
  record: (kind: AuditKind, actor: string, subject: string, detail: Record<string, unknown>) => Promise<void>;
  /** Puts on record what was refused; many alike are counted. */
  refused: (kind: 'denied' | 'approval-refused', order: Order, detail: Record<string, unknown>) => void;
  denied: (denial: DenialView) => void;
}

export class OrderDesk {
  readonly #parts: OrderDeskParts;
  readonly #handlers = new Map<string, OrderHandler>();
  /** Digests of orders that came here to be carried out, with the time after which none could come again. */
  readonly #seen = new Map<string, Millis>();
  readonly #approved = new Map<string, { approval: Signed; until: Millis }>();
  readonly #acts = new Map<string, { read: ReadOrder; approved: boolean }>();
  /** Orders made before are not known to be new. */
  #since: Millis = Number.POSITIVE_INFINITY;

  /** Before the mesh starts. */
  constructor(parts: OrderDeskParts) {
    this.#parts = parts;
    const { network } = parts;
    network.handle(APPROVE, async (origin, payload) => writeMessage(await this.#approve(origin, payload)));
    network.handle(CARRY_OUT, async (origin, payload) => {
      await this.#carryOut(origin, payload);
      return writeMessage({});
    });
    network.subscribe(actsTopic, (origin, { order, approvals }) => void this.#witness(origin, order, approvals));
  }

  start(): void {
    this.#since = this.#parts.clock.wall();
  }

  stop(): void {
    this.#since = Number.POSITIVE_INFINITY;
  }

  handle(action: string, run: OrderHandler): void {
    this.#handlers.set(action, run);
  }

  /** @param dispatch undefined for what concerns this node alone */
  async send(dispatch: Dispatch | undefined, nodes: readonly string[]): Promise<OrderOutcome[]> {
    const { keys, network, config } = this.#parts;
    if (dispatch === undefined) return [];
    const read = readOrder(keys, dispatch.order);
    const payload = writeMessage(dispatch);
    const deadline = ANSWER_WITHIN + config.hold * 1000;
    return Promise.all(
      nodes.map(async (node): Promise<OrderOutcome> => {
        try {
          if (node !== keys.self) await network.request(node, CARRY_OUT, payload, { deadline });
          else if (read !== undefined) await this.#run(read.order);
          return { node, done: true };
        } catch (error) {
          return { node, done: false, cause: messageOf(error) };
        }
      }),
    );
  }

  /** A change that this node makes on itself, and that may be made on many others too. */
  tellHome(dispatch: Dispatch, approved: boolean): void {
    this.#publish(dispatch);
    const read = readOrder(this.#parts.keys, dispatch.order);
    if (read !== undefined) void this.#touch(read.order, this.#parts.keys.self, approved);
  }

  async #approve(origin: string, payload: Uint8Array): Promise<Signed> {
    const { memory, clock, judge, keys, consent, figures, record, refused } = this.#parts;
    const { read, dispatch } = this.#read(origin, payload);
    const { order, digest } = read;
    const given = this.#approved.get(digest);
    if (given !== undefined) return given.approval;
    const key = actorKey(order.account, order.node);
    const refuse = async (reason: string): Promise<never> => {
      figures.approvalsRefused++;
      refused('approval-refused', order, { order: digest, reason });
      throw refusal(reason);
    };
    const approval = makeApproval(keys, read, clock.wall());
    if (consent.count(read, [approval], 1) === 0) return refuse('this node is not among those to be asked');
    const judgement = judge.order(order, dispatch.token);
    if (!judgement.ok) {
      if (judgement.guilty) await this.#attempt(order);
      return refuse(judgement.reason);
    }
    const now = clock.now();
    const whole = actorKey(WHOLE_NODE, order.node);
    const findings = [...memory.watch.wide(key, now), ...memory.watch.wide(whole, now, NODE_ALLOWANCE)];
    if (findings.length > 0) {
      await this.#parts.enforcer.punish(findings);
      return refuse(findings[0]!.reason);
    }
    // On record before anybody can use it.
    await record('approved', key, order.subject, { action: order.action, order: digest, targets: countOf(order) });
    figures.approvalsGiven++;
    this.#approved.set(digest, { approval, until: order.expiresAt });
    forget(this.#approved, ({ until }) => until <= clock.wall());
    return approval;
  }

  async #carryOut(origin: string, payload: Uint8Array): Promise<void> {
    const { clock, config, record, refused, keys, figures } = this.#parts;
    const { read, dispatch } = this.#read(origin, payload);
    const { order, digest } = read;
    const key = actorKey(order.actor, order.node);
    const refuse = async (reason: string, guilty: boolean): Promise<never> => {
      figures.denied++;
      this.#parts.denied({ at: clock.wall(), actor: key, action: order.action, subject: order.subject, reason });
      if (guilty) await this.#attempt(order);
      refused('denied', order, { order: digest, reason });
      throw refusal(reason);
    };
    if (order.targets !== 'all' && !order.targets.includes(keys.self))
      return refuse('the order is not for this node', true);
    if (order.at < this.#since) return refuse('the order was made before this node started', false);
    if (this.#seen.has(digest)) return refuse('the order was carried out already', true);
    this.#seen.set(digest, order.expiresAt);
    forget(this.#seen, (until) => until <= clock.wall() - ORDER_LIFETIME);
    const before = this.#permits(read, dispatch);
    if (!before.ok) return refuse(before.reason, before.guilty);
    this.#publish(dispatch);
    await this.#touch(order, keys.self, before.approved);
    if (!before.approved && !isWork(order.action) && config.hold > 0) {
      // Whoever asks many nodes at once is seen by each of them before any of them has done it.
      await delay(clock, config.hold * 1000);
    }
    const after = this.#permits(read, dispatch);
    if (!after.ok) return refuse(after.reason, after.guilty);
    figures.allowed++;
    await record('allowed', key, order.subject, {
      action: order.action,
      order: digest,
      ...(dispatch.approvals.length > 0 && { approvals: dispatch.approvals.length }),
    });
    await this.#run(order);
  }

  /** Right, and enough approvals of those who were to be asked. */
  #permits(read: ReadOrder, { token, approvals }: Dispatch) {
    const { judge, consent, keys } = this.#parts;
    const judgement = judge.order(read.order, token);
    if (!judgement.ok) return judgement;
    const needed = judgement.approvals;
    if (needed === 0) return { ok: true as const, approved: this.#isApproved(read, approvals) };
    const count = consent.count(read, approvals, needed);
    if (count >= needed) return { ok: true as const, approved: true };
    // Nodes may see the network differently, and so who was to be asked; what is not signed at all has no such excuse.
    const guilty = approversOf(keys, read, approvals).size < needed;
    const reason = `it needs the approval of ${needed} nodes that were to be asked and has ${count}`;
    return { ok: false as const, reason, guilty };
  }

  #isApproved(read: ReadOrder, approvals: readonly Signed[]): boolean {
    const { config, networkSize, consent } = this.#parts;
    const needed = approvalRule(networkSize(), config).approvals;
    return needed > 0 && approvals.length >= needed && consent.count(read, approvals, needed) >= needed;
  }

  /** Somebody else tells that it carries out an order. Never rejects. */
  async #witness(origin: string, signed: Signed, approvals: readonly Signed[]): Promise<void> {
    const act = this.#actOf(signed, approvals);
    if (act === undefined || !isCurrent(act.read.order, this.#parts.clock.wall())) return;
    const { order } = act.read;
    if (order.targets !== 'all' && !order.targets.includes(origin)) return;
    if (!isWork(order.action)) await this.#touch(order, origin, act.approved);
  }

  /** Each node that carries out an order shows the same one: its signatures are checked once. */
  #actOf(signed: Signed, approvals: readonly Signed[]): { read: ReadOrder; approved: boolean } | undefined {
    const { keys, clock } = this.#parts;
    const name = `${signed.signature} ${digestOf(signed.body)}`;
    const known = this.#acts.get(name);
    if (known?.approved || (known !== undefined && approvals.length === 0)) return known;
    const read = known?.read ?? readOrder(keys, signed);
    if (read === undefined) return undefined;
    const act = { read, approved: this.#isApproved(read, approvals) };
    this.#acts.set(name, act);
    forget(this.#acts, ({ read: { order } }) => order.expiresAt <= clock.wall());
    return act;
  }

  async #touch(order: Order, node: string, approved: boolean): Promise<void> {
    const { memory, clock, networkSize, enforcer } = this.#parts;
    const { fingerprint } = order;
    const touch = { node, approved, ...(fingerprint !== undefined && { fingerprint }) };
    const actor = actorKey(order.account, order.node);
    const now = clock.now();
    if (order.node === node) {
      if (fingerprint === undefined || approved) return;
      await enforcer.punish(memory.watch.home({ actor, node, fingerprint }, now));
      return;
    }
    const findings = memory.watch.touch({ ...touch, actor }, networkSize(), now);
    await enforcer.punish(findings);
  }

  async #attempt(order: Order): Promise<void> {
    const { memory, clock, enforcer } = this.#parts;
    const now = clock.now();
    await enforcer.punish([
      ...memory.watch.attempt(actorKey(order.actor, order.node), now),
      ...memory.watch.attempt(actorKey(WHOLE_NODE, order.node), now, NODE_ALLOWANCE),
    ]);
  }

  /** Throws for what is no order of `origin`, or not of now. */
  #read(origin: string, payload: Uint8Array): { read: ReadOrder; dispatch: Dispatch } {
    const { keys, clock } = this.#parts;
    const dispatch = readMessage(Dispatch, payload);
    const read = dispatch && readOrder(keys, dispatch.order);
    if (dispatch === undefined || read === undefined || read.order.node !== origin)
      throw refusal('that is no order of the node that sent it');
    if (!isCurrent(read.order, clock.wall())) throw refusal('the order is too old, or the clocks differ');
    return { read, dispatch };
  }

  #publish({ order, approvals }: Dispatch): void {
    this.#parts.network.publish(actsTopic, { order, approvals });
  }

  async #run(order: Order): Promise<void> {
    const run = this.#handlers.get(order.action);
    if (run === undefined) throw refusal(`this node cannot be ordered to ${order.action}`);
    await run(order);
  }
}

const refusal = (reason: string): ParlmeshError => new ParlmeshError('NOT_AUTHORIZED', reason);

const countOf = ({ targets }: Order): number | 'all' => (targets === 'all' ? 'all' : targets.length);

function forget<T>(map: Map<string, T>, isOver: (value: T) => boolean): void {
  for (const [key, value] of map) {
    if (map.size <= MOST_SEEN && !isOver(value)) return;
    map.delete(key);
  }
}
