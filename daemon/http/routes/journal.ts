// Routes about the journal and about what changes: events, and the stream of everything.

import { Type } from 'typebox';
import { CHANGE_TOPICS, type ChangeTopic, EventView } from '../../view/schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers, bytesAnswer } from '../openapi.ts';
import { httpError } from '../problem.ts';

const EventId = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description }));

export function journalRoutes({ view, streams }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/events',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['journal'],
          summary: 'What happened: newest first, or oldest first after an id',
          querystring: Type.Object(
            {
              after: EventId('Only events with a greater id.'),
              before: EventId('Only events with a lesser id.'),
              limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
              severity: Type.Optional(
                Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')]),
              ),
              kind: Type.Optional(
                Type.String({ minLength: 1, maxLength: 100, description: 'Prefix of the kind, e.g. `camera.`.' }),
              ),
              subject: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Array(EventView)),
        },
      },
      async ({ query }) => view.events(query),
    );

    app.get(
      '/stream',
      {
        exposeHeadRoute: false,
        config: { scope: 'read', endless: true },
        schema: {
          tags: ['journal'],
          summary: 'What changes, as server-sent events',
          description:
            'First the present state of each topic, then each change: `event:` is the topic, `data:` its value as in ' +
            'the GET of that name (one observation, one event). Journal events carry `id:`; a client that comes ' +
            'back with Last-Event-ID gets those it missed. A client that reads too slowly skips changes and gets ' +
            'the present state again.',
          querystring: Type.Object(
            {
              topics: Type.Optional(
                Type.String({ maxLength: 200, description: `Comma-separated, of ${CHANGE_TOPICS.join(', ')}.` }),
              ),
              after: EventId('As Last-Event-ID, for the first connection.'),
            },
            { additionalProperties: false },
          ),
          headers: Type.Object({ 'last-event-id': EventId('The last event that the client has.') }),
          response: bytesAnswer('text/event-stream', 'An endless stream.'),
        },
      },
      (request, reply) => {
        streams.open(request, reply, {
          topics: topicsOf(request.query.topics),
          after: request.headers['last-event-id'] ?? request.query.after,
        });
      },
    );
  };
}

function topicsOf(list: string | undefined): ReadonlySet<ChangeTopic> {
  if (list === undefined) return new Set(CHANGE_TOPICS);
  return new Set(
    list.split(',').map((name) => {
      const topic = CHANGE_TOPICS.find((known) => known === name.trim());
      if (topic !== undefined) return topic;
      throw httpError('HTTP_INVALID', `query/topics: "${name}" is not a topic`, `Topics: ${CHANGE_TOPICS.join(', ')}`);
    }),
  );
}
