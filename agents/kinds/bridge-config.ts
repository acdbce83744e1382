// Settings of one bridge from another broker to this node's.

import { type Static, Type } from 'typebox';

/** One or more levels and a slash: `zigbee2mqtt/`. */
const prefix = (description: string) =>
  Type.String({ minLength: 2, maxLength: 128, pattern: '^([^#+/\\s]+/)+$', description });

export const BridgeConfig = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$', description: 'Unique among the bridges.' }),
    url: Type.String({
      maxLength: 2048,
      pattern: '^(mqtts?|wss?)://[^\\s]+$',
      description: 'The other broker, e.g. `mqtt://broker.lan:1883`.',
    }),
    username: Type.Optional(Type.String({ maxLength: 256, description: 'User at that broker.' })),
    password: Type.Optional(Type.String({ maxLength: 256, description: 'Secret; shown as •••.' })),
    from: prefix('Topics of the other broker that begin with it are carried over, e.g. `zigbee2mqtt/`.'),
    to: prefix('What stands in its place on this node’s broker, e.g. `barn/zigbee2mqtt/`.'),
    messagesPerSecond: Type.Integer({ default: 50, minimum: 1, maximum: 10_000, description: 'More are dropped.' }),
  },
  { additionalProperties: false },
);
export type BridgeConfig = Static<typeof BridgeConfig>;
