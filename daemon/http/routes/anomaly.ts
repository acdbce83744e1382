// Routes of anomalies: what is unusual and why, the nodes beside their like, and what people say about it.

import { Type } from 'typebox';
import { MOST_QUIET_HOURS } from '../../anomaly/config.ts';
import { AcknowledgeRequest, AnomaliesView, QuietHours } from '../../view/anomaly-schema.ts';
import { nameOf } from '../actor.ts';
import type { App, RouteContext } from '../context.ts';
import { answers } from '../openapi.ts';

const Id = Type.Object({
  id: Type.String({ minLength: 4, maxLength: 64, description: 'Of a series, or the beginning of it.' }),
});

export function anomalyRoutes({ view, actions, tokens }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/anomalies',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['anomalies'],
          summary: 'What is unusual now and why, each series that is watched, and nodes that are unlike their like',
          response: answers(AnomaliesView),
        },
      },
      async () => view.anomalies(),
    );

    app.post(
      '/anomalies/:id/acknowledge',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['anomalies'],
          summary: 'Tell nobody of it for a while: it is known',
          params: Id,
          body: AcknowledgeRequest,
          response: answers(AnomaliesView),
        },
      },
      async ({ params, body, caller }) => actions.acknowledgeAnomaly(params.id, body, nameOf(caller, tokens)),
    );

    app.delete(
      '/anomalies/:id/acknowledge',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['anomalies'],
          summary: 'Tell of it again',
          params: Id,
          response: answers(AnomaliesView),
        },
      },
      async ({ params }) => actions.withdrawAcknowledgement(params.id),
    );

    app.put(
      '/anomalies/quiet-hours',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['anomalies'],
          summary: 'When nobody is told; what is unusual then is recorded all the same',
          body: Type.Object(
            {
              quietHours: Type.Union([Type.Array(QuietHours, { maxItems: MOST_QUIET_HOURS }), Type.Null()], {
                description: 'null goes back to those of the configuration.',
              }),
            },
            { additionalProperties: false },
          ),
          response: answers(AnomaliesView),
        },
      },
      async ({ body }) => actions.setQuietHours(body.quietHours ?? undefined),
    );
  };
}
