// Settings of MQTT: the embedded broker, the external one, and Home Assistant.

import { type Static, Type } from 'typebox';

export const MqttConfig = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'Publish telemetry by MQTT.' }),
    url: Type.Optional(
      Type.Union(
        [Type.String({ maxLength: 2048 }), Type.Array(Type.String({ maxLength: 2048 }), { minItems: 1, maxItems: 8 })],
        {
          description:
            'External broker(s), e.g. `mqtt://broker.lan:1883`; several are tried in turn. Without it, the embedded broker is used.',
        },
      ),
    ),
    username: Type.Optional(
      Type.String({ description: 'User at the external broker; for the embedded one, the only user let in.' }),
    ),
    password: Type.Optional(Type.String({ description: 'Secret; shown as •••.' })),
    embedded: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'Run a broker in this node when `url` is not set.' }),
        host: Type.String({
          default: '127.0.0.1',
          description: 'Address it listens on. Beyond loopback, `username` and `password` must be set.',
        }),
        port: Type.Integer({
          default: 1883,
          minimum: 0,
          maximum: 65_535,
          description: '0 takes any free port. When the default is taken, a free one is used.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    baseTopic: Type.String({
      default: 'parlmesh',
      pattern: '^[^#+/\\s]+$',
      description: 'First level of the topics of telemetry. The mesh’s own gossip stays under `parlmesh/`.',
    }),
    stateInterval: Type.Number({
      default: 30,
      minimum: 1,
      description: 'Seconds between hardware state messages; other state is sent when it changes.',
    }),
    commands: Type.Boolean({
      default: false,
      description:
        'Take commands by MQTT: restart an agent, submit a job. Whoever may publish on the broker may then give them.',
    }),
    homeAssistant: Type.Object(
      {
        enabled: Type.Boolean({ default: true, description: 'Publish Home Assistant discovery.' }),
        prefix: Type.String({
          default: 'homeassistant',
          pattern: '^[^#+/\\s]+$',
          description: 'Discovery prefix of Home Assistant’s MQTT integration.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false, default: {}, description: 'MQTT and Home Assistant.' },
);
export type MqttConfig = Static<typeof MqttConfig>;
