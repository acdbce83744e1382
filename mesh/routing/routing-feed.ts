// What others say of links, from gossip into routing: link states of the own area, and borders of other areas.

import type { DropCounters } from '../counters.ts';
import type { Gossip } from '../gossip/gossip.ts';
import { linkStateTopic } from '../gossip/topics.ts';
import type { Accusations } from '../membership/accusations.ts';
import type { NodeId } from '../membership/keys.ts';
import { gatewayTopic, offerTopics } from './areas/topics.ts';
import type { Routing } from './routing.ts';

export interface RoutingFeedParts {
  accusations: Accusations;
  drops: DropCounters;
  /** Somebody lost its link to this node. */
  doubt: (id: NodeId) => void;
}

export function feedRouting(
  gossip: Pick<Gossip, 'subscribe'>,
  routing: Routing,
  { accusations, drops, doubt }: RoutingFeedParts,
): void {
  const { areas } = routing;
  gossip.subscribe(linkStateTopic, {
    message: ({ origin, payload }) => {
      const lost = accusations.heard(origin, routing.linksOf(origin), payload.links);
      routing.onLinkState(origin, payload);
      for (const id of lost) doubt(id);
    },
    ended: (origin) => {
      accusations.ended(origin);
      routing.onEnded(origin);
    },
  });
  gossip.subscribe(gatewayTopic, {
    message: ({ origin, payload }) => areas.onGateway(origin, payload),
    ended: (origin) => areas.onEnded(origin),
  });
  for (const [part, topic] of offerTopics.entries()) {
    gossip.subscribe(topic, {
      message: ({ origin, payload }) => {
        if (!areas.onOffer(origin, part, payload)) drops.add('full');
      },
      ended: (origin) => areas.onOffer(origin, part, { groups: [] }),
    });
  }
}
