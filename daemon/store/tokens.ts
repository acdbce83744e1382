// The tokens table: who may use the API. What the columns mean is `daemon/security/tokens.ts`' business.

import type { Scope, TokenRow } from '../security/tokens.ts';
import type { Connection } from './database.ts';
import { parseStrings } from './json.ts';

/** Named here again, checked by the compiler: the writer's thread starts in a third of the time without the schema. */
const SCOPES: Record<Scope, true> = { read: true, act: true, admin: true };

interface Row {
  id: string;
  name: string;
  hash: string;
  scopes: string;
  createdAt: number;
  expiresAt: number | null;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

/** Returns a function that inserts or replaces a token by its id and says how many rows that added. */
export function tokenWriter(db: Connection): (token: TokenRow) => number {
  const update = db.prepare(
    `UPDATE tokens SET name = ?, hash = ?, scopes = ?, created_at = ?, expires_at = ?, last_used_at = ?, revoked_at = ?
     WHERE id = ?`,
  );
  const insert = db.prepare(
    `INSERT INTO tokens (name, hash, scopes, created_at, expires_at, last_used_at, revoked_at, id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (token) => {
    const values = [
      token.name,
      token.hash,
      JSON.stringify(token.scopes),
      Math.round(token.createdAt),
      roundOrNull(token.expiresAt),
      roundOrNull(token.lastUsedAt),
      roundOrNull(token.revokedAt),
      token.id,
    ];
    return update.run(...values).changes > 0 ? 0 : insert.run(...values).changes;
  };
}

/** All tokens, revoked and expired ones included, oldest first. */
export function listTokens(db: Connection): TokenRow[] {
  return db
    .prepare<[], Row>(
      `SELECT id, name, hash, scopes, created_at AS createdAt, expires_at AS expiresAt, last_used_at AS lastUsedAt,
         revoked_at AS revokedAt FROM tokens ORDER BY number`,
    )
    .all()
    .map(({ scopes, expiresAt, lastUsedAt, revokedAt, ...row }) => ({
      ...row,
      scopes: parseStrings(scopes).filter(isScope),
      ...(expiresAt === null ? {} : { expiresAt }),
      ...(lastUsedAt === null ? {} : { lastUsedAt }),
      ...(revokedAt === null ? {} : { revokedAt }),
    }));
}

function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}

function roundOrNull(at: number | undefined): number | null {
  return at === undefined ? null : Math.round(at);
}
