// The coordinator's store in PostgreSQL, for thousands of nodes: the same as in SQLite, by statements. One database belongs
// to one network; several coordinators of it may share it.

import {
  checked,
  type FederationStorage,
  refused,
  STORED_AT_MOST,
  type StoredModel,
  type StoredRound,
  type StoredUpdate,
} from '../../agents/federation/storage.ts';
import type { ExperienceRow } from '../../agents/parl/experience-storage.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import type { Random } from '../../core/random.ts';
import type { Service } from '../../core/service.ts';
import { readAddress } from './address.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { bufferOf, type ExperienceBounds, putExperience, skipTo } from './experience.ts';
import { migrate } from './schema.ts';

export interface PostgresStorageParts {
  /** `postgres://user:password@host/database`; see `address.ts`. */
  url: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Why the database cannot be used now, or undefined once it can again. */
  onTrouble?: (cause: string | undefined) => void;
  limits?: Partial<ConnectionLimits>;
  /** Of the experience that is kept; left out, ten million rows and 100 GB. */
  experience?: ExperienceBounds;
}

const MOST_EXPERIENCE: ExperienceBounds = { rows: 10_000_000, bytes: 100_000_000_000 };
/** Updates that are read at once. */
const PAGE = 256;

export class PostgresFederationStorage implements FederationStorage, Service {
  readonly name = 'federation-store';
  readonly #parts: PostgresStorageParts;
  readonly #most: ExperienceBounds;
  readonly #where: string;
  #open: Connections | undefined;

  /** Throws `FEDERATION_STORE_INVALID` for an address that is none. */
  constructor(parts: PostgresStorageParts) {
    this.#parts = parts;
    this.#most = parts.experience ?? MOST_EXPERIENCE;
    this.#where = readAddress(parts.url).where;
  }

  /** Connects, and brings the schema up to date. Rejects with the cause; may be called again then. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { url, clock, random, logger, limits, onTrouble = () => {} } = this.#parts;
    const address = readAddress(url);
    const connections = new Connections({
      ...{ address, clock, random, logger, onTrouble },
      ...(limits && { limits }),
    });
    const onAbort = (): void => void connections.close().catch(() => {});
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await connections.once((client) => migrate(client, address.where));
      signal.throwIfAborted();
      this.#open = connections;
    } catch (error) {
      await connections.close().catch((cause) => logger.debug({ cause: messageOf(cause) }, 'closing failed'));
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async stop(): Promise<void> {
    const connections = this.#open;
    this.#open = undefined;
    await connections?.close();
  }

  async putRound(round: StoredRound): Promise<void> {
    checked.round(round);
    const { learner, number, ended, state } = round;
    await this.#db.transaction(async (client) => {
      await client.query(
        `INSERT INTO parlmesh_rounds (learner, number, ended, state) VALUES ($1, $2, $3, $4)
         ON CONFLICT (learner, number) DO UPDATE SET ended = EXCLUDED.ended, state = EXCLUDED.state`,
        [learner, number, ended, state],
      );
      if (!ended) return;
      await client.query(
        `WITH gone AS (
           DELETE FROM parlmesh_rounds WHERE learner = $1 AND ended AND number <= (
             SELECT number FROM parlmesh_rounds WHERE learner = $1 AND ended ORDER BY number DESC OFFSET $2 LIMIT 1)
           RETURNING number
         ) DELETE FROM parlmesh_updates WHERE learner = $1 AND round IN (SELECT number FROM gone)`,
        [learner, STORED_AT_MOST.rounds],
      );
    });
  }

  async round(learner: string, number: number): Promise<StoredRound | undefined> {
    const rows = await this.#db.query<StoredRound>(
      'SELECT learner, number, state, ended FROM parlmesh_rounds WHERE learner = $1 AND number = $2',
      [learner, number],
    );
    return rows[0];
  }

  async rounds(learner: string, limit: number): Promise<StoredRound[]> {
    return this.#db.query<StoredRound>(
      'SELECT learner, number, state, ended FROM parlmesh_rounds WHERE learner = $1 ORDER BY number DESC LIMIT $2',
      [learner, listed(limit)],
    );
  }

  async putUpdate(update: StoredUpdate): Promise<boolean> {
    checked.update(update);
    const { learner, round, node, header, data } = update;
    const rows = await this.#db.query(
      `INSERT INTO parlmesh_updates (learner, round, node, header, data)
       SELECT $1::text, $2::integer, $3::text, $4::text, $5::bytea
       WHERE (SELECT count(*) FROM parlmesh_updates WHERE learner = $1 AND round = $2) < $6
       ON CONFLICT DO NOTHING RETURNING node`,
      [learner, round, node, header, bufferOf(data), STORED_AT_MOST.updates],
    );
    if (rows.length > 0) return true;
    const there = await this.#db.query(
      'SELECT node FROM parlmesh_updates WHERE learner = $1 AND round = $2 AND node = $3',
      [learner, round, node],
    );
    if (there.length === 0) throw full(STORED_AT_MOST.updates, `updates of round ${round}`);
    return false;
  }

  async updates(learner: string, round: number): Promise<StoredUpdate[]> {
    const found: StoredUpdate[] = [];
    for (let after = ''; ; ) {
      const page = await this.#db.query<StoredUpdate>(
        `SELECT learner, round, node, header, data FROM parlmesh_updates
         WHERE learner = $1 AND round = $2 AND node > $3 ORDER BY node LIMIT ${PAGE}`,
        [learner, round, after],
      );
      found.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return found;
      after = last.node;
    }
  }

  async dropUpdates(learner: string, round: number): Promise<void> {
    await this.#db.query('DELETE FROM parlmesh_updates WHERE learner = $1 AND round < $2', [learner, round]);
  }

  async putModel(model: StoredModel): Promise<void> {
    checked.model(model);
    const { learner, version, lineage, parameters } = model;
    const rows = await this.#db.query(
      `INSERT INTO parlmesh_models (learner, version, lineage, parameters)
       SELECT $1::text, $2::text, $3::text, $4::bytea
       WHERE (SELECT count(*) FROM parlmesh_models WHERE learner = $1 AND version <> $2) < $5
       ON CONFLICT (learner, version) DO UPDATE SET lineage = EXCLUDED.lineage, parameters = EXCLUDED.parameters
       RETURNING id`,
      [learner, version, lineage, bufferOf(parameters), STORED_AT_MOST.models],
    );
    if (rows.length === 0) throw full(STORED_AT_MOST.models, `models of ${learner}`);
  }

  async model(learner: string, version: string): Promise<StoredModel | undefined> {
    const rows = await this.#db.query<StoredModel>(
      'SELECT learner, version, lineage, parameters FROM parlmesh_models WHERE learner = $1 AND version = $2',
      [learner, version],
    );
    return rows[0];
  }

  async models(learner: string, limit: number): Promise<Omit<StoredModel, 'parameters'>[]> {
    return this.#db.query<Omit<StoredModel, 'parameters'>>(
      'SELECT learner, version, lineage FROM parlmesh_models WHERE learner = $1 ORDER BY id DESC LIMIT $2',
      [learner, listed(limit)],
    );
  }

  async dropModels(learner: string, keep: number, needed: readonly string[]): Promise<void> {
    await this.#db.query(
      `DELETE FROM parlmesh_models WHERE learner = $1 AND version <> ALL ($3::text[]) AND id NOT IN (
         SELECT id FROM parlmesh_models WHERE learner = $1 ORDER BY id DESC LIMIT $2)`,
      [learner, Math.max(0, Math.floor(keep)), [...needed]],
    );
  }

  async putDocument(name: string, value: string): Promise<void> {
    checked.document(name, value);
    const rows = await this.#db.query(
      `INSERT INTO parlmesh_documents (name, value) SELECT $1::text, $2::text
       WHERE (SELECT count(*) FROM parlmesh_documents WHERE name <> $1) < $3
       ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value RETURNING name`,
      [name, value, STORED_AT_MOST.documents],
    );
    if (rows.length === 0) throw full(STORED_AT_MOST.documents, 'documents');
  }

  async document(name: string): Promise<string | undefined> {
    const rows = await this.#db.query<{ value: string }>('SELECT value FROM parlmesh_documents WHERE name = $1', [
      name,
    ]);
    return rows[0]?.value;
  }

  async putExperience(rows: readonly ExperienceRow[]): Promise<number> {
    checked.experience(rows);
    return this.#db.transaction((client) => putExperience(client, rows, this.#most));
  }

  async received(node: string): Promise<number> {
    const rows = await this.#db.query<{ sequence: number }>('SELECT sequence FROM parlmesh_marks WHERE node = $1', [
      node,
    ]);
    return rows[0]?.sequence ?? 0;
  }

  async skipTo(node: string, next: number): Promise<void> {
    checked.skip(node, next);
    await this.#db.transaction((client) => skipTo(client, node, next));
  }

  async size(): Promise<{ experienceRows: number; experienceBytes: number; nodes: number }> {
    const rows = await this.#db.query<{ rows: number; bytes: number; nodes: number }>(
      'SELECT rows, bytes, (SELECT count(*) FROM parlmesh_marks) AS nodes FROM parlmesh_totals',
    );
    const { rows: experienceRows, bytes: experienceBytes, nodes } = rows[0] ?? { rows: 0, bytes: 0, nodes: 0 };
    return { experienceRows, experienceBytes, nodes };
  }

  get #db(): Connections {
    if (this.#open !== undefined) return this.#open;
    throw new ParlmeshError('FEDERATION_STORE_FAILED', `PostgreSQL ${this.#where} is not open`, {
      hint: 'parlmesh doctor tells why the coordinator’s store is away',
    });
  }
}

const listed = (limit: number): number => Math.min(STORED_AT_MOST.listed, Math.max(0, Math.floor(limit)));

const full = (count: number, what: string): ParlmeshError => refused(`There are ${count} ${what} already`);
