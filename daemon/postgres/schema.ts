// The schema in PostgreSQL, as numbered steps forward. A step that has been released is never changed: a new one is added.

import type { ClientBase } from 'pg';
import { ParlmeshError } from '../../core/errors.ts';
import { inTransaction } from './transaction.ts';

const STEPS: readonly string[] = [
  `
CREATE TABLE parlmesh_rounds (
  learner text COLLATE "C" NOT NULL, number integer NOT NULL, ended boolean NOT NULL, state text NOT NULL,
  PRIMARY KEY (learner, number)
);
CREATE TABLE parlmesh_updates (
  learner text COLLATE "C" NOT NULL, round integer NOT NULL, node text COLLATE "C" NOT NULL, header text NOT NULL,
  data bytea NOT NULL, PRIMARY KEY (learner, round, node)
);
CREATE TABLE parlmesh_models (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, learner text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL, lineage text NOT NULL, parameters bytea NOT NULL, UNIQUE (learner, version)
);
CREATE TABLE parlmesh_documents (name text COLLATE "C" PRIMARY KEY, value text NOT NULL);
CREATE TABLE parlmesh_experience (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, node text COLLATE "C" NOT NULL, sequence bigint NOT NULL,
  at double precision NOT NULL, version bigint NOT NULL, priority double precision NOT NULL,
  decisions bigint NOT NULL, data bytea NOT NULL, UNIQUE (node, sequence)
);
CREATE INDEX parlmesh_experience_priority ON parlmesh_experience (priority, id);
CREATE TABLE parlmesh_marks (node text COLLATE "C" PRIMARY KEY, sequence bigint NOT NULL);
CREATE TABLE parlmesh_totals (single boolean PRIMARY KEY CHECK (single), rows bigint NOT NULL, bytes bigint NOT NULL);
INSERT INTO parlmesh_totals VALUES (true, 0, 0);`,
];

/** Held while the schema is brought up to date, so that two coordinators that start at once do it once ("pmes"). */
const LOCK = 0x706d6573;

/**
 * Brings the schema to the newest version in one transaction, whatever else does so now. Returns the version it had.
 * Throws `FEDERATION_STORE_NEWER` for one of a newer parlmesh.
 */
export function migrate(client: ClientBase, where: string): Promise<number> {
  return inTransaction(client, async () => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query('CREATE TABLE IF NOT EXISTS parlmesh_schema (version integer NOT NULL)');
    const { rows } = await client.query<{ version: number }>('SELECT max(version) AS version FROM parlmesh_schema');
    const from = rows[0]?.version ?? 0;
    if (from > STEPS.length) throw newer(where, from);
    for (const [index, step] of STEPS.entries()) {
      if (index < from) continue;
      await client.query(step);
      await client.query('INSERT INTO parlmesh_schema VALUES ($1)', [index + 1]);
    }
    return from;
  });
}

function newer(where: string, version: number): ParlmeshError {
  return new ParlmeshError(
    'FEDERATION_STORE_NEWER',
    `${where} has schema version ${version}, this parlmesh knows up to ${STEPS.length}: a newer parlmesh wrote it`,
    { hint: 'Install the newer parlmesh again, or name another database in federation.store' },
  );
}
