// Routes about what is remembered of cameras and drawn on them: search, clips, activity, zones.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ParlmeshError } from '../../../core/errors.ts';
import { activityPicture } from '../../../vision/drawing/activity-picture.ts';
import { DrawnAreas } from '../../cameras/drawn-areas.ts';
import { ActivityView, CameraAreasView, ObservationPage } from '../../view/camera-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { isKnown } from '../etag.ts';
import { answers, bytesAnswer } from '../openapi.ts';

const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });
const At = (description: string) => Type.Optional(Type.Number({ minimum: 0, description }));
const Name = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }));

/** As for pictures of cameras: a page shows many at once. */
const PICTURES_FOR_A_REQUEST = 30;

export function cameraRoutes({ view, actions, rateLimit }: RouteContext) {
  const picture = { scope: 'read', rateLimit: { max: rateLimit * PICTURES_FOR_A_REQUEST } } as const;
  const found = <T>(camera: string, value: T | undefined): T => {
    if (value !== undefined) return value;
    throw new ParlmeshError('CAMERA_NOT_FOUND', `There is no camera "${camera}"`, { hint: 'GET /api/v3/cameras' });
  };
  return async (app: App): Promise<void> => {
    app.get(
      '/vision/observations',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['vision'],
          summary: 'Search of what cameras saw, newest first, a page at a time',
          querystring: Type.Object(
            {
              camera: Name('Only of this camera.'),
              label: Name('Only of this label, e.g. `person`.'),
              zone: Name('Only what was in this zone.'),
              text: Name('Part of a label, a camera or a zone.'),
              from: At('Started at or after, milliseconds since 1970.'),
              to: At('Started at or before, milliseconds since 1970.'),
              cursor: Name('`next` of the answer before.'),
              limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
            },
            { additionalProperties: false },
          ),
          response: answers(ObservationPage),
        },
      },
      async ({ query }) => view.searchObservations(query),
    );

    app.get(
      '/observations/:id/clip',
      {
        config: picture,
        schema: {
          tags: ['vision'],
          summary: 'A few seconds around the start of an observation',
          params: Id,
          response: bytesAnswer('image/webp', 'An animated WebP.'),
        },
      },
      async (request, reply) => {
        const clip = await view.observationClip(request.params.id);
        if (clip === undefined) {
          throw new ParlmeshError('CLIP_NOT_FOUND', `No clip is kept of an observation "${request.params.id}"`, {
            hint: 'vision.clips.enabled keeps them',
          });
        }
        return send(
          request,
          reply,
          { etag: `"${clip.at}-${clip.picture.byteLength}"`, type: 'image/webp' },
          clip.picture,
        );
      },
    );

    app.get(
      '/vision/cameras/:id/activity',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['vision'],
          summary: 'Where things were seen in a camera’s picture',
          params: Id,
          response: answers(ActivityView),
        },
      },
      async ({ params }) => found(params.id, view.activity(params.id)),
    );

    app.get(
      '/vision/cameras/:id/activity.png',
      {
        config: picture,
        schema: {
          tags: ['vision'],
          summary: 'The same as a picture to lay over the camera’s, clear where nothing was seen',
          params: Id,
          response: bytesAnswer('image/png', 'A PNG of 320 by 240, to be stretched.'),
        },
      },
      async (request, reply) => {
        const { shares, sightings } = found(request.params.id, view.activity(request.params.id));
        const etag = `"${request.params.id}-${sightings}-${shares.reduce((sum, share) => sum + share, 0).toFixed(3)}"`;
        return send(request, reply, { etag, type: 'image/png' }, () => activityPicture(shares));
      },
    );

    app.get(
      '/vision/cameras/:id/zones',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['vision'],
          summary: 'Zones, masks and private areas of a camera',
          params: Id,
          response: answers(CameraAreasView),
        },
      },
      async ({ params }) => found(params.id, view.cameraAreas(params.id)),
    );

    app.put(
      '/vision/cameras/:id/zones',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['vision'],
          summary: 'Draw zones, masks and private areas of a camera',
          description: 'They count more than the configuration’s, at once and after a restart. What is left out stays.',
          params: Id,
          body: DrawnAreas,
          response: answers(CameraAreasView),
        },
      },
      async ({ params, body }) => actions.drawAreas(params.id, body),
    );

    app.delete(
      '/vision/cameras/:id/zones',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['vision'],
          summary: 'Forget what was drawn: the configuration’s areas count again',
          params: Id,
          response: answers(CameraAreasView),
        },
      },
      async ({ params }) => actions.drawAreas(params.id, undefined),
    );
  };
}

/** Private, as all pictures of cameras: no cache keeps them, but who has one need not fetch it again. */
async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { etag, type }: { etag: string; type: string },
  bytes: Uint8Array | (() => Promise<Uint8Array>),
): Promise<FastifyReply> {
  reply.headers({ etag, 'cache-control': 'no-store' });
  if (isKnown(request, etag)) return reply.code(304).send();
  const body = typeof bytes === 'function' ? await bytes() : bytes;
  return reply.type(type).send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}
