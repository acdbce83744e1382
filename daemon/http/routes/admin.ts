// Routes for the operator: tokens, configuration, store.

import { Type } from 'typebox';
import { Scope, type TokenRow } from '../../security/tokens.ts';
import { StoreView } from '../../view/schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, NO_CONTENT, PROBLEM_ANSWERS } from '../openapi.ts';
import { PATIENT } from '../patience.ts';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const YEAR_SECONDS = 365 * 86_400;

const TokenView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Scope),
  createdAt: At,
  expiresAt: Type.Optional(At),
  lastUsedAt: Type.Optional(Type.Number({ description: 'Milliseconds since 1970, to five minutes.' })),
});

export function adminRoutes(context: RouteContext) {
  return async (app: App): Promise<void> => {
    tokenRoutes(app, context);
    configRoutes(app, context);
    storeRoutes(app, context);
  };
}

function tokenRoutes(app: App, { tokens, journal }: RouteContext): void {
  app.get(
    '/tokens',
    {
      config: { scope: 'admin' },
      schema: { tags: ['admin'], summary: 'Tokens, without their secrets', response: answers(Type.Array(TokenView)) },
    },
    async () => tokens.list().map(viewOfToken),
  );

  app.post(
    '/tokens',
    {
      config: { scope: 'admin' },
      schema: {
        tags: ['admin'],
        summary: 'Create a token',
        description: 'Its text is in this answer and nowhere else. The first token opens the configured address.',
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 100 }),
            scopes: Type.Array(Scope, { minItems: 1, maxItems: 3 }),
            expiresInSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 10 * YEAR_SECONDS })),
          },
          { additionalProperties: false, examples: [{ name: 'grafana', scopes: ['read'] }] },
        ),
        response: {
          201: Type.Object({ token: Type.String({ description: 'pm_ID_SECRET' }), ...TokenView.properties }),
          ...PROBLEM_ANSWERS,
        },
      },
    },
    async (request, reply) => {
      const { token, row } = await tokens.create(request.body);
      journal.record({
        severity: 'info',
        kind: 'token.created',
        subject: `token/${row.id}`,
        message: `Token "${row.name}" was created with ${row.scopes.join(', ')}`,
      });
      return reply.code(201).send({ token, ...viewOfToken(row) });
    },
  );

  app.delete(
    '/tokens/:id',
    {
      config: { scope: 'admin' },
      schema: {
        tags: ['admin'],
        summary: 'Revoke a token',
        description: 'It ends at once, with its sessions and streams. With the last one, TCP is loopback only again.',
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await tokens.revoke(id);
      journal.record({
        severity: 'info',
        kind: 'token.revoked',
        subject: `token/${id}`,
        message: `Token ${id} was revoked`,
      });
      return reply.code(204).send(null);
    },
  );
}

function configRoutes(app: App, { view, actions }: RouteContext): void {
  app.get(
    '/config',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['node'],
        summary: 'The effective configuration, secrets hidden',
        response: answers(Type.Record(Type.String(), Type.Unknown())),
      },
    },
    async () => asRecord(view.config()),
  );

  app.post(
    '/config/reload',
    {
      config: { scope: 'admin' },
      schema: {
        tags: ['admin'],
        summary: 'Read the configuration again',
        response: answers(
          Type.Object({
            applied: Type.Array(Type.String({ description: 'Setting in force now.' })),
            needRestart: Type.Array(Type.String({ description: 'Setting in force after a restart.' })),
          }),
        ),
      },
    },
    async () => actions.reloadConfig(),
  );
}

function storeRoutes(app: App, { view, actions }: RouteContext): void {
  app.get(
    '/store',
    {
      config: { scope: 'read' },
      schema: { tags: ['node'], summary: 'The store: size, state, rows', response: answers(StoreView) },
    },
    async () => view.store(),
  );

  app.post(
    '/store/backup',
    {
      ...PATIENT,
      config: { scope: 'admin' },
      schema: {
        tags: ['admin'],
        summary: 'Make a backup now',
        response: answers(Type.Object({ file: Type.String(), bytes: Type.Number() })),
      },
    },
    async () => actions.backupStore(),
  );

  app.post(
    '/store/check',
    {
      ...PATIENT,
      config: { scope: 'admin' },
      schema: {
        tags: ['admin'],
        summary: 'Check the store’s integrity',
        response: answers(Type.Object({ ok: Type.Boolean(), problems: Type.Array(Type.String()) })),
      },
    },
    async () => actions.checkStore(),
  );
}

function viewOfToken({ hash: _hash, revokedAt: _revokedAt, ...shown }: TokenRow) {
  return shown;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
