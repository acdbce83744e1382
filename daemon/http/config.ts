// Settings of the HTTP API and the status page.

import { type Static, Type } from 'typebox';

export const HttpConfig = Type.Object(
  {
    enabled: Type.Boolean({
      default: true,
      description: 'Serve TCP. The Unix socket for the command line is always served.',
    }),
    host: Type.String({
      default: '0.0.0.0',
      description:
        'Address to listen on. Until a token exists (`parlmesh token create`), only loopback is served whatever stands here.',
    }),
    port: Type.Integer({
      default: 7420,
      minimum: 0,
      maximum: 65_535,
      description: '0 takes any free port. When the default is taken, a free one is used.',
    }),
    tls: Type.Optional(
      Type.Object(
        {
          certificate: Type.String({ description: 'PEM file.' }),
          key: Type.String({ description: 'PEM file.' }),
        },
        { additionalProperties: false, description: 'Serve HTTPS.' },
      ),
    ),
    rateLimit: Type.Integer({
      default: 600,
      minimum: 10,
      description: 'Requests a minute and token, or address without one.',
    }),
  },
  { additionalProperties: false, default: {}, description: 'The status page and HTTP API.' },
);
export type HttpConfig = Static<typeof HttpConfig>;
