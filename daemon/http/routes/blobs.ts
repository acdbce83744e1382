// Routes about blobs: bytes that inputs of jobs refer to, and those that came out. They stream; none is held as a whole.

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { BlobRef } from '../../../agents/swarm/blob-ref.ts';
import type { JobWindow } from '../../view/view.ts';
import type { App, RouteContext } from '../context.ts';
import { bytesAnswer, PROBLEM_ANSWERS } from '../openapi.ts';
import { PATIENT } from '../patience.ts';
import { httpError } from '../problem.ts';

/** Bytes of one input that is uploaded. */
const MOST_BLOB_BYTES = 1_000_000_000;
const Hash = Type.Object({ sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }) });

export function blobRoutes({ view, actions }: RouteContext) {
  return async (app: App): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.post(
      '/blobs',
      {
        ...PATIENT,
        config: { scope: 'act' },
        bodyLimit: MOST_BLOB_BYTES,
        schema: {
          tags: ['jobs'],
          summary: 'Keep bytes for the inputs of jobs',
          description:
            'The body is the bytes themselves; its content-type is remembered. The answer goes into an input as it is. ' +
            'Bytes that no job needs go when room is needed, those used least recently first.',
          response: { 201: BlobRef, ...PROBLEM_ANSWERS },
        },
      },
      async (request, reply) => {
        const mediaType = request.headers['content-type']?.slice(0, 128);
        return reply.code(201).send(await actions.writeBlob(bounded(request), mediaType));
      },
    );
    app.get(
      '/blobs/:sha256',
      {
        ...PATIENT,
        config: { scope: 'read' },
        schema: {
          tags: ['jobs'],
          summary: 'The bytes of a blob',
          params: Hash,
          response: bytesAnswer('application/octet-stream', 'The bytes.'),
        },
      },
      async (request, reply) => {
        const { sha256 }: Static<typeof Hash> = request.params;
        return sendBlob(view, reply, { $blob: sha256 });
      },
    );
  };
}

/** @param job whose nodes are asked for it when it is not here */
export async function sendBlob(
  view: JobWindow,
  reply: FastifyReply,
  { $blob, bytes, mediaType }: Partial<BlobRef> & Pick<BlobRef, '$blob'>,
  job?: string,
): Promise<FastifyReply> {
  const content = await view.blob($blob, job);
  // A browser must never take what a task wrote for a page of ours.
  reply.headers({ etag: `"${$blob}"`, 'content-disposition': 'attachment' });
  if (bytes !== undefined) reply.header('content-length', bytes);
  return reply.type(safeMediaType(mediaType)).send(Readable.from(content, { objectMode: false }));
}

function safeMediaType(mediaType: string | undefined): string {
  return mediaType !== undefined && /^[\w.+-]+\/[\w.+-]+$/.test(mediaType) ? mediaType : 'application/octet-stream';
}

async function* bounded({ body, raw }: FastifyRequest): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Readable)) return;
  let size = 0;
  for await (const chunk of body) {
    const bytes: Buffer = Buffer.from(chunk);
    size += bytes.length;
    if (size > MOST_BLOB_BYTES) {
      throw httpError('HTTP_BODY_TOO_LARGE', `At most ${MOST_BLOB_BYTES} bytes are taken for a blob`);
    }
    yield bytes;
  }
  if (!raw.complete) throw httpError('HTTP_BAD_REQUEST', 'The body ended early');
}
