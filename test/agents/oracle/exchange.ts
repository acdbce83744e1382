// A network of oracles in memory on virtual time, with real keys: what a test of many nodes needs.

import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Actor } from '../../../agents/authorizer.ts';
import type { AgentCapabilities } from '../../../agents/capabilities.ts';
import type { AgentNetwork, NewsTopic } from '../../../agents/network.ts';
import type { AuditRow, AuditStorage } from '../../../agents/oracle/audit-storage.ts';
import { OracleConfig } from '../../../agents/oracle/config.ts';
import type { OracleKeys } from '../../../agents/oracle/keys.ts';
import { AntiMeaveOracle } from '../../../agents/oracle/oracle.ts';
import { VirtualClock } from '../../../core/clock.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { JournalEntry } from '../../../core/journal.ts';
import { silentLogger } from '../../../core/logger.ts';
import { oracleKeys } from '../../../daemon/security/oracle-keys.ts';
import { SigningKey } from '../../../mesh/membership/keys.ts';
import { memoryDocument } from '../memory-document.ts';

type Handler = (origin: string, payload: Uint8Array) => Promise<Uint8Array> | Uint8Array;

/** The same key for the same name. */
export function keyOf(name: string): SigningKey {
  const secret = createHash('sha256').update(name).digest();
  const body = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]).toString('base64');
  return SigningKey.fromPem(`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`);
}

export function keysOf(key: SigningKey, authority: SigningKey, holdsAuthority: boolean): OracleKeys {
  const credentials = {
    network: { id: 'test-network' },
    authority: authority.publicKey,
    authorityKey: holdsAuthority ? authority : undefined,
  };
  return oracleKeys(key, () => credentials);
}

export function memoryAudit(): AuditStorage & { rows: AuditRow[] } {
  const rows: AuditRow[] = [];
  return {
    rows,
    append: async (more) => void rows.push(...more),
    last: () => rows.at(-1),
    read: ({ limit }) => rows.slice(-limit).reverse(),
    iterate: () => rows,
  };
}

export interface TestNode {
  name: string;
  id: string;
  keys: OracleKeys;
  network: AgentNetwork;
  oracle: AntiMeaveOracle;
  audit: ReturnType<typeof memoryAudit>;
  storage: ReturnType<typeof memoryDocument>;
  journal: JournalEntry[];
  /** Subjects of the orders that were carried out here. */
  done: string[];
  /** What agents hold by their manifests. */
  agents: Map<string, AgentCapabilities>;
}

const DELAY = 10;

export class Exchange {
  readonly clock = new VirtualClock();
  readonly nodes: TestNode[] = [];
  readonly authority = keyOf('authority');
  readonly cut = new Set<string>();
  readonly #handlers = new Map<string, Map<string, Handler>>();
  readonly #topics = new Map<string, Map<string, (origin: string, payload: never) => void>>();
  readonly #config: Partial<OracleConfig>;

  /** The first node holds the authority. */
  constructor(count: number, config: Partial<OracleConfig> = {}) {
    this.#config = config;
    for (let at = 0; at < count; at++) this.add(`node-${at}`, at === 0);
  }

  async start(): Promise<this> {
    for (const { oracle } of this.nodes) {
      await oracle.start();
      oracle.networkChanged();
    }
    await this.pass(1000);
    return this;
  }

  /** Not started. */
  add(name: string, holdsAuthority = false, before?: TestNode): TestNode {
    const key = keyOf(name);
    const id = key.nodeId;
    const keys = keysOf(key, this.authority, holdsAuthority);
    const network = this.#networkOf(id);
    const audit = before?.audit ?? memoryAudit();
    const storage = before?.storage ?? memoryDocument();
    const journal: JournalEntry[] = [];
    const agents = new Map<string, AgentCapabilities>();
    const oracle = new AntiMeaveOracle({
      config: Value.Parse(OracleConfig, Value.Default(OracleConfig, this.#config)),
      keys,
      network,
      audit,
      storage,
      capabilitiesOf: (actor: Actor) =>
        actor.kind === 'agent' ? (agents.get(actor.id) ?? []) : (agents.get(actor.kind) ?? []),
      clock: this.clock,
      journal: { record: (entry) => journal.push(entry) },
      logger: silentLogger,
    });
    const done: string[] = [];
    for (const action of ['config.set', 'agent.restart']) {
      oracle.handleOrder(action, async ({ subject }) => void done.push(subject));
    }
    const node: TestNode = { name, id, keys, network, oracle, audit, storage, journal, done, agents };
    const at = this.nodes.findIndex((each) => each.id === id);
    if (at === -1) this.nodes.push(node);
    else this.nodes[at] = node;
    return node;
  }

  /** Moves virtual time, letting what awaits go on in between. @param ms milliseconds */
  async pass(ms: number, step = DELAY): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.advance(step);
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets time go on until the promise is settled; its error is returned, not thrown. */
  async settled<T>(promise: Promise<T>, within = 60_000): Promise<T | ParlmeshError> {
    let result: T | ParlmeshError | undefined;
    let isDone = false;
    promise.then(
      (value) => {
        result = value;
        isDone = true;
      },
      (error: ParlmeshError) => {
        result = error;
        isDone = true;
      },
    );
    for (let passed = 0; passed < within && !isDone; passed += DELAY) await this.pass(DELAY);
    if (!isDone) throw new Error('not settled in time');
    return result!;
  }

  #networkOf(self: string): AgentNetwork {
    const { clock, cut } = this;
    const handlers = new Map<string, Handler>();
    const topics = new Map<string, (origin: string, payload: never) => void>();
    this.#handlers.set(self, handlers);
    this.#topics.set(self, topics);
    return {
      self,
      nodes: () =>
        this.nodes
          .filter(({ id }) => id !== self)
          .map(({ id, name }) => ({ id, name, reachable: !cut.has(id) && !cut.has(self), score: 0, roundTrip: 0.01 })),
      onNodes: () => () => {},
      request: (node, service, payload, { deadline = 5000 } = {}) =>
        new Promise((resolve, reject) => {
          const timer = clock.after(deadline, () => reject(new ParlmeshError('RELAY_UNANSWERED', 'no answer')));
          const answer = (settle: () => void): void => {
            clock.after(DELAY, () => {
              timer.cancel();
              settle();
            });
          };
          if (cut.has(node) || cut.has(self)) return;
          clock.after(DELAY, () => {
            const handler = this.#handlers.get(node)?.get(service);
            if (handler === undefined)
              return answer(() => reject(new ParlmeshError('RELAY_REFUSED', 'no such service')));
            Promise.resolve()
              .then(() => handler(self, Uint8Array.from(payload)))
              .then(
                (value) => answer(() => resolve(value)),
                (error: Error) => answer(() => reject(new ParlmeshError('RELAY_REFUSED', error.message))),
              );
          });
        }),
      handle: (service, handler) => void handlers.set(service, handler),
      openStream: async () => new PassThrough(),
      handleStream: () => {},
      publish: (topic, payload) => this.#publish(self, topic, payload),
      subscribe: (topic, handler) => void topics.set(topic.name, handler),
    };
  }

  #publish(self: string, topic: Pick<NewsTopic<TSchema>, 'name' | 'schema'>, payload: unknown): void {
    const text = JSON.stringify(payload);
    if (!Value.Check(topic.schema, JSON.parse(text))) throw new Error(`${topic.name}: not as its schema says`);
    if (text.length > 120_000) throw new Error(`${topic.name}: too long`);
    for (const [id, topics] of this.#topics) {
      if (id === self || this.cut.has(id) || this.cut.has(self)) continue;
      this.clock.after(DELAY, () => topics.get(topic.name)?.(self, JSON.parse(text) as never));
    }
  }
}

/** Only this agent of the node. */
export const agent = (id: string): Actor => ({ kind: 'agent', id });
