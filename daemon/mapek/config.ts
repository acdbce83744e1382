// The section `mapek` of the configuration: what the loop declares, and how this node reaches people and helps others.

import { type Static, Type } from 'typebox';
import { MapekConfig as LoopConfig } from '../../agents/mapek/config.ts';

const Hour = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'Local time: `22:00`.' });

/** None is an option, a path or a pattern. */
const UNIT = '^[A-Za-z0-9][A-Za-z0-9@._:-]{0,99}\\.service$';

export const MapekConfig = Type.Object(
  {
    ...LoopConfig.properties,
    helpNeighbours: Type.Boolean({
      default: true,
      description:
        'Do what nodes of this network ask for when they cannot help themselves: connect to a node anew, start the embedded ' +
        'broker anew. Each is asked about like any other action, and at most one a minute is done for one node.',
    }),
    restartUnits: Type.Array(
      Type.Object(
        {
          unit: Type.String({ pattern: UNIT, description: 'Unit of systemd on this host: `mosquitto.service`.' }),
          for: Type.Literal('broker', {
            description: '`broker`: restarted when no broker answers and one of `mqtt.url` is on this host.',
          }),
        },
        { additionalProperties: false },
      ),
      {
        default: [],
        maxItems: 16,
        description:
          'Units that the self-healing may restart, such as `[{ unit: mosquitto.service, for: broker }]`. A daemon that is not ' +
          'root needs a rule of polkit for each: see docs/install.md.',
      },
    ),
    restartSelf: Type.Boolean({
      default: false,
      description:
        'Stop the daemon, for systemd to start it again, when it keeps more and more memory and other repairs do not help. At most ' +
        'once in six hours, and only where systemd started it. What runs here meanwhile is done again elsewhere or later.',
    }),
    webhook: Type.Optional(
      Type.String({
        pattern: '^https?://',
        maxLength: 2000,
        description:
          'Address that new and closed questions are posted to as JSON. It says what is wrong and what may be approved; ' +
          'answers come over the API.',
      }),
    ),
    quietHours: Type.Optional(
      Type.Object(
        { from: Hour, until: Hour },
        {
          additionalProperties: false,
          description:
            'When the webhook is not called unless data may be lost; what was asked meanwhile is posted after.',
        },
      ),
    ),
  },
  { additionalProperties: false, default: {}, description: 'The loop that finds, explains and repairs faults.' },
);
export type MapekConfig = Static<typeof MapekConfig>;
