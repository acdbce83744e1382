// The status page: files of its build under a strict content security policy, or a plain word when it is not built.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { App } from '../context.ts';

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>parlmesh</title>
<h1>This node runs</h1>
<p>Its status page is not built. In a checkout, <code>npm run build</code> builds it.</p>
<p>The API is described at <a href="/docs">/docs</a>.</p></html>
`;

export function pageRoutes({ publicDir }: { publicDir: string }) {
  return async (app: App): Promise<void> => {
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('content-security-policy', CSP);
    });

    await app.register(fastifyStatic, {
      root: publicDir,
      serve: false,
      index: false,
      preCompressed: true,
      cacheControl: false,
      suppressWarning: true,
      dotfiles: 'deny',
    });

    app.get('/', { schema: { hide: true } }, async (_request, reply) => {
      reply.header('cache-control', 'no-cache');
      if (existsSync(join(publicDir, 'index.html'))) return reply.sendFile('index.html');
      return reply.type('text/html; charset=utf-8').send(NOT_BUILT);
    });

    // Names under assets/ carry a hash of their content.
    app.get('/assets/*', { schema: { hide: true } }, async (request, reply) =>
      reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(pathOf(request.url)),
    );

    app.get('/*', { schema: { hide: true } }, async (request, reply) =>
      reply.header('cache-control', 'no-cache').sendFile(pathOf(request.url)),
    );
  };
}

/** The path of an address that the router has accepted, without its query. */
function pathOf(url: string): string {
  return decodeURIComponent(url.split('?', 1)[0]!).slice(1);
}
