// The section `mapek` of the configuration: what the loop declares, and how this node reaches people and helps others.

import { type Static, Type } from 'typebox';
import { MapekConfig as LoopConfig } from '../../agents/mapek/config.ts';

const Hour = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$', description: 'Local time: `22:00`.' });

export const MapekConfig = Type.Object(
  {
    ...LoopConfig.properties,
    helpNeighbours: Type.Boolean({
      default: true,
      description:
        'Do what nodes of this network ask for when they cannot help themselves: connect to a node anew, start the embedded ' +
        'broker anew. Each is asked about like any other action, and at most one a minute is done for one node.',
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
