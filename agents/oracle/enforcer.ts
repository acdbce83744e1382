// What follows from findings and votes: freezing, halting, lifting, each in force at once, then on record, in the
// journal, on the disk and told to the others.

import type { Clock, Millis } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Journal } from '../../core/journal.ts';
import type { AgentNetwork } from '../network.ts';
import { nodeOfKey, WHOLE_NODE } from './actor.ts';
import type { AuditEntry, AuditLog } from './audit-log.ts';
import type { BanNews } from './bans.ts';
import type { OracleConfig } from './config.ts';
import type { OracleMemory } from './memory.ts';
import type { OracleFigures } from './status.ts';
import type { Finding } from './watch.ts';

/** Freezes within this time are counted together. */
const HALT_WINDOW: Millis = 600_000;

export interface EnforcerParts {
  config: OracleConfig;
  self: string;
  memory: OracleMemory;
  audit: AuditLog;
  network: AgentNetwork;
  clock: Clock;
  journal: Journal;
  figures: OracleFigures;
  changed: () => void;
}

export class Enforcer {
  readonly #parts: EnforcerParts;

  constructor(parts: EnforcerParts) {
    this.#parts = parts;
  }

  async punish(findings: readonly Finding[]): Promise<void> {
    for (const { actor, reason } of findings) await this.freeze(actor, reason);
  }

  /** In force when it returns; resolves when it is on the disk as well. */
  async freeze(key: string, reason: string): Promise<void> {
    const { memory, clock, self } = this.#parts;
    const held = memory.bans.frozen(key);
    if (held !== undefined && memory.bans.ballot.votes.some(({ actor }) => actor === key)) return;
    const at = clock.wall();
    const news = memory.bans.freeze(key, reason, at);
    if (nodeOfKey(key) === self) {
      // What it holds ends with it, also for who has not heard of the freeze.
      const actor = key.slice(0, key.lastIndexOf('@'));
      for (const { id, until } of memory.wallet.givenTo(actor)) memory.wallet.revoke({ id, by: self, until });
    }
    await this.tell([...news, ...this.#haltIfMany(at)]);
  }

  /** Puts news of bans on record. Never rejects: what is in force stays so. */
  async tell(news: readonly BanNews[]): Promise<void> {
    const { memory, audit, changed } = this.#parts;
    if (news.length > 0) changed();
    for (const each of news) {
      this.#count(each);
      this.#journal(each);
      await audit.record(rowOf(each)).catch(() => {});
    }
    if (news.length > 0) await memory.save().catch((error: unknown) => this.#notKept(error));
  }

  #haltIfMany(at: Millis): BanNews[] {
    const { memory, config } = this.#parts;
    if (memory.bans.halt !== undefined) return [];
    const recent = memory.bans.list().filter((frozen) => frozen.at > at - HALT_WINDOW);
    const nodes = new Set(recent.map(({ actor }) => nodeOfKey(actor)));
    if (recent.length < config.haltAfter || nodes.size < 2) return [];
    return memory.bans.voteHalt(`${recent.length} actors on ${nodes.size} nodes were frozen within ten minutes`, at);
  }

  #count(news: BanNews): void {
    if (news.kind === 'frozen') this.#parts.figures.freezes++;
    if (news.kind === 'halted') this.#parts.figures.halts++;
  }

  #journal(news: BanNews): void {
    const { journal } = this.#parts;
    switch (news.kind) {
      case 'frozen': {
        const who = this.#named(news.frozen.actor);
        const where = news.frozen.by === 'here' ? 'on this node' : 'in the whole network';
        journal.record({
          severity: 'error',
          kind: 'oracle.frozen',
          subject: subjectOf(news.frozen.actor, this.#parts.self),
          message: `${who} is frozen ${where}: ${news.frozen.reason}. Nothing it asks for is done`,
          data: { ...news.frozen },
        });
        return;
      }
      case 'unfrozen':
        journal.record({
          severity: 'info',
          kind: 'oracle.unfrozen',
          subject: subjectOf(news.actor, this.#parts.self),
          message: `${this.#named(news.actor)} may act again (${news.by})`,
        });
        return;
      case 'halted':
        journal.record({
          severity: 'error',
          kind: 'oracle.halted',
          subject: 'service/oracle',
          message: `Changes of policies and configuration are halted: ${news.halt.reason}. Routing, monitoring and jobs go on`,
          data: { ...news.halt },
        });
        return;
      case 'lifted':
        journal.record({
          severity: 'info',
          kind: 'oracle.lifted',
          subject: 'service/oracle',
          message: `Changes of policies and configuration are allowed again (${news.by})`,
        });
    }
  }

  #notKept(error: unknown): void {
    this.#parts.journal.record({
      severity: 'error',
      kind: 'oracle.notKept',
      subject: 'service/oracle',
      message: `A freeze or halt is in force, but could not be written and would not outlast a restart: ${messageOf(error)}`,
    });
  }

  /** `agent/x on bravo`. */
  #named(key: string): string {
    const { network, self } = this.#parts;
    const node = nodeOfKey(key);
    const actor = key.slice(0, key.lastIndexOf('@'));
    const name = network.nodes().find(({ id }) => id === node)?.name ?? `…${node.slice(-8)}`;
    const who = actor === WHOLE_NODE ? 'Everybody' : actor.charAt(0).toUpperCase() + actor.slice(1);
    return node === self ? who : `${who} on ${name}`;
  }
}

/** An agent of this node is found under its own name in the journal. */
function subjectOf(key: string, self: string): string {
  const actor = key.slice(0, key.lastIndexOf('@'));
  if (nodeOfKey(key) === self) return actor;
  return `peer/${nodeOfKey(key)}`;
}

function rowOf(news: BanNews): AuditEntry {
  switch (news.kind) {
    case 'frozen':
      return { kind: 'frozen', actor: news.frozen.actor, subject: news.frozen.actor, detail: { ...news.frozen } };
    case 'unfrozen':
      return { kind: 'unfrozen', actor: news.actor, subject: news.actor, detail: { by: news.by } };
    case 'halted':
      return { kind: 'halted', actor: '*', subject: 'changes', detail: { ...news.halt } };
    case 'lifted':
      return { kind: 'lifted', actor: '*', subject: 'changes', detail: { by: news.by } };
  }
}
