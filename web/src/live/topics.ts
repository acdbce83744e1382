// The topics of the node's stream, named once for the page. The type check holds them to the daemon's own list.

import type { ChangeTopic, CHANGE_TOPICS as DAEMON_TOPICS } from '../../../daemon/view/schema.ts';

export type { ChangeTopic };
export const CHANGE_TOPICS: typeof DAEMON_TOPICS = [
  'node',
  'hardware',
  'peers',
  'links',
  'routes',
  'routeLog',
  'topology',
  'agents',
  'cameras',
  'swarm',
  'policy',
  'federation',
  'incidents',
  'anomalies',
  'observation',
  'job',
  'event',
];
