// What the authority tells the whole network, signed: on which node it lives, and which network keys count.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import type { Topic } from '../gossip/topics.ts';
import { StatementOf } from './statement.ts';

const LIFETIME: Millis = 24 * 3600_000;
/** Three chances for a node that was away. */
export const WORD_REFRESH: Millis = LIFETIME / 3;

export const AuthorityWord = Type.Object({
  network: Type.String({ maxLength: 64 }),
  /** Where members renew their certificates and get the newest key. */
  node: Type.String({ minLength: 40, maxLength: 64 }),
  /** Number of the newest network key. */
  key: Type.Integer({ minimum: 0 }),
  /** Keys before this number let nobody in any more. */
  oldest: Type.Integer({ minimum: 0 }),
});
export type AuthorityWord = Static<typeof AuthorityWord>;

export const authorityTopic = {
  name: 'authority',
  kind: 'state',
  schema: Type.Object({ statement: StatementOf(400) }),
  lifetime: LIFETIME,
} as const satisfies Topic;
