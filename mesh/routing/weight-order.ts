// The order to weigh links otherwise than measured: signed by the authority of the network, for a few minutes. Each node
// takes what concerns its own links.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../core/clock.ts';
import type { Topic } from '../gossip/topics.ts';
import type { PublicKey, SigningKey } from '../membership/keys.ts';
import { makeStatement, readStatement, type Statement, StatementOf } from '../membership/statement.ts';
import { MOST_RAISED } from './better-weights.ts';

/** Links that one order weighs. */
export const MOST_ORDERED = 128;
/** An order that is not repeated ends: the authority may be cut off from what it does. */
export const ORDER_LIFETIME: Millis = 10 * 60_000;

const Node = Type.String({ minLength: 40, maxLength: 64 });

const Body = Type.Object({
  network: Type.String({ maxLength: 64 }),
  /** Milliseconds since 1970; the newest counts. */
  issuedAt: Type.Number(),
  /** What costs more: times its measured cost, as `from` announces it towards `to`. None takes all back. */
  links: Type.Array(Type.Object({ from: Node, to: Node, factor: Type.Number({ minimum: 1, maximum: MOST_RAISED }) }), {
    maxItems: MOST_ORDERED,
  }),
});
export type WeightOrder = Static<typeof Body>;

export const weightsTopic = {
  name: 'weights',
  kind: 'state',
  schema: StatementOf(32 * 1024),
  lifetime: ORDER_LIFETIME,
  scope: 'area',
} as const satisfies Topic;

export const signOrder = (key: SigningKey, order: WeightOrder): Statement => makeStatement('weights', key, order);

/** Undefined for what the authority of this network did not sign. Never throws. */
export function readOrder(network: { id: string; authority: PublicKey }, said: Statement): WeightOrder | undefined {
  const order = readStatement('weights', network.authority, Body, said);
  return order?.network === network.id ? order : undefined;
}
