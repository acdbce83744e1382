// Routes about jobs: submit, list, look at, cancel, try again; their results; and the nodes that work on them.

import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import type { BlobRef } from '../../../agents/swarm/blob-ref.ts';
import { JobSpec } from '../../../agents/swarm/job-spec.ts';
import { JobDetailView, JobState, JobView, SwarmView } from '../../../agents/swarm/job-view.ts';
import { ParlmeshError } from '../../../core/errors.ts';
import { MOST_JOB_BYTES } from '../../jobs/job-file.ts';
import { JobTexts } from '../../jobs/job-text.ts';
import { actorOf } from '../actor.ts';
import type { App, RouteContext } from '../context.ts';
import { changedSince, jobDetailText } from '../job-detail.ts';
import { answers, PROBLEM_ANSWERS } from '../openapi.ts';
import { httpError } from '../problem.ts';
import { compileValidator } from '../validation.ts';
import { blobRoutes, sendBlob } from './blobs.ts';

const JOB_ID = '^[a-z0-9-]{4,64}$';
const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const Result = Type.Object({
  ...Id.properties,
  task: Type.String({ minLength: 1, maxLength: 256 }),
});
const Submission = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        pattern: JOB_ID,
        description:
          'The job’s id, chosen by you: the same again answers with the job that has it, and starts nothing.',
      }),
    ),
  },
  { additionalProperties: false },
);
const YAML = ['application/yaml', 'application/x-yaml', 'text/yaml'];

export function jobRoutes(context: RouteContext) {
  const { view, actions, tokens } = context;
  return async (app: App): Promise<void> => {
    app.get(
      '/jobs',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['jobs'],
          summary: 'Jobs that this node knows, newest first',
          querystring: Type.Object(
            {
              state: Type.Optional(JobState),
              before: Type.Optional(
                Type.Number({ minimum: 0, description: 'Only jobs submitted earlier, milliseconds since 1970.' }),
              ),
              limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Array(JobView)),
        },
      },
      async ({ query }) => view.jobs(query),
    );

    app.get(
      '/jobs/:id',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['jobs'],
          summary: 'A job with all its tasks, their attempts and why each was placed where it is',
          params: Id,
          querystring: Type.Object(
            {
              since: Type.Optional(
                Type.Number({
                  minimum: 0,
                  description: 'Only tasks of which something changed at or after it, milliseconds since 1970.',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: jsonStream(JobDetailView, 'The job.'),
        },
      },
      async (request, reply) => {
        const job = await view.job(request.params.id);
        const { since } = request.query;
        const tasks = since === undefined ? job.tasks : job.tasks.filter((task) => changedSince(task, job, since));
        return reply.type('application/json').send(Readable.from(jobDetailText({ ...job, tasks })));
      },
    );

    app.post(
      '/jobs/:id/cancel',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['jobs'],
          summary: 'End a job: what runs is stopped, what waits is not begun',
          params: Id,
          response: answers(JobView),
        },
      },
      async (request) => actions.cancelJob(request.params.id, actorOf(request.caller, tokens)),
    );

    app.post(
      '/jobs/:id/retry',
      {
        config: { scope: 'act' },
        schema: {
          tags: ['jobs'],
          summary: 'Run again what failed, was set aside or cancelled; what succeeded stays',
          params: Id,
          response: answers(JobView),
        },
      },
      async (request) => actions.retryJob(request.params.id, actorOf(request.caller, tokens)),
    );

    app.get(
      '/jobs/:id/results/:task',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['jobs'],
          summary: 'What a task resolved to: as JSON, or the bytes themselves where it is a blob',
          params: Result,
          response: jsonStream(Type.Unknown(), 'JSON, or bytes with the media type that the task gave.'),
        },
      },
      async (request, reply) => {
        const result = await resultOf(context, request.params);
        if (isBlobRef(result)) return sendBlob(view, reply, result, request.params.id);
        return reply.type('application/json').send(JSON.stringify(result ?? null));
      },
    );

    app.get(
      '/swarm',
      {
        config: { scope: 'read' },
        schema: {
          tags: ['jobs'],
          summary: 'Nodes that carry out tasks, and which scheduler places them',
          response: answers(SwarmView),
        },
      },
      async () => view.swarm(),
    );

    await app.register(submission(context));
    await app.register(blobRoutes(context));
  };
}

/** In a scope of its own, since its body is read by the rules of a job file: as bytes, longer than others, in a thread. */
function submission({ actions, tokens }: RouteContext) {
  const texts = new JobTexts();
  return async (app: App): Promise<void> => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      ['application/json', ...YAML],
      { parseAs: 'buffer', bodyLimit: MOST_JOB_BYTES },
      (_request, body, done) => done(null, body),
    );
    // The query by its schema as everywhere; the body by what reads it.
    app.setValidatorCompiler((route) => (route.httpPart === 'body' ? () => true : compileValidator(route)));
    app.post(
      '/jobs',
      {
        config: { scope: 'act' },
        bodyLimit: MOST_JOB_BYTES,
        schema: {
          tags: ['jobs'],
          summary: 'Submit a job',
          description:
            'JSON, or YAML with content-type application/yaml. It is kept on two nodes before this answers. ' +
            'A wrong one is answered with each fault by line and path.',
          querystring: Submission,
          body: JobSpec,
          response: { 201: JobView, ...PROBLEM_ANSWERS },
        },
      },
      async (request, reply) => {
        const bytes: unknown = request.body;
        if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
          throw httpError('HTTP_BAD_REQUEST', 'There is no job in the body', 'docs/jobs.md shows some');
        }
        const spec = await texts.read(bytes, 'the job', isYaml(request) ? 'yaml' : 'json');
        const { id }: Static<typeof Submission> = request.query;
        const job = await actions.submitJob(spec, actorOf(request.caller, tokens), id === undefined ? {} : { id });
        return reply.code(201).header('location', `/api/v3/jobs/${job.id}`).send(job);
      },
    );
  };
}

/** A 200 whose JSON is written piece by piece. */
function jsonStream(schema: TSchema, description: string) {
  return { 200: { description, content: { 'application/json': { schema } } }, ...PROBLEM_ANSWERS };
}

function isYaml(request: FastifyRequest): boolean {
  return YAML.some((type) => request.headers['content-type']?.startsWith(type));
}

async function resultOf({ view }: RouteContext, { id, task: name }: Static<typeof Result>): Promise<unknown> {
  const task = (await view.job(id)).tasks.find((one) => one.id === name);
  if (task === undefined) throw new ParlmeshError('TASK_UNKNOWN', `Job ${id} has no task "${name}"`);
  if (task.state === 'succeeded') return task.result;
  throw new ParlmeshError('RESULT_NOT_FOUND', `Task "${name}" has no result: it is ${task.state}`, {
    hint: `GET /api/v3/jobs/${id} tells why`,
  });
}

function isBlobRef(value: unknown): value is BlobRef {
  return typeof value === 'object' && value !== null && '$blob' in value && typeof value.$blob === 'string';
}
