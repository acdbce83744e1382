// What a member and the authority say about the newest network key. It is sealed from end to end by the relay, and signed.

import { type Static, Type } from 'typebox';
import { readJson, StatementOf } from './statement.ts';

/** Relay service of the node with the authority. */
export const KEY_SERVICE = 'network-key';
const MOST_BYTES = 2048;

/** Signed by the authority. */
export const KeyGrant = Type.Object({
  network: Type.String({ maxLength: 64 }),
  number: Type.Integer({ minimum: 0 }),
  /** Base64 of 32 bytes. */
  key: Type.String({ pattern: '^[A-Za-z0-9+/]{43}=$' }),
  since: Type.Number(),
  /** How long those before it let members in. */
  until: Type.Number(),
});
export type KeyGrant = Static<typeof KeyGrant>;

const Request = Type.Object({
  /** Number of the newest key that the member has on disk. */
  have: Type.Integer({ minimum: 0 }),
});

const Answer = Type.Object({
  /** A newer key; left out when there is none. */
  grant: Type.Optional(StatementOf(600)),
});
export type KeyAnswer = Static<typeof Answer>;

export const keyRequest = (have: number): Uint8Array => Buffer.from(JSON.stringify({ have }));
export const readKeyRequest = (bytes: Uint8Array): Static<typeof Request> | undefined =>
  readJson(Request, bytes, MOST_BYTES);

export const keyAnswer = (answer: KeyAnswer): Uint8Array => Buffer.from(JSON.stringify(answer));
export const readKeyAnswer = (bytes: Uint8Array): KeyAnswer | undefined => readJson(Answer, bytes, MOST_BYTES);
