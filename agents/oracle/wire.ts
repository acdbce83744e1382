// Messages between oracles: JSON of a bounded size and a known form.

import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';

const MOST_BYTES = 60_000;

export function writeMessage(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Undefined for anything else than `schema` says. Never throws. */
export function readMessage<S extends TSchema>(schema: S, bytes: Uint8Array): Static<S> | undefined {
  if (bytes.length > MOST_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return Value.Check(schema, value) ? value : undefined;
  } catch {
    return undefined;
  }
}
