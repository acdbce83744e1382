// What operators see and ask of the oracle, over HTTP and on the command line: names of nodes instead of ids, the check
// of the audit log, and rights given to other nodes.

import { setImmediate } from 'node:timers/promises';
import type { Actor } from '../../agents/authorizer.ts';
import { type AgentCapabilities, describe } from '../../agents/capabilities.ts';
import type { AgentNetwork } from '../../agents/network.ts';
import { type AuditVerdict, AuditVerifier } from '../../agents/oracle/audit-chain.ts';
import type { AuditQuery, AuditRow, AuditStorage } from '../../agents/oracle/audit-storage.ts';
import type { Reach } from '../../agents/oracle/bulletins.ts';
import type { OracleKeys } from '../../agents/oracle/keys.ts';
import { TAKE_TOKEN } from '../../agents/oracle/messages.ts';
import type { AntiMeaveOracle } from '../../agents/oracle/oracle.ts';
import type { OrderOutcome } from '../../agents/oracle/order-desk.ts';
import { issueToken, TokenChain } from '../../agents/oracle/token.ts';
import { newId } from '../../agents/oracle/wallet.ts';
import { readMessage, writeMessage } from '../../agents/oracle/wire.ts';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';

/** Rows checked before others have their turn: a few milliseconds. */
const ROWS_AT_A_TIME = 200;

export interface OracleDeskParts {
  oracle: AntiMeaveOracle;
  audit: AuditStorage;
  keys: OracleKeys;
  network: AgentNetwork;
  clock: Clock;
}

export interface HeldGrant {
  id: string;
  node: string;
  agent?: string;
  capabilities: string[];
  root: string;
  expiresAt: number;
}

export class OracleDesk {
  readonly #parts: OracleDeskParts;

  /** Before the mesh starts. */
  constructor(parts: OracleDeskParts) {
    this.#parts = parts;
    parts.network.handle(TAKE_TOKEN, async (_origin, payload) => {
      const chain = readMessage(TokenChain, payload);
      // Who brings it does not matter: it says itself whose it is, and by whom.
      if (chain === undefined || !parts.oracle.memory.wallet.accept(chain)) {
        throw new ParlmeshError('CAPABILITY_INVALID', 'that is no token for this node');
      }
      await parts.oracle.memory.save();
      return writeMessage({});
    });
  }

  status() {
    return this.#parts.oracle.status();
  }

  frozenSince(actor: string): number | undefined {
    return this.#parts.oracle.memory.bans.frozen(actor)?.at;
  }

  /** Throws `ACTOR_NOT_FOUND`. */
  async unfreeze(actor: string): Promise<Reach> {
    const { oracle } = this.#parts;
    if (!oracle.memory.bans.list().some((frozen) => frozen.actor === actor)) {
      throw new ParlmeshError('ACTOR_NOT_FOUND', `"${actor}" is not frozen here`, {
        hint: 'parlmesh oracle status names who is',
      });
    }
    return oracle.unfreeze(actor);
  }

  freeze(actor: string, reason: string): Promise<void> {
    return this.#parts.oracle.freeze(this.#keyOf(actor), reason);
  }

  halt(reason: string): Promise<Reach> {
    return this.#parts.oracle.halt(reason);
  }

  lift(): Promise<Reach> {
    return this.#parts.oracle.liftHalt();
  }

  audit(query: AuditQuery): AuditRow[] {
    return this.#parts.audit.read(query);
  }

  /** Reads the whole log, a little at a time. */
  async verify(): Promise<AuditVerdict & { witnesses: number }> {
    const { audit, keys, oracle } = this.#parts;
    const witnesses = await oracle.witnesses();
    const verify = (body: Uint8Array, signature: Uint8Array): boolean =>
      keys.verify('audit', keys.self, body, signature);
    const verifier = new AuditVerifier(keys.self, verify, witnesses);
    let count = 0;
    for (const row of audit.iterate()) {
      if (!verifier.take(row)) break;
      if (++count % ROWS_AT_A_TIME === 0) await setImmediate();
    }
    return { ...verifier.verdict(), witnesses: witnesses.length };
  }

  held(): HeldGrant[] {
    const { oracle, keys } = this.#parts;
    return oracle.memory.wallet.held().map(({ holder, capabilities, root, expiresAt, blocks }) => ({
      id: blocks.at(-1)?.id ?? '',
      ...holder,
      capabilities: capabilities.map(describe),
      root: root === keys.network()?.authority ? 'network' : root,
      expiresAt,
    }));
  }

  /** Makes a token and brings it to its holder. */
  async grant(
    request: { node: string; agent?: string; capabilities: AgentCapabilities; expiresInSeconds: number },
    by: Actor,
  ): Promise<{ id: string; expiresAt: number }> {
    const { keys, network, clock, oracle } = this.#parts;
    const node = this.#idOf(request.node);
    const { agent } = request;
    const id = newId();
    const expiresAt = clock.wall() + request.expiresInSeconds * 1000;
    const isRoot = keys.network()?.signAsAuthority !== undefined;
    // Without the authority a node has only itself to give rights on.
    const capabilities = request.capabilities.map((each) =>
      isRoot ? each : { ...each, scope: 'node' as const, mostNodes: 1 },
    );
    const holder = { node, ...(agent !== undefined && { agent }) };
    const chain = issueToken(keys, { id, holder, capabilities, expiresAt }, isRoot ? 'authority' : 'self');
    const detail = { id, agent, capabilities: capabilities.map(describe), expiresAt };
    await oracle.recordGrant('granted', by, `peer/${node}`, detail);
    if (node !== keys.self) await network.request(node, TAKE_TOKEN, writeMessage(chain));
    else if (!oracle.memory.wallet.accept(chain)) {
      throw new ParlmeshError('CAPABILITY_INVALID', 'This node holds too many tokens already');
    }
    await oracle.memory.save();
    return { id, expiresAt };
  }

  /** What this node gave ends. The word goes to all nodes. */
  async revoke(id: string, by: Actor): Promise<void> {
    const { keys, oracle, clock } = this.#parts;
    const network = keys.network();
    const issuer = network?.signAsAuthority === undefined ? keys.self : network.authority;
    // Longer than any token lives.
    oracle.revoke(id, issuer, clock.wall() + 366 * 86_400_000);
    await oracle.recordGrant('revoked', by, `oracle/${id}`, { id });
  }

  order(
    { action, nodes, subject }: { action: string; nodes: string[]; subject: string },
    actor: Actor,
  ): Promise<OrderOutcome[]> {
    const ids = [...new Set(nodes.map((node) => this.#idOf(node)))];
    return this.#parts.oracle.order({ action, actor, scope: 'group', nodes: ids, subject });
  }

  /** `agent/x` is one of this node, `agent/x@bravo` of that one. */
  #keyOf(actor: string): string {
    const at = actor.lastIndexOf('@');
    return at === -1 ? `${actor}@${this.#parts.keys.self}` : `${actor.slice(0, at)}@${this.#idOf(actor.slice(at + 1))}`;
  }

  /** By id or name. Throws `NODE_UNKNOWN`. */
  #idOf(node: string): string {
    const { keys, network } = this.#parts;
    const found = network.nodes().filter(({ id, name }) => id === node || name === node);
    if (node === keys.self) return node;
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new ParlmeshError('NODE_UNKNOWN', `There is no node "${node}"`, { hint: 'parlmesh peers lists them' });
    }
    return only.id;
  }
}
