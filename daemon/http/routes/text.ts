// The route that reads text in a picture. The body is the picture itself.

import type { FastifyReply } from 'fastify';
import { TextReadingView } from '../../view/text-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers } from '../openapi.ts';
import { PATIENT } from '../patience.ts';
import { httpError } from '../problem.ts';

/** Bytes of a picture's file. */
const MOST_PICTURE_BYTES = 30_000_000;

export function textRoutes({ actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_PICTURE_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    app.post(
      '/vision/ocr',
      {
        ...PATIENT,
        config: { scope: 'act' },
        bodyLimit: MOST_PICTURE_BYTES,
        schema: {
          tags: ['vision'],
          summary: 'Read the text in a picture',
          description:
            'The body is the picture’s file (JPEG, PNG, WebP, GIF, TIFF, AVIF), of at most 30 MB and 50 million pixels. Nothing of it is kept.',
          response: answers(TextReadingView),
        },
      },
      async ({ body }, reply) => {
        if (body instanceof Uint8Array) return actions.readText(body, untilGone(reply));
        throw httpError('HTTP_BAD_REQUEST', 'The body must be a picture', 'curl --data-binary @picture.jpg …');
      },
    );
  };
}

/** Aborts when the client has gone. The request's own signal does so as soon as its body was read. */
export function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort(httpError('HTTP_UNAVAILABLE', 'The client has gone')));
  return gone.signal;
}
