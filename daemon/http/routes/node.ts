// Routes about this node: itself, its board, its agents and its time series.

import { Type } from 'typebox';
import { ParlmeshError } from '../../../core/errors.ts';
import { PowerView } from '../../view/power-schema.ts';
import { AgentView, HardwareView, NodeView } from '../../view/schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, NO_CONTENT } from '../openapi.ts';
import { httpError } from '../problem.ts';

const Points = Type.Array(Type.Tuple([Type.Number(), Type.Number()]), {
  description: 'Pairs of time (milliseconds since 1970) and value, newest last.',
});

export function nodeRoutes({ view, actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/node',
      {
        config: { scope: 'read' },
        schema: { tags: ['node'], summary: 'This node, its health and services', response: answers(NodeView) },
      },
      async () => view.node(),
    );

    app.get(
      '/hardware',
      {
        config: { scope: 'read' },
        schema: { tags: ['node'], summary: 'Readings of the board', response: answers(HardwareView) },
      },
      async () => {
        const hardware = view.hardware();
        if (hardware === undefined) throw httpError('HTTP_UNAVAILABLE', 'The board has not been read yet');
        return hardware;
      },
    );

    app.get(
      '/agents',
      {
        config: { scope: 'read' },
        schema: { tags: ['node'], summary: 'Agents and their state', response: answers(Type.Array(AgentView)) },
      },
      async () => view.agents(),
    );

    app.post(
      '/agents/:id/restart',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['node'],
          summary: 'Restart an agent',
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) }),
          response: NO_CONTENT,
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        if (!view.agents().some((agent) => agent.id === id)) {
          throw new ParlmeshError('AGENT_NOT_FOUND', `There is no agent "${id}"`, { hint: 'GET /api/v3/agents' });
        }
        await actions.restartAgent(id);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/power/wake',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['node'],
          summary: 'Keep the board awake for a while',
          description: 'It works in spite of its duty cycle and of a low battery; a critical one counts more.',
          body: Type.Object(
            {
              seconds: Type.Number({ minimum: 1, maximum: 86_400, default: 600, description: 'How long from now.' }),
            },
            { additionalProperties: false },
          ),
          response: answers(PowerView),
        },
      },
      async ({ body }) => actions.wake(body.seconds),
    );

    app.get(
      '/history',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['node'],
          summary: 'A time series of the last hours',
          description: 'An unknown series is empty: it may begin later.',
          querystring: Type.Object(
            {
              series: Type.String({ minLength: 1, maxLength: 200, description: 'E.g. `cpu`, `temperature`.' }),
              since: Type.Number({ minimum: 0, default: 0, description: 'Milliseconds since 1970.' }),
            },
            { additionalProperties: false },
          ),
          response: answers(Points),
        },
      },
      async ({ query }) => view.history(query.series, query.since),
    );
  };
}
