// Settings of the agents and their supervisor.

import { type Static, Type } from 'typebox';
import { BridgeConfig } from './kinds/bridge-config.ts';
import { HttpCheckConfig, TcpCheckConfig } from './kinds/check-config.ts';
import { ModulesConfig } from './module/config.ts';
import { CommandConfig } from './process/config.ts';

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
    httpChecks: Type.Array(HttpCheckConfig, { default: [], maxItems: 64, description: 'Web addresses to look after.' }),
    tcpChecks: Type.Array(TcpCheckConfig, { default: [], maxItems: 64, description: 'Ports to look after.' }),
    commands: Type.Array(CommandConfig, {
      default: [],
      maxItems: 64,
      description: 'Programs that agents and jobs may run, at an interval or on demand; nothing else is ever run.',
    }),
    bridges: Type.Array(BridgeConfig, {
      default: [],
      maxItems: 16,
      description: 'Topics of other MQTT brokers that are carried to this node’s.',
    }),
    modules: ModulesConfig,
  },
  { additionalProperties: false, default: {}, description: 'How agents are kept alive.' },
);
export type AgentsConfig = Static<typeof AgentsConfig>;
/** What the supervisor goes by. */
export type SupervisionConfig = Pick<
  AgentsConfig,
  'maxRestarts' | 'restartPeriod' | 'heartbeatTimeout' | 'retryDegraded'
>;
