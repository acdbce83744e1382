// Routes about what the node sees: cameras, observations, their pictures, models.

import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { ParlmeshError } from '../../../core/errors.ts';
import { CameraView, ModelView, ObservationView } from '../../view/schema.ts';
import type { Snapshot } from '../../view/view.ts';
import type { App, RouteContext } from '../context.ts';
import { isKnown } from '../etag.ts';
import { answers, bytesAnswer } from '../openapi.ts';

const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });
const At = (description: string) => Type.Optional(Type.Number({ minimum: 0, description }));
const Name = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }));

/** A page fetches one picture a second and camera: pictures are counted apart from other requests, this many for one. */
const PICTURES_FOR_A_REQUEST = 30;

export function visionRoutes({ view, rateLimit }: RouteContext) {
  const picture = { scope: 'read', rateLimit: { max: rateLimit * PICTURES_FOR_A_REQUEST } } as const;
  return async (app: App): Promise<void> => {
    app.get(
      '/cameras',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['vision'],
          summary: 'Cameras and what they see now',
          response: answers(Type.Array(CameraView)),
        },
      },
      async () => view.cameras(),
    );

    app.get(
      '/cameras/:id/picture',
      {
        config: picture,
        schema: {
          tags: ['vision'],
          summary: 'The newest picture of a camera, with boxes',
          params: Id,
          querystring: Type.Object({
            boxes: Type.Optional(Type.Boolean({ default: true, description: 'Draw what is in view on it.' })),
            at: Type.Optional(
              Type.Number({ description: 'Ignored; a page that counts up here has its browser fetch anew.' }),
            ),
          }),
          response: bytesAnswer('image/jpeg', 'A JPEG. Its ETag changes with each frame.'),
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { boxes = true } = request.query;
        const snapshot = await view.cameraPicture(id, { boxes });
        if (snapshot !== undefined) return sendPicture(request, reply, snapshot);
        if (view.cameras().some((camera) => camera.id === id)) {
          throw new ParlmeshError('PICTURE_NOT_FOUND', `Camera "${id}" has not delivered a picture yet`, {
            hint: 'GET /api/v3/cameras tells its state and why',
          });
        }
        throw new ParlmeshError('CAMERA_NOT_FOUND', `There is no camera "${id}"`, { hint: 'GET /api/v3/cameras' });
      },
    );

    app.get(
      '/observations',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['vision'],
          summary: 'What cameras saw, newest first',
          querystring: Type.Object(
            {
              camera: Name('Only of this camera.'),
              label: Name('Only of this label, e.g. `person`.'),
              since: At('Seen at or after, milliseconds since 1970.'),
              until: At('Seen at or before, milliseconds since 1970.'),
              limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Array(ObservationView)),
        },
      },
      async ({ query }) => view.observations(query),
    );

    app.get(
      '/observations/:id/picture',
      {
        config: picture,
        schema: {
          tags: ['vision'],
          summary: 'The picture kept with an observation',
          params: Id,
          response: bytesAnswer('image/jpeg', 'A JPEG with the observation’s box.'),
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const snapshot = await view.observationPicture(id);
        if (snapshot !== undefined) return sendPicture(request, reply, snapshot);
        throw new ParlmeshError('PICTURE_NOT_FOUND', `No picture is kept of an observation "${id}"`, {
          hint: 'GET /api/v3/observations lists those that have one under "snapshot"',
        });
      },
    );

    app.get(
      '/models',
      {
        config: { scope: 'read' },
        schema: { tags: ['vision'], summary: 'Models on this node', response: answers(Type.Array(ModelView)) },
      },
      async () => view.models(),
    );
  };
}

/** Pictures of cameras are private: no cache keeps them, but who has one need not fetch it again. */
function sendPicture(request: FastifyRequest, reply: FastifyReply, { picture, at }: Snapshot): FastifyReply {
  const etag = `"${createHash('sha256').update(picture).digest('base64url').slice(0, 22)}"`;
  reply.headers({ etag, 'cache-control': 'no-store', 'last-modified': new Date(at).toUTCString() });
  if (isKnown(request, etag)) return reply.code(304).send();
  return reply.type('image/jpeg').send(Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength));
}
