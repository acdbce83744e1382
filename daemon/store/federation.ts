// The tables of a coordinator: rounds, updates, models and documents. Each is bounded with every put; the experience of the
// nodes is in `experience.ts`, where that of this node is.

import {
  checked,
  type FederationStorage,
  refused,
  STORED_AT_MOST,
  type StoredModel,
  type StoredRound,
  type StoredUpdate,
} from '../../agents/federation/storage.ts';
import type { ExperienceRow, ExperienceStorage } from '../../agents/parl/experience-storage.ts';
import { messageOf, ParlmeshError } from '../../core/errors.ts';
import type { StoreAccess } from './access.ts';
import type { Connection } from './database.ts';
import { upsert } from './upsert.ts';

export type FederationChange =
  | { kind: 'round'; round: StoredRound }
  | { kind: 'update'; update: StoredUpdate }
  | { kind: 'drop-updates'; learner: string; round: number }
  | { kind: 'model'; model: StoredModel }
  | { kind: 'drop-models'; learner: string; keep: number; needed: string[] }
  | { kind: 'document'; name: string; value: string };

/** Rows that tables have more. */
interface Change {
  federation_rounds?: number;
  federation_updates?: number;
  federation_models?: number;
  federation_documents?: number;
  /** What whoever waits is told: how many were new. */
  count: number;
}

/** Updates that are read at once: a round of a thousand nodes has some 20 MB of them, and the event loop waits meanwhile. */
const PAGE = 64;

/** Returns a function that carries a change out, whole or not at all. */
export function federationWriter(db: Connection): (change: FederationChange) => Change {
  const number = (sql: string) => db.prepare<(string | number)[], number>(sql).pluck();
  const putRound = upsert(db, 'federation_rounds', ['learner', 'number'], ['state', 'ended']);
  const endedRounds = number('SELECT count(*) FROM federation_rounds WHERE learner = ? AND ended = 1');
  const oldestEnded = number(
    'SELECT number FROM federation_rounds WHERE learner = ? AND ended = 1 ORDER BY number LIMIT 1',
  );
  const removeRound = db.prepare('DELETE FROM federation_rounds WHERE learner = ? AND number = ?');
  const removeUpdatesOf = db.prepare('DELETE FROM federation_updates WHERE learner = ? AND round = ?');
  const updates = number('SELECT count(*) FROM federation_updates WHERE learner = ? AND round = ?');
  const putUpdate = db.prepare(
    `INSERT INTO federation_updates (learner, round, node, header, data) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (learner, round, node) DO NOTHING`,
  );
  const dropUpdates = db.prepare('DELETE FROM federation_updates WHERE learner = ? AND round < ?');
  const putModel = upsert(db, 'federation_models', ['learner', 'version'], ['lineage', 'parameters']);
  const models = number('SELECT count(*) FROM federation_models WHERE learner = ?');
  const dropModels = db.prepare(
    `DELETE FROM federation_models WHERE learner = ?
       AND id NOT IN (SELECT id FROM federation_models WHERE learner = ? ORDER BY id DESC LIMIT ?)
       AND version NOT IN (SELECT value FROM json_each(?))`,
  );
  const putDocument = upsert(db, 'federation_documents', ['name'], ['value']);
  const documents = number('SELECT count(*) FROM federation_documents');

  const round = ({ learner, number, state, ended }: StoredRound): Change => {
    const added = putRound([learner, number], [state, ended ? 1 : 0]);
    let rounds = added;
    let removed = 0;
    while ((endedRounds.get(learner) ?? 0) > STORED_AT_MOST.rounds) {
      const oldest = oldestEnded.get(learner);
      if (oldest === undefined) break;
      rounds -= removeRound.run(learner, oldest).changes;
      removed += removeUpdatesOf.run(learner, oldest).changes;
    }
    return { federation_rounds: rounds, federation_updates: -removed, count: added };
  };
  const update = ({ learner, round, node, header, data }: StoredUpdate): Change => {
    const added = putUpdate.run(learner, round, node, header, data).changes;
    requireRoom(updates.get(learner, round), 'updates', `updates of round ${round}`);
    return { federation_updates: added, count: added };
  };
  const model = ({ learner, version, lineage, parameters }: StoredModel): Change => {
    const added = putModel([learner, version], [lineage, parameters]);
    requireRoom(models.get(learner), 'models', `models of ${learner}`);
    return { federation_models: added, count: added };
  };
  return db.transaction((change: FederationChange): Change => {
    switch (change.kind) {
      case 'round':
        return round(change.round);
      case 'update':
        return update(change.update);
      case 'drop-updates':
        return { federation_updates: -dropUpdates.run(change.learner, change.round).changes, count: 0 };
      case 'model':
        return model(change.model);
      case 'drop-models': {
        const { learner, keep, needed } = change;
        const { changes } = dropModels.run(learner, learner, keep, JSON.stringify(needed));
        return { federation_models: -changes, count: 0 };
      }
      case 'document': {
        const added = putDocument([change.name], [change.value]);
        requireRoom(documents.get(), 'documents', 'documents');
        return { federation_documents: added, count: added };
      }
    }
  });
}

function requireRoom(count: number | undefined, bound: 'updates' | 'models' | 'documents', what: string): void {
  if ((count ?? 0) > STORED_AT_MOST[bound]) throw new RangeError(`there are ${STORED_AT_MOST[bound]} ${what} already`);
}

/** What a coordinator asks of the store. */
export class StoredFederation implements FederationStorage {
  readonly #access: StoreAccess;
  readonly #experience: ExperienceStorage;

  constructor(access: StoreAccess, experience: ExperienceStorage) {
    this.#access = access;
    this.#experience = experience;
  }

  async putRound(round: StoredRound): Promise<void> {
    checked.round(round);
    await this.#write({ kind: 'round', round: { ...round } });
  }

  round(learner: string, number: number): Promise<StoredRound | undefined> {
    return this.#read((db) => {
      const row = db
        .prepare<[string, number], RoundRow>(`${ROUNDS} WHERE learner = ? AND number = ?`)
        .get(learner, number);
      return row && roundOf(row);
    });
  }

  rounds(learner: string, limit: number): Promise<StoredRound[]> {
    return this.#read((db) =>
      db
        .prepare<[string, number], RoundRow>(`${ROUNDS} WHERE learner = ? ORDER BY number DESC LIMIT ?`)
        .all(learner, listed(limit))
        .map(roundOf),
    );
  }

  async putUpdate(update: StoredUpdate): Promise<boolean> {
    checked.update(update);
    // Copied, not transferred to the writer's thread: a batch that failed is written once more.
    const data = new Uint8Array(update.data);
    return (await this.#write({ kind: 'update', update: { ...update, data } })) > 0;
  }

  async updates(learner: string, round: number): Promise<StoredUpdate[]> {
    const found: StoredUpdate[] = [];
    for (let after = ''; ; ) {
      const page = await this.#read((db) =>
        db
          .prepare<[string, number, string], StoredUpdate>(
            `SELECT learner, round, node, header, data FROM federation_updates
             WHERE learner = ? AND round = ? AND node > ? ORDER BY node LIMIT ${PAGE}`,
          )
          .all(learner, round, after),
      );
      found.push(...page);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return found;
      after = last.node;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async dropUpdates(learner: string, round: number): Promise<void> {
    await this.#write({ kind: 'drop-updates', learner, round });
  }

  async putModel(model: StoredModel): Promise<void> {
    checked.model(model);
    const parameters = new Uint8Array(model.parameters);
    await this.#write({ kind: 'model', model: { ...model, parameters } });
  }

  model(learner: string, version: string): Promise<StoredModel | undefined> {
    return this.#read((db) =>
      db
        .prepare<[string, string], StoredModel>(
          'SELECT learner, version, lineage, parameters FROM federation_models WHERE learner = ? AND version = ?',
        )
        .get(learner, version),
    );
  }

  models(learner: string, limit: number): Promise<Omit<StoredModel, 'parameters'>[]> {
    return this.#read((db) =>
      db
        .prepare<[string, number], Omit<StoredModel, 'parameters'>>(
          'SELECT learner, version, lineage FROM federation_models WHERE learner = ? ORDER BY id DESC LIMIT ?',
        )
        .all(learner, listed(limit)),
    );
  }

  async dropModels(learner: string, keep: number, needed: readonly string[]): Promise<void> {
    await this.#write({ kind: 'drop-models', learner, keep: Math.max(0, Math.floor(keep)), needed: [...needed] });
  }

  async putDocument(name: string, value: string): Promise<void> {
    checked.document(name, value);
    await this.#write({ kind: 'document', name, value });
  }

  document(name: string): Promise<string | undefined> {
    return this.#read((db) =>
      db.prepare<[string], string>('SELECT value FROM federation_documents WHERE name = ?').pluck().get(name),
    );
  }

  async putExperience(rows: readonly ExperienceRow[]): Promise<number> {
    checked.experience(rows);
    return failing(() => this.#experience.put(rows));
  }

  received(node: string): Promise<number> {
    return failing(async () => this.#experience.received(node));
  }

  async skipTo(node: string, next: number): Promise<void> {
    checked.skip(node, next);
    await failing(() => this.#experience.skipTo(node, next));
  }

  size(): Promise<{ experienceRows: number; experienceBytes: number; nodes: number }> {
    return this.#read((db) => {
      const { rows, bytes } = this.#experience.size();
      const nodes = db.prepare<[], number>("SELECT count(*) FROM experience_marks WHERE receiver = ''").pluck().get();
      return { experienceRows: rows, experienceBytes: bytes, nodes: nodes ?? 0 };
    });
  }

  #write(change: FederationChange): Promise<number> {
    return failing(() => this.#access.write({ table: 'federation', change }));
  }

  #read<T>(query: (db: Connection) => T): Promise<T> {
    return failing(async () => this.#access.read(query));
  }
}

const ROUNDS = 'SELECT learner, number, state, ended FROM federation_rounds';
type RoundRow = Omit<StoredRound, 'ended'> & { ended: number };
const roundOf = ({ ended, ...round }: RoundRow): StoredRound => ({ ...round, ended: ended === 1 });

const listed = (limit: number): number => Math.min(STORED_AT_MOST.listed, Math.max(0, Math.floor(limit)));

/** Whatever the store's own error is, by the names that all stores of a federation have. */
async function failing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ParlmeshError && error.code === 'STORE_REFUSED') throw refused(error.message);
    const hint = error instanceof ParlmeshError ? error.hint : undefined;
    throw new ParlmeshError('FEDERATION_STORE_FAILED', `The coordinator's store: ${messageOf(error)}`, {
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  }
}
