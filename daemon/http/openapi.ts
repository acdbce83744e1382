// The OpenAPI description of the API and its reader at /docs, all of it served from this node.

import swaggerUi from '@fastify/swagger-ui';
import { type TSchema, Type } from 'typebox';
import type { App } from './app.ts';
import { ProblemView } from './problem.ts';

export function openApiDocument(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'parlmesh HTTP API',
      version,
      description:
        'What a node shows of itself and what it may be asked to do. Errors are problem details (RFC 9457). ' +
        'Times ending in `At` are milliseconds since 1970, durations are seconds, sizes bytes, shares 0 to 1.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'node', description: 'This node, its board, agents and time series.' },
      { name: 'mesh', description: 'Peers, links, routes and the network.' },
      { name: 'vision', description: 'Cameras, observations and models.' },
      { name: 'journal', description: 'What happened, and what changes now.' },
      { name: 'admin', description: 'Tokens, network membership, configuration and store.' },
      { name: 'access', description: 'Log-in of the status page.' },
      { name: 'health', description: 'For supervisors and Prometheus.' },
    ],
    components: {
      securitySchemes: {
        token: { type: 'http' as const, scheme: 'bearer', description: 'A token from `parlmesh token create`.' },
      },
    },
    security: [{ token: [] }],
  };
}

/** The schema of an answer with problem details. */
function problemAnswer(description: string) {
  return { description, content: { 'application/problem+json': { schema: ProblemView } } };
}

/** The answers that every route of the API may give besides its own. */
export const PROBLEM_ANSWERS = {
  '4xx': problemAnswer('The request is refused; the problem says why and what to do.'),
  '5xx': problemAnswer('The node could not answer.'),
};

/** A 200 with a body of `schema`. */
export function answers<Schema extends TSchema>(schema: Schema) {
  return { 200: schema, ...PROBLEM_ANSWERS };
}

export const NO_CONTENT = { 204: Type.Null({ description: 'Done.' }), ...PROBLEM_ANSWERS };

/** A 200 with bytes of a media type. */
export function bytesAnswer(mediaType: string, description: string) {
  return {
    200: { description, content: { [mediaType]: { schema: Type.String({ format: 'binary' }) } } },
    ...PROBLEM_ANSWERS,
  };
}

const READER_CSP = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

export async function serveReader(app: App): Promise<void> {
  app.get('/api/v3/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { url: '/api/v3/openapi.json', docExpansion: 'list', deepLinking: true, tryItOutEnabled: true },
    staticCSP: READER_CSP,
    theme: { title: 'parlmesh API' },
  });
}
