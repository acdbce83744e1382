// Settings of the agents that look after services: web addresses and ports.

import { type Static, Type } from 'typebox';

const common = {
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$', description: 'Unique among these; the agent’s name.' }),
  interval: Type.Number({ default: 60, minimum: 1, maximum: 86_400, description: 'Seconds between checks.' }),
  timeout: Type.Number({ default: 10, minimum: 0.1, maximum: 300, description: 'Seconds that an answer may take.' }),
  expectText: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'Text that must be in the answer (its first megabyte).' }),
  ),
  failures: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: 100,
    description: 'Failed checks in a row after which it is told that it fails.',
  }),
  recoveries: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: 100,
    description: 'Good checks in a row after which that is over.',
  }),
};

export const HttpCheckConfig = Type.Object(
  {
    url: Type.String({ maxLength: 2048, pattern: '^https?://[^\\s]+$', description: 'What is asked for, with GET.' }),
    expectStatus: Type.Array(Type.Integer({ minimum: 100, maximum: 599 }), {
      default: [],
      maxItems: 32,
      description: 'Statuses that are right; none means 200 to 299. Redirects are followed.',
    }),
    ...common,
  },
  { additionalProperties: false },
);
export type HttpCheckConfig = Static<typeof HttpCheckConfig>;

export const TcpCheckConfig = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 255, pattern: '^[^\\s/]+$', description: 'Name or address.' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    ...common,
  },
  { additionalProperties: false },
);
export type TcpCheckConfig = Static<typeof TcpCheckConfig>;
