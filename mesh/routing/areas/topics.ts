// The topics on which borders speak to the areas beside their own.

import { type Static, Type } from 'typebox';
import type { Millis } from '../../../core/clock.ts';
import { AreaName, LinkList, REFRESH, type Topic } from '../../gossip/topics.ts';
import { OFFER_PARTS } from './offer.ts';

export const GatewayPayload = Type.Object({
  /** The origin's own area. */
  area: AreaName,
  /** The origin's links to nodes of the area that this is said to. */
  links: LinkList,
});
export type GatewayPayload = Static<typeof GatewayPayload>;

/** "These links lead from my area into yours." The other end says so too, in its link state. */
export const gatewayTopic = {
  name: 'gateway',
  kind: 'state',
  schema: GatewayPayload,
  lifetime: 3 * REFRESH.linkState,
  scope: 'border',
} as const satisfies Topic;

export const OfferPayload = Type.Object({
  groups: Type.Array(
    Type.Object({
      via: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{11}$' }), { maxItems: 15 }),
      /** 15 characters a node: its brief name (11) and the cost (4, base 64). */
      nodes: Type.String({ pattern: '^(?:[A-Za-z0-9_-]{15})*$', maxLength: 15 * 4096 }),
    }),
    { maxItems: 1024 },
  ),
});
export type OfferPayload = Static<typeof OfferPayload>;

/** Milliseconds between two repetitions of an offer that does not change. */
export const OFFER_REFRESH: Millis = 240_000;

/** "Through me you reach these nodes." One topic a part, so that each is a state of its own. */
export const offerTopics = Array.from(
  { length: OFFER_PARTS },
  (_, part) =>
    ({
      name: `offer-${part}`,
      kind: 'state',
      schema: OfferPayload,
      lifetime: 3 * OFFER_REFRESH,
      scope: 'border',
    }) as const satisfies Topic,
);
