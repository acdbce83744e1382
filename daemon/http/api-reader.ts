// The reader of the API's description at /docs: an application of its own, which the node asks when somebody opens it.

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';

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

/** Without the bar that asks for the address of another description. */
const READER_CSS = '.swagger-ui .topbar { display: none; }';

/** @param description the OpenAPI document as JSON */
export async function createReader(description: string): Promise<FastifyInstance> {
  const reader = Fastify();
  await reader.register(swagger, { mode: 'static', specification: { document: JSON.parse(description) } });
  await reader.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { url: '/api/v3/openapi.json', docExpansion: 'list', deepLinking: true, tryItOutEnabled: true },
    staticCSP: READER_CSP,
    theme: { title: 'parlmesh API', css: [{ filename: 'reader.css', content: READER_CSS }] },
  });
  return reader;
}
