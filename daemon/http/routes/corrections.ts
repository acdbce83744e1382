// Routes of the self-correction: what is wrong, what was done about it, and how places look.

import { Type } from 'typebox';
import { EpisodeView, PlacesView } from '../../view/correction-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers } from '../openapi.ts';

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,31}$' });

export function correctionRoutes({ view, actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.get(
      '/vision/corrections',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['vision'],
          summary: 'What was seen, concluded and done, and what came of it, newest first',
          response: answers(Type.Array(EpisodeView)),
        },
      },
      async () => view.corrections(),
    );

    app.post(
      '/vision/corrections/:id/offers/:offer',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['vision'],
          summary: 'Take one of the ways that an operator was offered',
          params: Type.Object({
            id: Type.String({ maxLength: 64 }),
            offer: Type.Integer({ minimum: 0, maximum: 16, description: 'From 0.' }),
          }),
          response: answers(Type.Object({ done: Type.String() })),
        },
      },
      async ({ params }) => ({ done: await actions.takeOffer(params.id, params.offer) }),
    );

    app.get(
      '/vision/places',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['vision'],
          summary: 'Watched places of cameras, and how they are',
          response: answers(PlacesView),
        },
      },
      async () => view.places(),
    );

    app.post(
      '/vision/cameras/:id/places/:place/looks',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['vision'],
          summary: 'Teach how a place looks: what the camera shows now is this state',
          params: Type.Object({ id: Name, place: Name }),
          body: Type.Object({ state: Name }, { additionalProperties: false }),
          response: answers(Type.Object({ pictures: Type.Integer({ description: 'That this state has now.' }) })),
        },
      },
      async ({ params, body }) => actions.teachPlace(params.id, params.place, body.state),
    );
  };
}
