// A few connections to PostgreSQL that come back by themselves: what fails because the server is away is tried again with
// back-off, for a bounded time; whoever asks then is told. Everything that runs here may be repeated.

import pg, { type ClientBase, type PoolClient } from 'pg';
import { backoff } from '../../core/backoff.ts';
import { type Clock, delay, type Millis } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Address } from './address.ts';
import { faultOf, federationError } from './faults.ts';
import { inTransaction } from './transaction.ts';

export interface ConnectionsParts {
  address: Address;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Why the database cannot be used now, or undefined once it can again. */
  onTrouble: (cause: string | undefined) => void;
  limits?: Partial<ConnectionLimits>;
}

export interface ConnectionLimits {
  /** Connections at once. Each takes some megabytes of the server. */
  connections: number;
  /** How long a connection may take, and a statement. */
  connect: Millis;
  statement: Millis;
  /** How long something is tried while the server is away. */
  patience: Millis;
  /** Questions that may wait. */
  waiting: number;
}

const LIMITS: ConnectionLimits = { connections: 4, connect: 5000, statement: 15_000, patience: 30_000, waiting: 2048 };
const RETRY = { first: 100, most: 5000 };
const INT8 = 20;

/** Numbers of eight bytes as numbers: none of ours comes near 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') =>
    id === INT8 ? Number : pg.types.getTypeParser(id, format === 'binary' ? 'text' : (format ?? 'text')),
};

export class Connections {
  readonly #parts: ConnectionsParts;
  readonly #limits: ConnectionLimits;
  readonly #closing = new AbortController();
  readonly #pool: pg.Pool;
  /** Tries that failed since the last one that did not. */
  #failures = 0;
  /** Before then nobody tries. */
  #notBefore: Millis = 0;
  #waiting = 0;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
    this.#limits = { ...LIMITS, ...parts.limits };
    const { connections, connect, statement } = this.#limits;
    this.#pool = new pg.Pool({
      ...parts.address.connection,
      ...{ max: connections, connectionTimeoutMillis: connect, idleTimeoutMillis: 60_000, types },
      // The server ends what takes too long; `query_timeout` ends it where the server does not answer at all.
      ...{ statement_timeout: statement, lock_timeout: statement, query_timeout: 2 * statement },
      idle_in_transaction_session_timeout: 2 * statement,
      ...{ keepAlive: true, keepAliveInitialDelayMillis: 10_000, application_name: 'parlmesh' },
      allowExitOnIdle: true,
    });
    // An idle connection that breaks; the next one that is needed is made anew.
    this.#pool.on('error', (error) => parts.logger.debug({ cause: messageOf(error) }, 'a connection broke'));
  }

  /** Runs one statement. */
  query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#trying(async (client) => (await client.query<Row>(text, [...values])).rows);
  }

  /** Runs `work` in one transaction, again from its beginning when that was cut short. */
  transaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    return this.#trying((client) => inTransaction(client, () => work(client)));
  }

  /** Runs `work` on one connection, once. */
  async once<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    try {
      return await this.#lent(work);
    } catch (error) {
      throw federationError(error, this.#parts.address.where);
    }
  }

  /** Whoever still waits is told. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ParlmeshError('FEDERATION_STORE_FAILED', `${this.#parts.address.where} is closed`));
    await this.#pool.end();
  }

  async #trying<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const { clock, address } = this.#parts;
    const { waiting, patience } = this.#limits;
    if (this.#waiting >= waiting) {
      throw new ParlmeshError('FEDERATION_STORE_FAILED', `${waiting} questions wait for ${address.where} already`, {
        hint: 'The database is too slow for this load, or away; try again later',
      });
    }
    this.#waiting += 1;
    const deadline = clock.now() + patience;
    try {
      for (;;) {
        const wait = this.#notBefore - clock.now();
        if (wait > 0) await delay(clock, wait, this.#closing.signal);
        this.#closing.signal.throwIfAborted();
        try {
          const result = await this.#lent(work);
          this.#succeeded();
          return result;
        } catch (error) {
          const fault = faultOf(error);
          if (fault === 'away') this.#failed(error);
          else this.#succeeded();
          const isWorthIt = fault === 'away' || fault === 'again';
          if (!isWorthIt || clock.now() >= deadline || this.#closing.signal.aborted) throw error;
        }
      }
    } catch (error) {
      throw federationError(error, address.where);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #lent<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const client: PoolClient = await this.#pool.connect();
    // It breaks while it is lent: the statement under way rejects as well.
    const onError = (): void => {};
    client.on('error', onError);
    let broken: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      if (faultOf(error) !== 'refused') broken = error instanceof Error ? error : new Error(messageOf(error));
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  #failed(error: unknown): void {
    const { clock, random, onTrouble, address } = this.#parts;
    const now = clock.now();
    // Several fail at once when the server goes away; that is one failure.
    if (now < this.#notBefore) return;
    this.#notBefore = now + backoff(this.#failures, RETRY, random);
    this.#failures += 1;
    if (this.#failures === 1) onTrouble(federationError(error, address.where).message);
  }

  #succeeded(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#parts.onTrouble(undefined);
  }
}
