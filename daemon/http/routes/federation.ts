// Routes about the federation: who coordinates, rounds, models, what leaves this node, and what operators and owners decide.

import { Type } from 'typebox';
import { LearnerName } from '../../../agents/federation/messages.ts';
import { ConsentChoice, LEAVING_KINDS } from '../../../agents/federation/privacy/config.ts';
import { FederationLedgerView, FederationView, ModelsView, RoundsView } from '../../view/federation-schema.ts';
import { nameOf } from '../actor.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, NO_CONTENT } from '../openapi.ts';

const Limit = Type.Integer({ minimum: 1, maximum: 200, default: 20, description: 'So many at most.' });
const Learner = Type.Object(
  { learner: LearnerName },
  { additionalProperties: false, examples: [{ learner: 'parl-policy' }] },
);
const ListQuery = Type.Object(
  { learner: Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$', default: 'parl-policy' }), limit: Limit },
  { additionalProperties: false },
);

export function federationRoutes({ view, actions, tokens }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/federation',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['federation'],
          summary: 'Who coordinates, what goes on, what this node does for it and what leaves this board',
          response: answers(FederationView),
        },
      },
      async () => view.federation(),
    );

    app.get(
      '/federation/rounds',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['federation'],
          summary: 'Rounds of a learner, as the coordinator knows them',
          querystring: ListQuery,
          response: answers(RoundsView),
        },
      },
      async ({ query }) => view.federationRounds(query.learner, query.limit),
    );

    app.get(
      '/federation/models',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['federation'],
          summary: 'Models of a learner: where each comes from, what was measured, what became of it',
          querystring: ListQuery,
          response: answers(ModelsView),
        },
      },
      async ({ query }) => view.federationModels(query.learner, query.limit),
    );

    app.get(
      '/federation/ledger',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['federation'],
          summary: 'What left this node: when, to whom, how much, and what it gave away',
          querystring: Type.Object({ limit: Limit }, { additionalProperties: false }),
          response: answers(FederationLedgerView),
        },
      },
      async ({ query }) => view.federationLedger(query.limit),
    );

    app.post(
      '/federation/rounds',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['federation'],
          summary: 'Begin a round now; on the node that coordinates',
          body: Learner,
          response: NO_CONTENT,
        },
      },
      async ({ body }, reply) => {
        await actions.beginRound(body.learner);
        return reply.code(204).send(null);
      },
    );

    app.delete(
      '/federation/rounds/:learner',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['federation'],
          summary: 'End the round that runs: nothing of it counts',
          params: Learner,
          response: NO_CONTENT,
        },
      },
      async (request, reply) => {
        await actions.cancelRound(request.params.learner, nameOf(request.caller, tokens));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/federation/pause',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['federation'],
          summary: 'Let no new round begin; on the node that coordinates',
          body: Type.Object(
            { reason: Type.String({ minLength: 1, maxLength: 200 }) },
            { additionalProperties: false, examples: [{ reason: 'the boards are needed for the harvest' }] },
          ),
          response: NO_CONTENT,
        },
      },
      async (request, reply) => {
        await actions.pauseRounds(nameOf(request.caller, tokens), request.body.reason);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/federation/resume',
      {
        config: { scope: 'admin' },
        schema: { tags: ['federation'], summary: 'Let rounds begin again', response: NO_CONTENT },
      },
      async (request, reply) => {
        await actions.resumeRounds(nameOf(request.caller, tokens));
        return reply.code(204).send(null);
      },
    );

    app.put(
      '/federation/consent',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['federation'],
          summary: 'Say what may leave this node; without a choice the configuration counts again',
          body: Type.Object(
            {
              learner: LearnerName,
              kind: Type.Enum([...LEAVING_KINDS]),
              choice: Type.Optional(ConsentChoice),
            },
            { additionalProperties: false, examples: [{ learner: 'parl-policy', kind: 'experience', choice: 'deny' }] },
          ),
          response: NO_CONTENT,
        },
      },
      async ({ body }, reply) => {
        await actions.setConsent(body.learner, body.kind, body.choice);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/federation/accounts/:learner',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['federation'],
          summary: 'Begin a new period of a learner’s privacy budget on this node: it may give away as much again',
          params: Learner,
          response: NO_CONTENT,
        },
      },
      async ({ params }, reply) => {
        await actions.beginPrivacyAccount(params.learner);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/federation/held/:id',
      {
        config: { scope: 'admin' },
        schema: {
          tags: ['federation'],
          summary: 'Let what waits for the owner leave, or not',
          params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{12}$' }) }),
          body: Type.Object(
            { approve: Type.Boolean() },
            { additionalProperties: false, examples: [{ approve: true }] },
          ),
          response: NO_CONTENT,
        },
      },
      async ({ params, body }, reply) => {
        await actions.decideHeld(params.id, body.approve);
        return reply.code(204).send(null);
      },
    );
  };
}
