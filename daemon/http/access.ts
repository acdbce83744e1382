// Who is asking, and may they: the Unix socket by its file permissions, TCP by token or session, and, while no token
// exists, whoever sits at this board's loopback, guarded against other web sites (DNS rebinding, CSRF).

import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyRequest } from 'fastify';
import type { ParlmeshError } from '../../core/errors.ts';
import type { Scope, TokenRow, Tokens } from '../security/tokens.ts';
import { httpError } from './problem.ts';
import type { Sessions } from './sessions.ts';

export type Caller =
  /** Came over the Unix socket. */
  | { kind: 'socket' }
  /** Came over loopback while no token exists. */
  | { kind: 'local' }
  | { kind: 'token'; tokenId: string; scopes: readonly Scope[] }
  | { kind: 'session'; tokenId: string; scopes: readonly Scope[] }
  | { kind: 'stranger'; refusal: ParlmeshError };

/** What a caller without credentials may do at the board itself: see and act, but not hand out access. */
const LOCAL_SCOPES: readonly Scope[] = ['read', 'act'];
const ALL_SCOPES: readonly Scope[] = ['read', 'act', 'admin'];
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** What the route asks of its caller; `none` is open to everybody. Routes of the API that say nothing ask `admin`. */
    scope?: Scope | 'none';
    /** The answer goes on until the client leaves. */
    endless?: boolean;
  }
}

export class Access {
  readonly #tokens: Tokens;
  readonly #sessions: Sessions;
  readonly #cameByUnixSocket: (request: FastifyRequest) => boolean;
  readonly #ownNames: ReadonlySet<string>;

  constructor(options: {
    tokens: Tokens;
    sessions: Sessions;
    cameByUnixSocket: (request: FastifyRequest) => boolean;
    nodeName: string;
  }) {
    this.#tokens = options.tokens;
    this.#sessions = options.sessions;
    this.#cameByUnixSocket = options.cameByUnixSocket;
    const names = [hostname(), options.nodeName].map((name) => name.toLowerCase());
    this.#ownNames = new Set(['localhost', ...names, ...names.map((name) => `${name}.local`)]);
  }

  /** Finds out who is asking. Throws only for a host name that no client of a node without tokens would use. */
  identify(request: FastifyRequest, sessionId: string | undefined): Caller {
    if (this.#cameByUnixSocket(request)) return { kind: 'socket' };
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#bearer(authorization);
    if (!this.#tokens.required) return this.#local(request);
    const row = sessionId === undefined ? undefined : this.#sessions.find(sessionId);
    if (row !== undefined) return { kind: 'session', tokenId: row.id, scopes: row.scopes };
    return {
      kind: 'stranger',
      refusal: httpError('HTTP_UNAUTHORIZED', 'This needs a token', 'parlmesh token create prints one, on the board'),
    };
  }

  /** Throws unless the caller has the scope and the request is one that it meant to make. */
  authorize(request: FastifyRequest, scope: Scope | 'none'): void {
    const { caller } = request;
    refuseOtherSites(request);
    if (scope === 'none') return;
    if (caller.kind === 'stranger') throw caller.refusal;
    if (scopesOf(caller).includes(scope)) return;
    throw httpError(
      'HTTP_FORBIDDEN',
      `This needs the scope "${scope}"; the caller has ${scopesOf(caller).join(', ')}`,
      caller.kind === 'local'
        ? 'Without a token, tokens, network, configuration and store are changed by the parlmesh command on the board'
        : `parlmesh token create NAME --scopes ${[...new Set(['read', scope])].join(',')}`,
    );
  }

  /** Whether a caller that was let in before still would be: its token may have been revoked or run out since. */
  stillAllowed(caller: Caller): boolean {
    switch (caller.kind) {
      case 'socket':
        return true;
      case 'local':
        return !this.#tokens.required;
      case 'token':
      case 'session':
        return this.#tokens.get(caller.tokenId) !== undefined;
      case 'stranger':
        return false;
    }
  }

  #bearer(authorization: string): Caller {
    const text = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const row: TokenRow | undefined = text === undefined ? undefined : this.#tokens.verify(text);
    if (row !== undefined) return { kind: 'token', tokenId: row.id, scopes: row.scopes };
    return {
      kind: 'stranger',
      refusal: httpError('HTTP_TOKEN_INVALID', 'The token is unknown, expired or revoked', 'parlmesh token list'),
    };
  }

  #local(request: FastifyRequest): Caller {
    // A page of another site can make its own name resolve to 127.0.0.1, but cannot make the browser send ours.
    if (!this.#isOwnHost(request.headers.host)) {
      throw httpError(
        'HTTP_HOST_UNKNOWN',
        `This node does not go by the name "${(request.headers.host ?? '').slice(0, 100)}"`,
        'Use its address or host name; once a token exists, any name will do',
      );
    }
    const forwarded = FORWARDED.some((header) => request.headers[header] !== undefined);
    if (!forwarded && isLoopback(request.ip)) return { kind: 'local' };
    return {
      kind: 'stranger',
      refusal: httpError(
        'HTTP_UNAUTHORIZED',
        'Without a token, only this board itself may ask',
        'parlmesh token create',
      ),
    };
  }

  #isOwnHost(header: string | undefined): boolean {
    if (header === undefined) return false;
    const host = hostOf(header);
    return isIP(host) !== 0 || host.endsWith('.localhost') || this.#ownNames.has(host);
  }
}

export function scopesOf(caller: Caller): readonly Scope[] {
  switch (caller.kind) {
    case 'socket':
      return ALL_SCOPES;
    case 'local':
      return LOCAL_SCOPES;
    case 'stranger':
      return [];
    default:
      return caller.scopes;
  }
}

/**
 * Browsers add credentials (a cookie, the loopback address) to requests that other sites' pages make. Those requests
 * tell where they come from; a plain form, which an old browser sends without telling, cannot be JSON.
 */
function refuseOtherSites(request: FastifyRequest): void {
  const { caller, headers, method } = request;
  if (caller.kind === 'socket' || caller.kind === 'token') return;
  const site = headers['sec-fetch-site'];
  const safe = SAFE_METHODS.has(method);
  if (site === 'cross-site' || (!safe && site === 'same-site')) {
    throw httpError('HTTP_CROSS_SITE', 'The request was made by a page of another site');
  }
  if (safe) return;
  if (headers.origin !== undefined) {
    if (headers.origin.replace(/^https?:\/\//, '') === headers.host) return;
    throw httpError('HTTP_CROSS_SITE', `The request was made by a page of ${headers.origin.slice(0, 100)}`);
  }
  const isJson = /^application\/json\b/i.test(headers['content-type'] ?? '');
  if (isJson || headers['x-parlmesh'] !== undefined) return;
  throw httpError(
    'HTTP_CROSS_SITE',
    'A request that changes something must be JSON or carry the header X-Parlmesh',
    "curl -H 'content-type: application/json' …",
  );
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** The host of a Host header, lower-case, without port, brackets and final dot. */
function hostOf(header: string): string {
  const bracketed = /^\[([^\]]+)\](:\d+)?$/.exec(header);
  const host = bracketed?.[1] ?? header.replace(/:\d+$/, '');
  return host.toLowerCase().replace(/\.$/, '');
}
