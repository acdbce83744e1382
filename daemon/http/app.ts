// The Fastify application: plugins, hooks in their order, and the routes. It does not listen; `server.ts` feeds it
// the requests of its sockets.

import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { closest, distance } from 'fastest-levenshtein';
import Fastify, { type FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { Journal } from '../../core/journal.ts';
import type { Logger } from '../../core/logger.ts';
import type { Chaos } from '../chaos/chaos.ts';
import type { RemoteNodes } from '../remote-nodes.ts';
import type { Tokens } from '../security/tokens.ts';
import type { Actions, View } from '../view/view.ts';
import { Access } from './access.ts';
import { authorizeRoute, mustBeAction, type OracleAccess } from './authorization.ts';
import type { HttpConfig } from './config.ts';
import type { App, RouteContext } from './context.ts';
import { describeRoutes, serveReader } from './openapi.ts';
import { answerWithProblem, httpError } from './problem.ts';
import { adminRoutes } from './routes/admin.ts';
import { anomalyRoutes } from './routes/anomaly.ts';
import { cameraRoutes } from './routes/cameras.ts';
import { chaosRoutes } from './routes/chaos.ts';
import { correctionRoutes } from './routes/corrections.ts';
import { drawingRoutes } from './routes/drawing.ts';
import { federationRoutes } from './routes/federation.ts';
import { healthRoutes } from './routes/health.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { jobRoutes } from './routes/jobs.ts';
import { journalRoutes } from './routes/journal.ts';
import { mapRoutes } from './routes/map.ts';
import { meshRoutes } from './routes/mesh.ts';
import { networkRoutes } from './routes/network.ts';
import { nodeRoutes } from './routes/node.ts';
import { oracleRoutes } from './routes/oracle.ts';
import { pageRoutes } from './routes/page.ts';
import { policyRoutes } from './routes/policy.ts';
import { relayRoutes } from './routes/relay.ts';
import { routePlanningRoutes } from './routes/route-planning.ts';
import { sessionRoutes } from './routes/session.ts';
import { textRoutes } from './routes/text.ts';
import { visionRoutes } from './routes/vision.ts';
import { Sessions, sessionCookie } from './sessions.ts';
import { Streams } from './streams.ts';
import { compileValidator } from './validation.ts';

/** Told of every answered request; `daemon/telemetry/metrics.ts` counts them. */
export interface RequestObserver {
  /** @param route the route's template, never the address that was asked for */
  observeRequest(request: { method: string; route: string; status: number; seconds: number }): void;
}

export interface AppOptions {
  config: HttpConfig;
  view: View;
  actions: Actions;
  /** Left out, other nodes cannot be asked. */
  remote?: RemoteNodes | undefined;
  /** Left out, no fault can be injected. */
  chaos?: Chaos | undefined;
  /** Left out, callers may do whatever their scope allows. */
  oracle?: OracleAccess | undefined;
  tokens: Tokens;
  publicDir: string;
  clock: Clock;
  logger: Logger;
  journal: Journal;
  observer?: RequestObserver | undefined;
  cameByUnixSocket(request: FastifyRequest): boolean;
}

/** JSON bodies are small. */
const MOST_JSON_BYTES = 65_536;
const MINUTE = 60_000;
/** Letters by which a wrong address may differ from the one that is suggested. */
const MOST_TYPOS = 3;
/** A route that takes longer is answered with 503, unless it says that it may. */
const ANSWER_WITHIN = 30_000;

export async function buildApp(options: AppOptions): Promise<{ app: App; streams: Streams }> {
  const { config, view, actions, tokens, clock, logger, journal, observer } = options;
  const sessions = new Sessions({ tokens, clock });
  const access = new Access({
    tokens,
    sessions,
    cameByUnixSocket: options.cameByUnixSocket,
    nodeName: view.node().name,
  });
  const streams = new Streams({ view, clock, logger, stillAllowed: (caller) => access.stillAllowed(caller) });
  const context: RouteContext = {
    view,
    actions,
    tokens,
    sessions,
    streams,
    access,
    journal,
    rateLimit: config.rateLimit,
    secure: config.tls !== undefined,
  };

  const onError = answerWithProblem(logger);
  const app: App = Fastify({
    bodyLimit: MOST_JSON_BYTES,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    frameworkErrors: onError,
    return503OnClosing: false,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(compileValidator);
  // Views are built by this daemon in their schemas' shape (tests check it): nothing to filter, one fast path.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
  app.setErrorHandler(onError);
  acceptEmptyJson(app);

  await app.register(cookie);
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    request.caller = access.identify(request, request.cookies[sessionCookie(view)]);
  });
  if (observer !== undefined) {
    app.addHook('onResponse', async (request, reply) => {
      // How long somebody listened says nothing about how fast this node answers.
      if (request.routeOptions.config.endless) return;
      observer.observeRequest({
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: reply.statusCode,
        seconds: reply.elapsedTime / 1000,
      });
    });
  }
  await app.register(rateLimit, {
    max: config.rateLimit,
    timeWindow: MINUTE,
    allowList: (request) => request.caller.kind === 'socket',
    keyGenerator: ({ caller, ip }) => ('tokenId' in caller ? `token ${caller.tokenId}` : `address ${ip}`),
    errorResponseBuilder: (_request, { after }) =>
      httpError('HTTP_TOO_MANY_REQUESTS', `Too many requests; try again in ${after}`, 'http.rateLimit sets the limit'),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request) => {
    throw httpError(
      'HTTP_NOT_FOUND',
      `There is no ${request.method} ${request.url.slice(0, 200)}`,
      nearestRoute(request, routes) ?? 'See /docs for what there is',
    );
  });

  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (schema?.hide !== true && method !== 'HEAD') routes.push(`${method} ${url}`);
  });
  await describeRoutes(app, view.node().version);
  await app.register(healthRoutes(context));
  await app.register(
    async (api: App) => {
      api.addHook('onRoute', (route) => {
        route.handlerTimeout ??= ANSWER_WITHIN;
        mustBeAction(route);
      });
      api.addHook('preParsing', async (request) => {
        access.authorize(request, request.routeOptions.config.scope ?? 'admin');
      });
      const { oracle } = options;
      if (oracle !== undefined) {
        api.addHook('preHandler', (request) => authorizeRoute(request, { ...oracle, tokens }));
        await api.register(oracleRoutes(context, oracle.desk));
      }
      await api.register(sessionRoutes(context));
      await api.register(nodeRoutes(context));
      await api.register(meshRoutes(context));
      await api.register(mapRoutes(context));
      await api.register(routePlanningRoutes(context));
      if (options.remote !== undefined) await api.register(relayRoutes(options.remote));
      await api.register(jobRoutes(context));
      await api.register(policyRoutes(context));
      await api.register(federationRoutes(context));
      await api.register(visionRoutes(context));
      await api.register(cameraRoutes(context));
      await api.register(textRoutes(context));
      await api.register(drawingRoutes(context));
      await api.register(correctionRoutes(context));
      await api.register(incidentRoutes(context));
      await api.register(anomalyRoutes(context));
      if (options.chaos !== undefined) await api.register(chaosRoutes(options.chaos));
      await api.register(journalRoutes(context));
      await api.register(adminRoutes(context));
      await api.register(networkRoutes(context));
    },
    { prefix: '/api/v3' },
  );
  serveReader(app);
  await app.register(pageRoutes({ publicDir: options.publicDir }));
  await app.ready();
  return { app, streams };
}

/** What was probably meant, where something is near enough. */
function nearestRoute({ method, url }: FastifyRequest, routes: readonly string[]): string | undefined {
  const asked = `${method} ${url.split('?', 1)[0]}`.slice(0, 100);
  const nearest = routes.length === 0 ? '' : closest(asked, routes);
  return distance(asked, nearest) <= MOST_TYPOS ? `Did you mean ${nearest}?` : undefined;
}

/** A POST that needs no body may still say that it is JSON, which is how it shows that no form sent it. */
function acceptEmptyJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parse(request, body.toString(), done);
  });
}

/** What every answer carries unless its route says otherwise. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
};
