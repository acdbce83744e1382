// The whole configuration: each room declares its own section, this file joins them.

import { type Static, Type } from 'typebox';
import { AgentsConfig } from '../../agents/config.ts';
import { OracleConfig } from '../../agents/oracle/config.ts';
import { SwarmConfig } from '../../agents/swarm/config.ts';
import { MeshConfig } from '../../mesh/config.ts';
import { CameraConfig, VisionConfig } from '../../vision/config.ts';
import { AnomaliesConfig } from '../anomaly/config.ts';
import { ChaosConfig } from '../chaos/config.ts';
import { FederationConfig } from '../federation/config.ts';
import { HardwareConfig } from '../hardware/config.ts';
import { HttpConfig } from '../http/config.ts';
import { MapekConfig } from '../mapek/config.ts';
import { PowerConfig } from '../power/config.ts';
import { StoreConfig } from '../store/config.ts';
import { MqttConfig } from '../telemetry/config.ts';

export const Config = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
        description: 'Name shown to people. Default: the host name.',
      }),
    ),
    dataDir: Type.Optional(
      Type.String({
        description: 'Folder of all state. Default: /var/lib/parlmesh as a service, ~/.local/share/parlmesh otherwise.',
      }),
    ),
    profile: Type.Optional(
      Type.String({ description: 'Board profile to use instead of the detected one (`parlmesh profile list`).' }),
    ),
    log: Type.Object(
      {
        level: Type.Union(
          [
            Type.Literal('debug'),
            Type.Literal('info'),
            Type.Literal('warn'),
            Type.Literal('error'),
            Type.Literal('silent'),
          ],
          { default: 'info', description: 'Least severe level logged.' },
        ),
      },
      { additionalProperties: false, default: {}, description: 'Logging.' },
    ),
    http: HttpConfig,
    mesh: MeshConfig,
    mqtt: MqttConfig,
    store: StoreConfig,
    hardware: HardwareConfig,
    power: PowerConfig,
    agents: AgentsConfig,
    swarm: SwarmConfig,
    federation: FederationConfig,
    oracle: OracleConfig,
    mapek: MapekConfig,
    anomalies: AnomaliesConfig,
    chaos: ChaosConfig,
    vision: VisionConfig,
    cameras: Type.Array(CameraConfig, { default: [], maxItems: 32, description: 'Attached cameras.' }),
  },
  { additionalProperties: false, title: 'parlmesh configuration' },
);
export type Config = Static<typeof Config>;
