// The address of a database: what is connected to, and what may be told of it. A password is in no message.

import { readFileSync } from 'node:fs';
import type { PoolConfig } from 'pg';
import { messageOf, ParlmeshError } from '../../core/errors.ts';

export interface Address {
  /** For people: `parlmesh@db.lan:5432/parlmesh`, without the password. */
  where: string;
  /** What `pg` connects with. */
  connection: Pick<PoolConfig, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl' | 'options'>;
}

const HINT = 'Write federation.store as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full';
/** Parameters that are understood; whatever else is written would be thought to have an effect. */
const PARAMETERS = new Set(['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'host', 'options']);

/**
 * `postgres://user:password@host:port/database?sslmode=…`. `sslmode`: `disable` (default on a Unix socket or loopback),
 * `require` (encrypted, nobody verified), `verify-ca`, `verify-full` (default elsewhere). `sslrootcert`, `sslcert` and
 * `sslkey` name PEM files; `host` the folder of a Unix socket; `options` what the server takes, such as
 * `-c search_path=parlmesh`. Throws `FEDERATION_STORE_INVALID`.
 */
export function readAddress(text: string): Address {
  const url = URL.parse(text);
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    throw invalid('federation.store is not the address of a PostgreSQL database');
  }
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.has(name)) {
      throw invalid(`federation.store has the parameter "${name}"; known are ${[...PARAMETERS].join(', ')}`);
    }
  }
  const host = url.searchParams.get('host') ?? decode(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  const database = decode(url.pathname.slice(1));
  const user = decode(url.username);
  if (host === '') throw invalid('federation.store names no host');
  if (database === '') throw invalid('federation.store names no database');
  if (user === '') throw invalid('federation.store names no user');
  const port = url.port === '' ? 5432 : Number(url.port);
  // What is acknowledged is on the disk, whatever the server's default is.
  const options = `${url.searchParams.get('options') ?? ''} -c synchronous_commit=on`.trim();
  const where = `${user}@${host}:${port}/${database}`;
  return {
    where,
    connection: {
      ...{ host, port, user, database, options, ssl: tlsOf(url.searchParams, host) },
      ...(url.password !== '' && { password: decode(url.password) }),
    },
  };
}

function tlsOf(parameters: URLSearchParams, host: string): PoolConfig['ssl'] {
  const isLocal = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host);
  const mode = parameters.get('sslmode') ?? (isLocal ? 'disable' : 'verify-full');
  const ca = fileOf(parameters, 'sslrootcert');
  const cert = fileOf(parameters, 'sslcert');
  const key = fileOf(parameters, 'sslkey');
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  switch (mode) {
    case 'disable':
      return false;
    case 'require':
      return { ...files, rejectUnauthorized: false };
    case 'verify-ca':
      return { ...files, checkServerIdentity: () => undefined };
    case 'verify-full':
      return files;
    default:
      throw invalid(`sslmode "${mode}" of federation.store is none of disable, require, verify-ca, verify-full`);
  }
}

function fileOf(parameters: URLSearchParams, name: string): string | undefined {
  const path = parameters.get(name);
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(`${name} of federation.store cannot be read: ${messageOf(error)}`);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('federation.store has a % that stands for no character');
  }
}

const invalid = (message: string): ParlmeshError =>
  new ParlmeshError('FEDERATION_STORE_INVALID', message, { hint: HINT });
