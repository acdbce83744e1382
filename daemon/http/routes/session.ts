// Routes of the page's log-in: a token is exchanged for a cookie that scripts cannot read.

import { Type } from 'typebox';
import { Scope } from '../../security/tokens.ts';
import { scopesOf } from '../access.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, NO_CONTENT } from '../openapi.ts';
import { httpError } from '../problem.ts';
import { SESSION_SECONDS, sessionCookie } from '../sessions.ts';

const LOG_INS_A_MINUTE = 10;

const SessionView = Type.Object({
  caller: Type.Union(
    [
      Type.Literal('socket'),
      Type.Literal('local'),
      Type.Literal('token'),
      Type.Literal('session'),
      Type.Literal('stranger'),
    ],
    { description: 'How this caller was let in; a stranger may log in.' },
  ),
  scopes: Type.Array(Scope),
});

export function sessionRoutes({ view, tokens, sessions, secure }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/session',
      {
        config: { scope: 'none' },
        schema: { tags: ['access'], summary: 'Who is asking, and what it may', response: answers(SessionView) },
      },
      async ({ caller }) => ({ caller: caller.kind, scopes: [...scopesOf(caller)] }),
    );

    app.post(
      '/session',
      {
        config: {
          scope: 'none',
          rateLimit: {
            max: LOG_INS_A_MINUTE,
            timeWindow: 60_000,
            groupId: 'log-in',
            keyGenerator: ({ ip }) => `log-in ${ip}`,
          },
        },
        schema: {
          tags: ['access'],
          summary: 'Log in with a token; sets a cookie',
          body: Type.Object(
            { token: Type.String({ minLength: 1, maxLength: 200 }) },
            { additionalProperties: false, examples: [{ token: 'pm_k3v7q2m5xa_…' }] },
          ),
          response: answers(SessionView),
        },
      },
      async (request, reply) => {
        const row = tokens.verify(request.body.token.trim());
        if (row === undefined) {
          throw httpError('HTTP_TOKEN_INVALID', 'The token is unknown, expired or revoked', 'parlmesh token create');
        }
        reply.setCookie(sessionCookie(view), sessions.open(row), {
          httpOnly: true,
          sameSite: 'strict',
          path: '/',
          secure,
          maxAge: SESSION_SECONDS,
        });
        return { caller: 'session' as const, scopes: row.scopes };
      },
    );

    app.delete(
      '/session',
      {
        config: { scope: 'none' },
        schema: { tags: ['access'], summary: 'Log out', response: NO_CONTENT },
      },
      async (request, reply) => {
        const name = sessionCookie(view);
        const id = request.cookies[name];
        if (id !== undefined) sessions.close(id);
        reply.clearCookie(name, { path: '/' });
        return reply.code(204).send(null);
      },
    );
  };
}
