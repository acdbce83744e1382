// The join token: one line to copy and paste that holds all a board needs to become a member.
//
// `parlmesh1.` + base64url( checksum, 4 bytes of SHA-256 | JSON ). The JSON's keys are short to keep the line short.

import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Millis } from '../../core/clock.ts';
import { ParlmeshError } from '../../core/errors.ts';
import { NETWORK_NAME_PATTERN } from './network.ts';

export interface JoinToken {
  network: { id: string; name: string };
  /** The authority's raw public key: what the answer is checked against. */
  authority: Uint8Array;
  /** Multiaddresses of the inviter's enrolment listener, each ending in its peer id. */
  addresses: string[];
  /** 16 random bytes that work once. */
  secret: Uint8Array;
  /** Milliseconds since 1970. */
  expiresAt: Millis;
}

const PREFIX = 'parlmesh1.';
const MAX_LENGTH = 4096;

const Body = Type.Object({
  i: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  n: Type.String({ pattern: NETWORK_NAME_PATTERN }),
  k: Type.String({ maxLength: 44 }),
  a: Type.Array(Type.String({ maxLength: 300 }), { minItems: 1, maxItems: 16 }),
  s: Type.String({ maxLength: 44 }),
  e: Type.Integer({ minimum: 0 }),
});

const checksum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest().subarray(0, 4);

export function encodeToken(token: JoinToken): string {
  const body = Buffer.from(
    JSON.stringify({
      i: token.network.id,
      n: token.network.name,
      k: Buffer.from(token.authority).toString('base64url'),
      a: token.addresses,
      s: Buffer.from(token.secret).toString('base64url'),
      e: token.expiresAt,
    }),
  );
  return PREFIX + Buffer.concat([checksum(body), body]).toString('base64url');
}

/** Throws `TOKEN_INVALID` for anything that was not made by `encodeToken` and copied whole. */
export function decodeToken(text: string): JoinToken {
  const line = text.trim();
  const invalid = (why: string): ParlmeshError =>
    new ParlmeshError('TOKEN_INVALID', `This is not a join token: ${why}`, {
      hint: 'Copy the whole line that "parlmesh network invite" printed',
    });
  if (!line.startsWith(PREFIX)) throw invalid(`it does not begin with "${PREFIX}"`);
  if (line.length > MAX_LENGTH) throw invalid('it is too long');
  const bytes = Buffer.from(line.slice(PREFIX.length), 'base64url');
  const body = bytes.subarray(4);
  if (bytes.length < 5 || !checksum(body).equals(bytes.subarray(0, 4)))
    throw invalid('a part of it is missing or changed');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw invalid('its content is broken');
  }
  if (!Value.Check(Body, value)) throw invalid('its content is not as expected');
  const authority = Buffer.from(value.k, 'base64url');
  if (authority.length !== 32) throw invalid('its authority key is broken');
  return {
    network: { id: value.i, name: value.n },
    authority,
    addresses: value.a,
    secret: Buffer.from(value.s, 'base64url'),
    expiresAt: value.e,
  };
}
