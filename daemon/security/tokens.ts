// API tokens: `pm_<id>_<secret>`, made, checked, listed and revoked. Only the SHA-256 of the secret is kept; since a
// secret is 32 random bytes, a slow password hash would add nothing but delay.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { Clock } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

/** `read` sees, `act` restarts and triggers, `admin` changes tokens, network, configuration and store. */
export const Scope = Type.Union([Type.Literal('read'), Type.Literal('act'), Type.Literal('admin')]);
export type Scope = Static<typeof Scope>;

/** One kept token. Times are milliseconds since 1970. */
export interface TokenRow {
  id: string;
  name: string;
  scopes: Scope[];
  /** SHA-256 of the secret, hex. */
  hash: string;
  createdAt: number;
  expiresAt?: number;
  lastUsedAt?: number;
  revokedAt?: number;
}

/** Where rows are kept; `put` inserts or replaces by id and resolves once it is durable. */
export interface TokenStorage {
  list(): TokenRow[];
  put(row: TokenRow): Promise<void>;
}

export interface TokenRequest {
  name: string;
  scopes: Scope[];
  /** Without it, the token does not expire. */
  expiresInSeconds?: number;
}

const TOKEN = /^pm_([a-z2-7]{10})_([A-Za-z0-9_-]{43})$/;
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const MOST_TOKENS = 1000;
/** A use is written at most this often: five minutes of precision for no more than 12 writes an hour and token. */
const LAST_USED_PRECISION = 5 * 60_000;

export class Tokens {
  readonly #storage: TokenStorage;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  #rows: Map<string, TokenRow> | undefined;

  constructor(options: { storage: TokenStorage; clock: Clock; logger: Logger }) {
    this.#storage = options.storage;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Makes a token. Its text is told this once and cannot be had again. */
  async create(request: TokenRequest): Promise<{ token: string; row: TokenRow }> {
    if (this.list().length >= MOST_TOKENS) {
      throw new ParlmeshError('TOKEN_LIMIT', `There are ${MOST_TOKENS} tokens already`, {
        hint: 'parlmesh token revoke ID removes one that is not needed',
      });
    }
    const id = Array.from(randomBytes(10), (byte) => ID_LETTERS[byte & 31]).join('');
    const secret = randomBytes(32).toString('base64url');
    const now = this.#clock.wall();
    const row: TokenRow = {
      id,
      name: request.name,
      scopes: [...new Set(request.scopes)],
      hash: sha256(secret).toString('hex'),
      createdAt: now,
      ...(request.expiresInSeconds === undefined ? {} : { expiresAt: now + request.expiresInSeconds * 1000 }),
    };
    await this.#storage.put(row);
    this.#all().set(id, row);
    this.#changed();
    return { token: `pm_${id}_${secret}`, row };
  }

  /** The row of a valid token's text; undefined for anything else. Takes equally long for any secret of a known id. */
  verify(text: string): TokenRow | undefined {
    const parts = TOKEN.exec(text);
    if (parts === null) return undefined;
    const row = this.#all().get(parts[1]!);
    const given = sha256(parts[2]!);
    const kept = row === undefined ? Buffer.alloc(given.length) : Buffer.from(row.hash, 'hex');
    if (!timingSafeEqual(given, kept) || row === undefined) return undefined;
    return this.get(row.id);
  }

  /** The row while it is neither revoked nor expired; notes that it was used. */
  get(id: string): TokenRow | undefined {
    const row = this.#all().get(id);
    const now = this.#clock.wall();
    if (row === undefined || row.revokedAt !== undefined || (row.expiresAt ?? Number.POSITIVE_INFINITY) <= now) {
      return undefined;
    }
    if (now - (row.lastUsedAt ?? 0) >= LAST_USED_PRECISION) {
      row.lastUsedAt = now;
      this.#storage.put(row).catch((err: unknown) => this.#logger.warn({ err }, 'token use was not stored'));
    }
    return row;
  }

  /** Tokens that were not revoked, expired ones included, oldest first. */
  list(): TokenRow[] {
    return [...this.#all().values()].filter((row) => row.revokedAt === undefined);
  }

  /** Whether access is by token at all. An expired token still counts: time passing must not open a door. */
  get required(): boolean {
    return this.list().length > 0;
  }

  async revoke(id: string): Promise<void> {
    const row = this.#all().get(id);
    if (row === undefined || row.revokedAt !== undefined) {
      throw new ParlmeshError('TOKEN_NOT_FOUND', `There is no token "${id}"`, { hint: 'parlmesh token list' });
    }
    const revoked = { ...row, revokedAt: this.#clock.wall() };
    // In force at once, even if the disk refuses the row.
    this.#all().set(id, revoked);
    this.#changed();
    await this.#storage.put(revoked);
  }

  /** Calls `listener` after each creation and revocation until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #all(): Map<string, TokenRow> {
    this.#rows ??= new Map(this.#storage.list().map((row) => [row.id, { ...row }]));
    return this.#rows;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function sha256(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
