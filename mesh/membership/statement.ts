// A statement: JSON text and whose word it is. What is signed are the exact bytes, so that nobody need agree on how to
// write JSON.

import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { PublicKey, SignatureDomain, SigningKey } from './keys.ts';

/** @param most bytes of the longest body that is taken */
export const StatementOf = (most: number) =>
  Type.Object({
    body: Type.String({ maxLength: most }),
    /** Ed25519, base64. */
    signature: Type.String({ maxLength: 100 }),
  });
export type Statement = Static<ReturnType<typeof StatementOf>>;

export function makeStatement(domain: SignatureDomain, key: SigningKey, value: unknown): Statement {
  const body = JSON.stringify(value);
  return { body, signature: Buffer.from(key.sign(domain, Buffer.from(body))).toString('base64') };
}

/** The body, when `key` has signed it and it is as `schema` says. Never throws. */
export function readStatement<S extends TSchema>(
  domain: SignatureDomain,
  key: PublicKey,
  schema: S,
  { body, signature }: Statement,
): Static<S> | undefined {
  try {
    if (!key.verify(domain, Buffer.from(body), Buffer.from(signature, 'base64'))) return undefined;
    const value: unknown = JSON.parse(body);
    return Value.Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** JSON of a bounded size and the right form, or undefined. Never throws. */
export function readJson<S extends TSchema>(schema: S, bytes: Uint8Array, most: number): Static<S> | undefined {
  if (bytes.length > most) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return Value.Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
