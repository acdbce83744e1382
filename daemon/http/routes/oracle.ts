// Routes about the oracle: who is frozen and why, the audit log, rights on other nodes, and what an operator decides.

import { type Static, Type } from 'typebox';
import { AgentCapabilities } from '../../../agents/capabilities.ts';
import { ActionName } from '../../../agents/oracle/order.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import type { OracleDesk } from '../../security/oracle-desk.ts';
import type { Caller } from '../access.ts';
import { actorOf } from '../actor.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, NO_CONTENT, PROBLEM_ANSWERS } from '../openapi.ts';
import { PATIENT } from '../patience.ts';

const At = Type.Number({ description: 'Milliseconds since 1970.' });
const Key = Type.String({ minLength: 3, maxLength: 400, description: 'e.g. `agent/camera/north@NODE`, `*@NODE`.' });
const Reason = Type.String({ minLength: 1, maxLength: 300 });
const By = Type.String({ description: '`here`, `owner`, `quorum` or `authority`.' });
const ReachView = Type.Object({
  reach: Type.Union([Type.Literal('network'), Type.Literal('here')], {
    description: '`here`: on this node, and as a vote to the others. Where the authority is: in the whole network.',
  }),
});

export const OracleView = Type.Object({
  frozen: Type.Array(Type.Object({ actor: Key, reason: Type.String(), at: At, by: By })),
  halt: Type.Optional(Type.Object({ reason: Type.String(), at: At, by: By })),
  scores: Type.Array(Type.Object({ actor: Key, score: Type.Number({ description: '1 is where it is frozen.' }) })),
  denials: Type.Array(
    Type.Object({
      at: At,
      actor: Key,
      action: Type.String(),
      subject: Type.String(),
      reason: Type.String(),
    }),
  ),
});
export type OracleView = Static<typeof OracleView>;

export const AuditRowView = Type.Object({
  sequence: Type.Integer(),
  at: At,
  kind: Type.String(),
  actor: Type.String(),
  subject: Type.String(),
  detail: Type.String({ description: 'JSON.' }),
  previousHash: Type.String(),
  hash: Type.String(),
});

export const AuditVerdictView = Type.Object({
  ok: Type.Boolean(),
  rows: Type.Integer(),
  checkpoints: Type.Integer(),
  unsigned: Type.Integer({ description: 'Rows after the newest checkpoint.' }),
  from: Type.Optional(Type.Integer()),
  last: Type.Optional(Type.Object({ sequence: Type.Integer(), hash: Type.String(), at: At })),
  fault: Type.Optional(Type.Object({ sequence: Type.Integer(), kind: Type.String(), message: Type.String() })),
  witnesses: Type.Integer({ description: 'Checkpoints kept elsewhere that the log was compared with.' }),
});

const GrantView = Type.Object({
  id: Type.String(),
  node: Type.String(),
  agent: Type.Optional(Type.String()),
  capabilities: Type.Array(Type.String()),
  root: Type.String({ description: '`network`, or the node on which alone it counts.' }),
  expiresAt: At,
});

export function oracleRoutes({ tokens }: RouteContext, desk: OracleDesk) {
  /** Whoever stole a token could make itself another one before it is frozen. */
  const refuseYoungToken = (caller: Caller, since: number | undefined): void => {
    if (!('tokenId' in caller) || since === undefined) return;
    const createdAt = tokens.get(caller.tokenId)?.createdAt;
    if (createdAt !== undefined && createdAt < since) return;
    throw new ParlmeshError('TOKEN_FORBIDDEN', 'This token is younger than what it would undo', {
      hint: 'Use an older token, or the parlmesh command on the board',
    });
  };
  return async (app: App): Promise<void> => {
    app.get(
      '/oracle',
      {
        config: { scope: 'read' },
        schema: { tags: ['oracle'], summary: 'Who is frozen, what was refused', response: answers(OracleView) },
      },
      async () => desk.status(),
    );

    app.post(
      '/oracle/freeze',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['oracle'],
          summary: 'Freeze an actor on this node, and vote to freeze it everywhere',
          body: Type.Object({ actor: Key, reason: Reason }, { additionalProperties: false }),
          response: NO_CONTENT,
        },
      },
      async (request, reply) => {
        await desk.freeze(request.body.actor, request.body.reason);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/oracle/unfreeze',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['oracle'],
          summary: 'Let a frozen actor act again',
          body: Type.Object({ actor: Key }, { additionalProperties: false }),
          response: answers(ReachView),
        },
      },
      async (request) => {
        const { actor } = request.body;
        refuseYoungToken(request.caller, desk.frozenSince(actor));
        return { reach: await desk.unfreeze(actor) };
      },
    );

    app.post(
      '/oracle/halt',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['oracle'],
          summary: 'Halt changes of policies and configuration',
          body: Type.Object({ reason: Reason }, { additionalProperties: false }),
          response: answers(ReachView),
        },
      },
      async (request) => ({ reach: await desk.halt(request.body.reason) }),
    );

    app.post(
      '/oracle/lift',
      {
        config: { scope: 'admin' },
        schema: { tags: ['oracle'], summary: 'Lift the halt of changes', response: answers(ReachView) },
      },
      async (request) => {
        refuseYoungToken(request.caller, desk.status().halt?.at);
        return { reach: await desk.lift() };
      },
    );

    app.get(
      '/audit',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['oracle'],
          summary: 'The audit log, newest first; with `after` oldest first',
          querystring: Type.Object(
            {
              after: Type.Optional(Type.Integer({ minimum: 0 })),
              before: Type.Optional(Type.Integer({ minimum: 0 })),
              kind: Type.Optional(Type.String({ maxLength: 40 })),
              actor: Type.Optional(Type.String({ maxLength: 400 })),
              limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Array(AuditRowView)),
        },
      },
      async ({ query }) => desk.audit(query),
    );

    app.get(
      '/audit/verify',
      {
        ...PATIENT,
        config: { scope: 'read' },
        schema: {
          tags: ['oracle'],
          summary: 'Is the audit log as it was written? Names the first row that is not',
          response: answers(AuditVerdictView),
        },
      },
      async () => desk.verify(),
    );

    app.get(
      '/oracle/tokens',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['oracle'],
          summary: 'Rights on other nodes that this node holds',
          response: answers(Type.Array(GrantView)),
        },
      },
      async () => desk.held(),
    );

    app.post(
      '/oracle/tokens',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['oracle'],
          summary: 'Give a node, or one agent on it, a right',
          description:
            'On the node that holds the network’s authority the right counts on all nodes, elsewhere on this node alone. ' +
            'It is brought to the node that is to hold it, which must be reachable.',
          body: Type.Object(
            {
              node: Type.String({ minLength: 1, maxLength: 256, description: 'Name or id.' }),
              agent: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
              capabilities: AgentCapabilities,
              expiresInSeconds: Type.Integer({ minimum: 60, maximum: 365 * 86_400, default: 30 * 86_400 }),
            },
            { additionalProperties: false },
          ),
          response: { 201: Type.Object({ id: Type.String(), expiresAt: At }), ...PROBLEM_ANSWERS },
        },
      },
      async (request, reply) => {
        return reply.code(201).send(await desk.grant(request.body, actorOf(request.caller, tokens)));
      },
    );

    app.delete(
      '/oracle/tokens/:id',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['oracle'],
          summary: 'Revoke a right that this node gave',
          params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }) }),
          response: NO_CONTENT,
        },
      },
      async (request, reply) => {
        await desk.revoke(request.params.id, actorOf(request.caller, tokens));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/oracle/orders',
      {
        ...PATIENT,
        config: { scope: 'admin' },
        schema: {
          tags: ['oracle'],
          summary: 'Have other nodes do something, with a right to it',
          body: Type.Object(
            {
              action: ActionName,
              nodes: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 128 }),
              subject: Type.String({ minLength: 1, maxLength: 300 }),
            },
            {
              additionalProperties: false,
              examples: [{ action: 'agent.restart', nodes: ['bravo'], subject: 'links' }],
            },
          ),
          response: answers(
            Type.Array(Type.Object({ node: Type.String(), done: Type.Boolean(), cause: Type.Optional(Type.String()) })),
          ),
        },
      },
      async (request) => desk.order(request.body, actorOf(request.caller, tokens)),
    );
  };
}
