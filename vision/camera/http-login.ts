// How a camera wants to be shown user and password over HTTP: not at all, in the clear (Basic, RFC 7617), or as a proof
// that does not tell them (Digest, RFC 7616). What was asked for once is remembered, so that the next request answers it
// at once. Nothing is sent before a camera asked.

import { createHash, randomBytes } from 'node:crypto';

export interface DigestChallenge {
  realm: string;
  nonce: string;
  algorithm: 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess';
  /** Undefined for cameras of RFC 2069's time. */
  qop: 'auth' | undefined;
  opaque: string | undefined;
}

export type Challenge = { kind: 'basic' } | { kind: 'digest'; digest: DigestChallenge };

interface User {
  name: string;
  password: string;
}

const ALGORITHMS = ['SHA-256', 'SHA-256-sess', 'MD5', 'MD5-sess'] as const;

export class HttpLogin {
  #challenge: Challenge | undefined;
  #count = 0;

  /** The `Authorization` header of the next request; undefined where none is wanted or nobody was named. */
  header(url: URL, method = 'GET'): string | undefined {
    const user = userOf(url);
    if (user === undefined || this.#challenge === undefined) return undefined;
    if (this.#challenge.kind === 'basic') {
      return `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
    }
    this.#count++;
    const cnonce = randomBytes(12).toString('hex');
    return digestHeader(this.#challenge.digest, user, {
      method,
      uri: url.pathname + url.search,
      cnonce,
      count: this.#count,
    });
  }

  /**
   * Takes what a 401 asked for. False when asking again is of no use: nobody was named, or what was sent was the answer
   * to the same.
   */
  asked(url: URL, header: string | undefined, sent: boolean): boolean {
    if (userOf(url) === undefined) return false;
    const before = this.#challenge;
    this.#challenge = strongest(parseChallenges(header ?? '')) ?? { kind: 'basic' };
    this.#count = 0;
    // A stale nonce is replaced by a new one; the same question after an answer means that the answer was wrong.
    const isNew =
      before?.kind !== this.#challenge.kind ||
      (this.#challenge.kind === 'digest' && /\bstale\s*=\s*"?true/i.test(header ?? ''));
    return !sent || isNew;
  }
}

/** Of several ways a camera offers, the one that tells least; undefined when it offers none that is known. */
export function strongest(challenges: readonly Challenge[]): Challenge | undefined {
  const rank = (challenge: Challenge): number =>
    challenge.kind === 'basic' ? ALGORITHMS.length : ALGORITHMS.indexOf(challenge.digest.algorithm);
  return challenges.toSorted((a, b) => rank(a) - rank(b))[0];
}

/** Reads a `WWW-Authenticate` header, which may hold several challenges; those that are not understood are left out. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  for (const part of header.slice(0, 8192).split(/(?:^|,)\s*(?=(?:Basic|Digest)\b)/i)) {
    const scheme = /^(Basic|Digest)\b/i.exec(part)?.[1]?.toLowerCase();
    if (scheme === 'basic') challenges.push({ kind: 'basic' });
    if (scheme !== 'digest') continue;
    const values = new Map<string, string>();
    for (const [, key = '', quoted, plain] of part
      .slice(6)
      .matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
      values.set(key.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
    }
    const [realm, nonce] = [values.get('realm'), values.get('nonce')];
    const named = values.get('algorithm') ?? 'MD5';
    const algorithm = ALGORITHMS.find((one) => one.toLowerCase() === named.toLowerCase());
    const offered = values
      .get('qop')
      ?.split(',')
      .map((one) => one.trim().toLowerCase());
    if (realm === undefined || nonce === undefined || algorithm === undefined) continue;
    if (offered !== undefined && !offered.includes('auth')) continue;
    const qop = offered === undefined ? undefined : 'auth';
    challenges.push({ kind: 'digest', digest: { realm, nonce, algorithm, qop, opaque: values.get('opaque') } });
  }
  return challenges;
}

/** The answer to a challenge. Pure. */
export function digestHeader(
  { realm, nonce, algorithm, qop, opaque }: DigestChallenge,
  { name, password }: User,
  { method, uri, cnonce, count }: { method: string; uri: string; cnonce: string; count: number },
): string {
  const hash = (text: string): string =>
    createHash(algorithm.startsWith('MD5') ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const secret = hash(`${name}:${realm}:${password}`);
  const first = algorithm.endsWith('-sess') ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const second = hash(`${method}:${uri}`);
  const nc = count.toString(16).padStart(8, '0');
  const response =
    qop === undefined
      ? hash(`${first}:${nonce}:${second}`)
      : hash(`${first}:${nonce}:${nc}:${cnonce}:${qop}:${second}`);
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  return [
    `Digest username=${quoted(name)}, realm=${quoted(realm)}, nonce=${quoted(nonce)}, uri=${quoted(uri)}`,
    `algorithm=${algorithm}, response="${response}"`,
    ...(qop === undefined ? [] : [`qop=${qop}, nc=${nc}, cnonce="${cnonce}"`]),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
  ].join(', ');
}

function userOf(url: URL): User | undefined {
  if (url.username === '' && url.password === '') return undefined;
  return { name: decoded(url.username), password: decoded(url.password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
