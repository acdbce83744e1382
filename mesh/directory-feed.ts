// What nodes tell of themselves now and then, from gossip into the directory.

import type { Gossip } from './gossip/gossip.ts';
import { anomalyTopic, summaryTopic } from './gossip/topics.ts';
import type { Directory } from './membership/directory.ts';
import type { NodeId } from './membership/keys.ts';

/** @param tell called with the node of which something new is known */
export function feedDirectory(
  gossip: Pick<Gossip, 'subscribe'>,
  directory: Directory,
  tell: (id: NodeId) => void,
): void {
  gossip.subscribe(summaryTopic, {
    message: ({ origin, payload }) => {
      directory.summary(origin, payload);
      tell(origin);
    },
  });
  gossip.subscribe(anomalyTopic, {
    message: ({ origin, payload }) => {
      directory.score(origin, payload.score);
      tell(origin);
    },
    ended: (origin) => directory.score(origin, undefined),
  });
}
