// The route that reads the picture of a network diagram. The body is the picture itself.

import { DrawingView } from '../../view/drawing-schema.ts';
import type { App, RouteContext } from '../context.ts';
import { answers } from '../openapi.ts';
import { PATIENT } from '../patience.ts';
import { httpError } from '../problem.ts';
import { untilGone } from './text.ts';

/** Bytes of a picture's file. */
const MOST_PICTURE_BYTES = 30_000_000;

export function drawingRoutes({ actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_PICTURE_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    app.post(
      '/vision/topology',
      {
        ...PATIENT,
        config: { scope: 'act' },
        bodyLimit: MOST_PICTURE_BYTES,
        schema: {
          tags: ['vision'],
          summary: 'Read a drawing of a network, and compare it with the mesh',
          description:
            'The body is the file of a picture of a network diagram (a screenshot, a photograph, another tool’s picture), of at most 30 MB and 50 million pixels. Nothing of it is kept.',
          response: answers(DrawingView),
        },
      },
      async ({ body }, reply) => {
        if (body instanceof Uint8Array && body.length > 0) return actions.readDrawing(body, untilGone(reply));
        throw httpError('HTTP_BAD_REQUEST', 'The body must be a picture', 'curl --data-binary @picture.png …');
      },
    );
  };
}
