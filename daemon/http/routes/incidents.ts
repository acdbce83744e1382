// Routes of the self-healing: incidents as stories and as post-mortems, answers to what people are asked, and how the loop does.

import { Type } from 'typebox';
import { postMortemMarkdown } from '../../../agents/mapek/post-mortem.ts';
import { HealingView, IncidentAnswer, IncidentDetailView, IncidentView } from '../../view/incident-schema.ts';
import { nameOf } from '../actor.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, bytesAnswer } from '../openapi.ts';

const Id = Type.Object({ id: Type.String({ maxLength: 64, description: 'Or the beginning of it.' }) });

export function incidentRoutes({ view, actions, tokens }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/healing',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['healing'],
          summary: 'How the loop does: times of its phases, budgets, open questions, what it learned',
          response: answers(HealingView),
        },
      },
      async () => view.healing(),
    );

    app.get(
      '/incidents',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['healing'],
          summary: 'What was wrong, concluded, done, verified and learned; those that are not over first, newest first',
          querystring: Type.Object(
            {
              open: Type.Optional(
                Type.Boolean({ description: 'Only those that are not over, or only those that are.' }),
              ),
              subject: Type.Optional(Type.String({ maxLength: 200 })),
              limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Array(IncidentView)),
        },
      },
      async ({ query }) => view.incidents(query),
    );

    app.get(
      '/incidents/:id',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['healing'],
          summary: 'One incident, with what people are asked about it',
          params: Id,
          response: answers(IncidentDetailView),
        },
      },
      async ({ params }) => view.incident(params.id),
    );

    app.get(
      '/incidents/:id/post-mortem',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['healing'],
          summary: 'The story as a report in Markdown',
          params: Id,
          response: bytesAnswer('text/markdown', 'A post-mortem.'),
        },
      },
      async ({ params }, reply) => {
        const { incident } = view.incident(params.id);
        return reply.type('text/markdown; charset=utf-8').send(postMortemMarkdown(incident));
      },
    );

    app.post(
      '/incidents/:id/answer',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['healing'],
          summary: 'Approve one of the actions that are offered, or refuse',
          params: Id,
          body: IncidentAnswer,
          response: answers(IncidentView),
        },
      },
      async ({ params, body, caller }) => actions.answerIncident(params.id, body, nameOf(caller, tokens)),
    );
  };
}
