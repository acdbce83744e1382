// What errors of PostgreSQL and of the way to it mean to the federation, and what to do about them.

import { messageOf, ParlmeshError } from '../../core/errors.ts';

/**
 * `away`: the server cannot be reached or is restarting; the same may succeed later. `again`: it gave way to another
 * transaction. `refused`: this will never be accepted. `failed`: anything else; somebody must do something.
 */
export type PostgresFault = 'away' | 'again' | 'refused' | 'failed';

const AWAY = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT', 'EAI_AGAIN'],
  // admin_shutdown, crash_shutdown, cannot_connect_now, too_many_connections, idle_in_transaction_session_timeout.
  ...['57P01', '57P02', '57P03', '53300', '25P03'],
]);
/** serialization_failure, deadlock_detected, lock_not_available. */
const AGAIN = new Set(['40001', '40P01', '55P03']);
/** What pg says, without a code, of a connection that broke or was not made in time. */
const BROKEN =
  /connection terminated|query read timeout|connection timeout|timeout exceeded when trying to connect|not queryable/i;

export function faultOf(thrown: unknown): PostgresFault {
  const code = codeOf(thrown);
  if (AWAY.has(code) || code.startsWith('08')) return 'away';
  if (AGAIN.has(code)) return 'again';
  // Data exceptions, violated constraints, limits of the program.
  if (/^(22|23|54)/.test(code)) return 'refused';
  if (BROKEN.test(messageOf(thrown))) return 'away';
  return 'failed';
}

/** By SQLSTATE or the system's code: what to do next. */
const HINTS: Record<string, string> = {
  '28P01': 'The password in federation.store is wrong: ALTER ROLE … PASSWORD … sets another one',
  '28000': 'pg_hba.conf on the database’s host does not let this user in from here',
  '3D000': 'There is no such database: createdb makes it; docs/federation-shipping.md tells how',
  '42501': 'The user may not create tables there: GRANT CREATE ON SCHEMA public TO … or make it the database’s owner',
  '53100': 'The disk of the database is full: free space there; the federation goes on by itself',
  '57014': 'A statement took longer than it may: is the database overloaded, or locked by somebody?',
  ECONNREFUSED: 'Is PostgreSQL running there, and does it listen on that address and port?',
  ENOTFOUND: 'The name of the host is not known: check federation.store and the DNS',
  ENOENT: 'There is no such Unix socket: is PostgreSQL running?',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'Name the certificate that signed the server’s with sslrootcert=FILE in federation.store',
  SELF_SIGNED_CERT_IN_CHAIN: 'Name the certificate that signed the server’s with sslrootcert=FILE in federation.store',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'Name the certificate that signed the server’s with sslrootcert=FILE in federation.store',
};
const ANY = 'Is PostgreSQL well there? Its own log tells more';

/** The error as the federation knows it; a ParlmeshError stays itself. @param where user, host and database */
export function federationError(thrown: unknown, where: string): ParlmeshError {
  if (thrown instanceof ParlmeshError) return thrown;
  const code = codeOf(thrown);
  const message = `PostgreSQL ${where}: ${messageOf(deepest(thrown))}${code === '' ? '' : ` (${code})`}`;
  if (faultOf(thrown) === 'refused') return new ParlmeshError('FEDERATION_STORE_REFUSED', message, { cause: thrown });
  return new ParlmeshError('FEDERATION_STORE_FAILED', message, { cause: thrown, hint: HINTS[code] ?? ANY });
}

/** A host with several addresses fails with an AggregateError, whose own message is empty. */
function deepest(thrown: unknown): unknown {
  return thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown;
}

function codeOf(thrown: unknown): string {
  const error = deepest(thrown);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
