// The keys that the oracle works with, as the daemon hands them in, and statements signed by them: JSON text and a
// signature over its exact bytes, so that nobody need agree on how to write JSON.

import { createHash } from 'node:crypto';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';

/** What a signature is about. One made for one purpose never passes for another. */
export type Purpose = 'capability' | 'order' | 'approval' | 'oracle' | 'audit';

export interface OracleNetwork {
  id: string;
  /** Public key of the authority, written as the id that a node with this key would have. */
  authority: string;
  /** Signs as the authority; only on the node that holds it. */
  signAsAuthority: ((purpose: Purpose, body: Uint8Array) => Uint8Array) | undefined;
}

export interface OracleKeys {
  /** Id of this node, which is its public key. */
  readonly self: string;
  /** Undefined while this node is in none. */
  network(): OracleNetwork | undefined;
  sign(purpose: Purpose, body: Uint8Array): Uint8Array;
  /** Is that the signature of the key behind `signer`? Never throws. */
  verify(purpose: Purpose, signer: string, body: Uint8Array, signature: Uint8Array): boolean;
}

/** Id of a node or of an authority. */
export const KeyId = Type.String({ minLength: 40, maxLength: 64, pattern: '^[1-9A-HJ-NP-Za-km-z]+$' });

const SIGNATURE = 88;

/** @param most characters of the longest body */
export const SignedOf = (most: number) =>
  Type.Object(
    {
      body: Type.String({ maxLength: most }),
      /** Ed25519, base64. */
      signature: Type.String({ minLength: SIGNATURE, maxLength: SIGNATURE }),
    },
    { additionalProperties: false },
  );
export type Signed = Static<ReturnType<typeof SignedOf>>;

export function makeSigned(sign: (body: Uint8Array) => Uint8Array, value: unknown): Signed {
  const body = JSON.stringify(value);
  return { body, signature: Buffer.from(sign(Buffer.from(body))).toString('base64') };
}

/** The body, when it is as `schema` says. Whose word it is, is for the caller to check. Never throws. */
export function bodyOf<S extends TSchema>(schema: S, signed: Signed): Static<S> | undefined {
  try {
    const value: unknown = JSON.parse(signed.body);
    return Value.Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Never throws. A signature counts in its one way of writing: base64 has several for the same bytes. */
export function isSignedBy(keys: OracleKeys, purpose: Purpose, signer: string, { body, signature }: Signed): boolean {
  const bytes = Buffer.from(signature, 'base64');
  return bytes.toString('base64') === signature && keys.verify(purpose, signer, Buffer.from(body), bytes);
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
