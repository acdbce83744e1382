// Routes for supervisors and Prometheus: alive, ready, metrics; and the list of problem codes.

import { Type } from 'typebox';
import type { App, RouteContext } from '../context.ts';
import { answers, bytesAnswer } from '../openapi.ts';
import { PROBLEMS } from '../problem.ts';

const ReadyView = Type.Object({
  ready: Type.Boolean(),
  problems: Type.Array(Type.Object({ service: Type.String(), state: Type.String() }), {
    description: 'Required services that do not run.',
  }),
});

export function healthRoutes({ view, access }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/healthz',
      {
        schema: {
          tags: ['health'],
          summary: 'Alive: the process answers',
          response: { 200: Type.Object({ alive: Type.Literal(true) }) },
        },
      },
      async () => ({ alive: true as const }),
    );

    app.get(
      '/readyz',
      {
        schema: {
          tags: ['health'],
          summary: 'Ready: every required service runs',
          response: { 200: ReadyView, 503: ReadyView },
        },
      },
      async (_request, reply) => {
        const problems = view
          .node()
          .services.filter(({ required, state }) => required && state !== 'running')
          .map(({ name, state }) => ({ service: name, state }));
        const ready = problems.length === 0;
        return reply.code(ready ? 200 : 503).send({ ready, problems });
      },
    );

    app.get(
      '/metrics',
      {
        config: { scope: 'read' },
        preParsing: async (request) => access.authorize(request, 'read'),
        schema: {
          tags: ['health'],
          summary: 'Metrics for Prometheus',
          response: bytesAnswer('text/plain', 'Prometheus text exposition.'),
        },
      },
      async (_request, reply) =>
        reply
          .type('text/plain; version=0.0.4; charset=utf-8')
          .header('cache-control', 'no-store')
          .send(await view.metrics()),
    );

    app.get(
      '/api/v3/problems',
      {
        schema: {
          tags: ['access'],
          summary: 'Problem codes of the HTTP layer',
          response: answers(Type.Record(Type.String(), Type.Object({ status: Type.Integer(), title: Type.String() }))),
        },
      },
      async () => PROBLEMS,
    );
  };
}
