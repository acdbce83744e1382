// Settings of the agents and their supervisor.

import { type Static, Type } from 'typebox';

export const AgentsConfig = Type.Object(
  {
    maxRestarts: Type.Integer({
      default: 5,
      minimum: 0,
      maximum: 1000,
      description: 'Restarts allowed within `restartPeriod` before an agent is set aside as degraded.',
    }),
    restartPeriod: Type.Number({ default: 60, minimum: 1, description: 'Seconds over which restarts are counted.' }),
    heartbeatTimeout: Type.Number({
      default: 5,
      minimum: 0.2,
      description: 'Seconds without a heartbeat after which an agent counts as hung and is restarted.',
    }),
    retryDegraded: Type.Number({
      default: 300,
      minimum: 1,
      description: 'Seconds after which a degraded agent is tried once more.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'How agents are kept alive.' },
);
export type AgentsConfig = Static<typeof AgentsConfig>;
/** What the supervisor goes by. */
export type SupervisionConfig = Pick<
  AgentsConfig,
  'maxRestarts' | 'restartPeriod' | 'heartbeatTimeout' | 'retryDegraded'
>;
