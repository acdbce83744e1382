// Routes for pictures of the mesh, and what a page needs to draw its own.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { SHOWN } from '../../../vision/drawing/scene.ts';
import { SurveyView } from '../../view/route-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { isKnown } from '../etag.ts';
import { MapPictures, type MapWish } from '../map-pictures.ts';
import { answers, bytesAnswer } from '../openapi.ts';

const Node = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 256, description }));
const FROM = Node('Id or name of the node whose routes are drawn; this one unless given. Of its own area only.');

const Wish = Type.Object(
  {
    show: Type.Union(
      SHOWN.map((show) => Type.Literal(show)),
      { default: 'routes', description: 'Routes with their backups, or a heatmap.' },
    ),
    from: FROM,
    to: Node('Id or name of the one destination whose route is drawn.'),
    theme: Type.Union([Type.Literal('light'), Type.Literal('dark')], { default: 'light' }),
  },
  { additionalProperties: false },
);

const MEDIA_TYPES = { svg: 'image/svg+xml', png: 'image/png' } as const;

export function mapRoutes({ view }: RouteContext) {
  const pictures = new MapPictures(view);
  const send = async (request: FastifyRequest, reply: FastifyReply, wish: MapWish): Promise<FastifyReply> => {
    const { etag, draw } = pictures.of(wish);
    reply.headers({ etag, 'cache-control': 'private, no-cache' });
    if (isKnown(request, etag)) return reply.code(304).send();
    // An SVG that is opened by itself is a document: nothing in it may run or load.
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    return reply.type(MEDIA_TYPES[wish.format]).send(await draw());
  };
  return async (app: App): Promise<void> => {
    app.get(
      '/mesh/survey',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['mesh'],
          summary: 'Routes of any node with their backups, traffic, and what must not fail',
          querystring: Type.Object({ from: FROM }, { additionalProperties: false }),
          response: answers(SurveyView),
        },
      },
      async ({ query }) => view.survey(query.from),
    );

    for (const format of ['svg', 'png'] as const) {
      app.get(
        `/mesh/map.${format}`,
        {
          config: { scope: 'read' },
          schema: {
            tags: ['mesh'],
            summary: `The mesh as ${format === 'svg' ? 'an SVG' : 'a PNG'} picture`,
            description: 'Its ETag changes with what is on it. Nodes stay where they stood in the picture before.',
            querystring: Wish,
            response: bytesAnswer(MEDIA_TYPES[format], 'The picture.'),
          },
        },
        async (request, reply) => send(request, reply, { format, ...request.query }),
      );
    }
  };
}
