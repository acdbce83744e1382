// AntiMeaveOracle: nothing acts without a capability, and no single agent takes the network over quietly. Judges what is
// asked for, asks other nodes where it is wide, watches, freezes, and keeps the record. See docs/security.md.

import { EventEmitter } from 'node:events';
import type { Clock, Millis, Timer } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Service } from '../../core/service.ts';
import type { Actor, Authorizer, ProposedAction } from '../authorizer.ts';
import { type AgentCapabilities, EVERYTHING } from '../capabilities.ts';
import type { AgentNetwork } from '../network.ts';
import { actorKey, keyOfActor, nameOfActor, WHOLE_NODE } from './actor.ts';
import type { AuditKind } from './audit-chain.ts';
import { AuditLog } from './audit-log.ts';
import type { AuditRow, AuditStorage } from './audit-storage.ts';
import { Bulletins, type Reach } from './bulletins.ts';
import type { OracleConfig } from './config.ts';
import { ConsentCollector } from './consent.ts';
import { Enforcer } from './enforcer.ts';
import { isWork, Judge, type Judgement, type Proposal } from './judge.ts';
import type { OracleKeys } from './keys.ts';
import { OracleMemory, type OracleStorage } from './memory.ts';
import { type Dispatch, makeOrder, ORDER_LIFETIME, readOrder } from './order.ts';
import { OrderDesk, type OrderHandler, type OrderOutcome } from './order-desk.ts';
import { type DenialView, emptyFigures, type OracleFigures, type OracleStatus } from './status.ts';
import { newId, type Proof } from './wallet.ts';
import type { Finding } from './watch.ts';

export interface OracleParts {
  config: OracleConfig;
  keys: OracleKeys;
  network: AgentNetwork;
  audit: AuditStorage;
  storage: OracleStorage;
  /** What actors of this node hold on it; nothing for those that are not known. */
  capabilitiesOf: (actor: Actor) => AgentCapabilities;
  clock: Clock;
  journal: Journal;
  logger: Logger;
}

const MOST_DENIALS = 50;
/** Listing all nodes for each of thousands of tasks a second would cost more than the question. */
const COUNT_AGAIN: Millis = 500;
/** Rows a minute for each sort of work that nodes and jobs do; the rest is counted. */
const FEW_ROWS = 3;
/** The mesh may start later than this, or again. */
const LOOK: Millis = 1_000;
/** What the watch has added up is written down so often, where it changed: ten minutes. */
const SAVE_EACH = 600;

/** Emits `changed` when its status did, and `row` for every row of the audit log. */
export class AntiMeaveOracle extends EventEmitter<{ changed: []; row: [AuditRow] }> implements Authorizer, Service {
  readonly name = 'oracle';
  readonly memory: OracleMemory;
  readonly #parts: OracleParts;
  readonly #judge: Judge;
  readonly #audit: AuditLog;
  readonly #consent: ConsentCollector;
  readonly #desk: OrderDesk;
  readonly #bulletins: Bulletins;
  readonly #enforcer: Enforcer;
  readonly #figures: OracleFigures = emptyFigures();
  readonly #denials: DenialView[] = [];
  #timer: Timer | undefined;
  #looks = 0;

  /** Before the mesh starts. */
  constructor(parts: OracleParts) {
    super();
    this.#parts = parts;
    const { config, keys, network, clock, logger, journal } = parts;
    let counted = { at: Number.NEGATIVE_INFINITY, size: 1 };
    const networkSize = (): number => {
      const at = clock.now();
      if (at - counted.at >= COUNT_AGAIN) counted = { at, size: network.nodes().length + 1 };
      return counted.size;
    };
    network.onNodes(() => {
      counted = { ...counted, at: Number.NEGATIVE_INFINITY };
    });
    const isMember = (node: string): boolean => network.nodes().some(({ id }) => id === node);
    this.memory = new OracleMemory({ config, keys, storage: parts.storage, clock, logger, networkSize, isMember });
    const { memory } = this;
    this.#audit = new AuditLog({
      self: keys.self,
      storage: parts.audit,
      sign: (body) => keys.sign('audit', body),
      clock,
      logger,
      onRow: (row) => this.emit('row', row),
      onCheckpoint: (witness) => {
        memory.checkpoint = witness;
        memory.saveSoon();
        this.#bulletins.say();
      },
    });
    this.#judge = new Judge({
      config,
      keys,
      bans: () => memory.bans,
      wallet: () => memory.wallet,
      watch: () => memory.watch,
      networkSize,
      clock,
    });
    this.#enforcer = new Enforcer({
      config,
      self: keys.self,
      memory,
      audit: this.#audit,
      clock,
      journal,
      network,
      figures: this.#figures,
      changed: () => {
        this.#bulletins.say();
        this.emit('changed');
      },
    });
    this.#consent = new ConsentCollector({ config, keys, network, clock });
    this.#bulletins = new Bulletins({ keys, network, memory, clock, enforcer: this.#enforcer });
    this.#desk = new OrderDesk({
      config,
      keys,
      network,
      memory,
      clock,
      judge: this.#judge,
      consent: this.#consent,
      enforcer: this.#enforcer,
      networkSize,
      figures: this.#figures,
      record: (kind, actor, subject, detail) => this.#record(kind, actor, subject, detail),
      // Under the name of its node: names of actors can be made up, and would each have rows of their own.
      refused: (kind, { node, actor, action, subject }, detail) =>
        this.#audit.tally({ kind, actor: actorKey(WHOLE_NODE, node), subject, detail: { action, actor, ...detail } }),
      denied: (denial) => this.#noteDenial(denial),
    });
  }

  /** Once the store is open. */
  async start(): Promise<void> {
    if (!this.memory.load()) {
      this.#parts.journal.record({
        severity: 'error',
        kind: 'oracle.forgot',
        subject: 'service/oracle',
        message:
          'What the oracle had kept (frozen agents, tokens, a halt) cannot be read and is gone; other nodes will say theirs again',
      });
    }
    this.#audit.start();
    this.#desk.start();
    this.#bulletins.start();
    this.#looks = 0;
    this.#timer = this.#parts.clock.every(LOOK, () => {
      // What was kept through a restart is told once everything listens.
      if (this.#looks++ === 0) this.emit('changed');
      if (this.#looks % SAVE_EACH === 0) this.memory.saveTouched();
      if (this.#parts.keys.network()?.id !== this.memory.network) this.networkChanged();
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#bulletins.stop();
    this.#desk.stop();
    await this.#audit.stop();
    await this.memory.save().catch(() => {});
  }

  /** This node is in a network now, the same as before or another. */
  networkChanged(): void {
    const network = this.#parts.keys.network();
    if (network === undefined) return;
    if (this.memory.moveTo(network.id)) this.emit('changed');
    this.memory.saveSoon();
    this.#bulletins.say();
  }

  async authorize(action: ProposedAction): Promise<void> {
    await this.#permit(action);
  }

  /** Has other nodes carry something out: each that is named answers for itself. */
  async order(action: ProposedAction): Promise<OrderOutcome[]> {
    const dispatch = await this.#permit(action);
    return this.#desk.send(dispatch, action.nodes);
  }

  /** Others may order that here, with a capability for it; `run` rejects with what is told them. Before the start. */
  handleOrder(action: string, run: OrderHandler): void {
    this.#desk.handle(action, run);
  }

  status(): OracleStatus {
    const { bans, watch } = this.memory;
    const now = this.#parts.clock.now();
    const size = this.#parts.network.nodes().length + 1;
    const scores = watch
      .actors()
      .map((actor) => ({ actor, score: watch.score(actor, size, now) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, 20);
    return { frozen: bans.list(), ...(bans.halt && { halt: bans.halt }), scores, denials: [...this.#denials] };
  }

  figures(): OracleFigures {
    return { ...this.#figures };
  }

  /** An operator lifts a freeze. Everywhere with the authority's key, else here and as a vote. */
  unfreeze(key: string): Promise<Reach> {
    return this.#bulletins.lift(key);
  }

  liftHalt(): Promise<Reach> {
    return this.#bulletins.lift('halt');
  }

  /** Halts changes: everywhere with the authority's key, else on this node, and as a vote. */
  halt(reason: string): Promise<Reach> {
    return this.#bulletins.halt(reason);
  }

  /** Freezes an actor by hand. */
  freeze(key: string, reason: string): Promise<void> {
    return this.#enforcer.freeze(key, reason);
  }

  /** The newest checkpoints of this node's audit log that other nodes, and this one's memory, can vouch for. */
  witnesses(): Promise<{ sequence: number; hash: string }[]> {
    return this.#bulletins.witnesses();
  }

  /** What was granted or revoked, by whom. */
  async recordGrant(
    kind: 'granted' | 'revoked',
    by: Actor,
    subject: string,
    detail: Record<string, unknown>,
  ): Promise<void> {
    await this.#record(kind, keyOfActor(by, this.#parts.keys.self), subject, detail);
    this.memory.saveSoon();
    this.#bulletins.say();
  }

  /** A block of a token ends: this node's own word, or the authority's for what the authority gave. */
  revoke(id: string, issuer: string, until: Millis): void {
    this.#bulletins.revoke(id, issuer, until);
  }

  async #permit(action: ProposedAction): Promise<Dispatch | undefined> {
    const { keys, clock } = this.#parts;
    const now = clock.now();
    const key = keyOfActor(action.actor, keys.self);
    const proposal: Proposal = { key, actor: nameOfActor(action.actor), action: action.action, targets: action.nodes };
    const judgement = this.#judge.local(proposal, this.#capabilitiesOf(action.actor));
    if (!judgement.ok) return this.#deny(action, key, judgement, now);
    const needed = this.#isRoot(action.actor) ? 0 : judgement.approvals;
    const isHome = action.nodes.every((node) => node === keys.self);
    if (needed === 0 && isHome && action.fingerprint === undefined) {
      await this.#recordAllowed(action, key, {});
      return undefined;
    }
    const dispatch = this.#dispatch(action, judgement.proof);
    const read = readOrder(keys, dispatch.order);
    if (needed > 0 && read !== undefined) {
      const findings = this.memory.watch.wide(key, now);
      await this.#punish(findings, action.actor);
      if (findings.length > 0 && action.actor.kind !== 'operator') {
        return this.#deny(action, key, { ok: false, reason: findings[0]!.reason, guilty: false }, now);
      }
      const { approvals, refusals } = await this.#consent.collect(read, dispatch, needed);
      dispatch.approvals.push(...approvals.slice(0, needed));
      if (this.#consent.count(read, dispatch.approvals, needed) < needed) {
        const reason = `it needs the approval of ${needed} other nodes and has ${approvals.length} (${refusals.slice(0, 4).join('; ')})`;
        return this.#deny(action, key, { ok: false, reason: reason.slice(0, 1000), guilty: false }, now);
      }
    }
    if (isHome && action.fingerprint !== undefined) this.#desk.tellHome(dispatch, needed > 0);
    await this.#recordAllowed(action, key, {
      nodes: action.nodes.length,
      ...(read !== undefined && { order: read.digest }),
      ...(needed > 0 && { approvals: needed }),
    });
    return dispatch;
  }

  #dispatch(action: ProposedAction, proof: Proof | undefined): Dispatch {
    const { keys, clock } = this.#parts;
    const token = proof?.chain;
    const at = clock.wall();
    const order = makeOrder(
      keys,
      {
        id: newId(),
        actor: nameOfActor(action.actor),
        account: proof?.account ?? nameOfActor(action.actor),
        action: action.action,
        targets: action.nodes,
        subject: action.subject.slice(0, 300),
        ...(action.fingerprint !== undefined && { fingerprint: action.fingerprint }),
        at,
        expiresAt: at + ORDER_LIFETIME,
      },
      token,
    );
    return { order, ...(token !== undefined && { token }), approvals: [] };
  }

  /** Somebody at the board that holds the network's authority: from there all rights come. */
  #isRoot(actor: Actor): boolean {
    return actor.kind === 'operator' && this.#parts.keys.network()?.signAsAuthority !== undefined;
  }

  #capabilitiesOf(actor: Actor): AgentCapabilities {
    const { config } = this.#parts;
    switch (actor.kind) {
      case 'operator':
        return [EVERYTHING];
      case 'peer':
        return config.members.map(here);
      case 'job':
        return config.jobs.map(here);
      default:
        return this.#parts.capabilitiesOf(actor);
    }
  }

  async #deny(
    action: ProposedAction,
    key: string,
    judgement: Extract<Judgement, { ok: false }>,
    now: Millis,
  ): Promise<never> {
    const { reason } = judgement;
    this.#figures.denied++;
    this.#noteDenial({
      at: this.#parts.clock.wall(),
      actor: key,
      action: action.action,
      subject: action.subject,
      reason,
    });
    this.#audit.tally({
      kind: 'denied',
      actor: key,
      subject: action.subject,
      detail: { action: action.action, nodes: action.nodes.length, reason },
    });
    if (judgement.guilty && action.actor.kind !== 'operator') {
      const allowance = action.actor.kind === 'peer' ? 3 : 1;
      await this.#punish(this.memory.watch.attempt(key, now, allowance), action.actor);
    }
    throw notAuthorized(nameOfActor(action.actor), action.action, reason);
  }

  async #punish(findings: readonly Finding[], actor: Actor): Promise<void> {
    // Whoever sits at the board can undo whatever is done to it there.
    if (actor.kind === 'operator') return;
    for (const { actor: key, reason } of findings) await this.#enforcer.freeze(key, reason);
  }

  async #recordAllowed(action: ProposedAction, key: string, detail: Record<string, unknown>): Promise<void> {
    this.#figures.allowed++;
    const entry = {
      kind: 'allowed' as const,
      actor: key,
      subject: action.subject,
      detail: { action: action.action, ...detail },
    };
    if (isWork(action.action)) this.#audit.tally(entry, isMachine(action.actor) ? FEW_ROWS : undefined);
    else await this.#audit.record(entry);
  }

  async #record(kind: AuditKind, actor: string, subject: string, detail: Record<string, unknown>): Promise<void> {
    await this.#audit.record({ kind, actor, subject, detail });
  }

  #noteDenial(denial: DenialView): void {
    this.#denials.unshift(denial);
    this.#denials.length = Math.min(this.#denials.length, MOST_DENIALS);
    this.emit('changed');
  }
}

const isMachine = ({ kind }: Actor): boolean => kind === 'peer' || kind === 'job';

const here = (action: string) => ({ action, scope: 'node' as const, mostNodes: 1, largestShare: 1, approvals: 0 });

export function notAuthorized(who: string, action: string, reason: string): ParlmeshError {
  return new ParlmeshError('NOT_AUTHORIZED', `${who === WHOLE_NODE ? 'The node' : who} may not ${action}: ${reason}`, {
    hint: 'parlmesh oracle status shows who is frozen and what was refused; docs/security.md tells how rights are given',
  });
}
