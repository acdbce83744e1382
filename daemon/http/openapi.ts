// The OpenAPI description of the API and its reader at /docs, all of it served from this node.

import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { PolicyDocument } from '../../agents/parl/policy.ts';
import { BlobRef } from '../../agents/swarm/blob-ref.ts';
import { JobSpec, TaskSpec } from '../../agents/swarm/job-spec.ts';
import {
  AttemptView,
  JobDetailView,
  JobFigures,
  JobView,
  SwarmView,
  TaskView,
  WorkerNodeView,
} from '../../agents/swarm/job-view.ts';
import { ActivityView, CameraAreasView, ObservationPage } from '../view/camera-schema.ts';
import {
  ImportedPolicyView,
  JudgementView,
  KeptPolicyView,
  LearningPointView,
  PolicyView,
} from '../view/policy-schema.ts';
import { PlanView, RouteChangeView, RouteExplanationView, RouteView, SurveyView } from '../view/route-schema.ts';
import {
  AgentView,
  Box,
  CameraView,
  EventView,
  HardwareView,
  LinkView,
  ModelView,
  NodeView,
  ObservationView,
  PeerView,
  ServiceView,
  StoreView,
  TopologyView,
} from '../view/schema.ts';
import type { App } from './context.ts';
import { EXAMPLES } from './openapi-examples.ts';
import { ProblemView } from './problem.ts';

/** Schemas that the description names once and refers to, so that generated clients have types with names. */
const COMPONENTS = {
  Activity: ActivityView,
  Agent: AgentView,
  Attempt: AttemptView,
  BlobReference: BlobRef,
  Box,
  Camera: CameraView,
  CameraAreas: CameraAreasView,
  Event: EventView,
  Hardware: HardwareView,
  ImportedPolicy: ImportedPolicyView,
  Job: JobView,
  JobDetail: JobDetailView,
  JobFigures,
  JobSpec,
  Judgement: JudgementView,
  KeptPolicy: KeptPolicyView,
  LearningPoint: LearningPointView,
  Link: LinkView,
  Model: ModelView,
  Node: NodeView,
  Observation: ObservationView,
  ObservationPage,
  Peer: PeerView,
  Plan: PlanView,
  Policy: PolicyDocument,
  PolicyOverview: PolicyView,
  Problem: ProblemView,
  Route: RouteView,
  RouteChange: RouteChangeView,
  RouteExplanation: RouteExplanationView,
  Service: ServiceView,
  Store: StoreView,
  Survey: SurveyView,
  Swarm: SwarmView,
  Task: TaskView,
  TaskSpec,
  Topology: TopologyView,
  WorkerNode: WorkerNodeView,
};
const NAME_OF = new Map<unknown, string>(Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]));

/** Collects the description of the routes that are registered after it. */
export async function describeRoutes(app: App, version: string): Promise<void> {
  for (const [name, schema] of Object.entries(COMPONENTS)) {
    const example = EXAMPLES[name];
    app.addSchema({ $id: name, ...membersReferred(schema), ...(example && { examples: [example] }) });
  }
  await app.register(swagger, {
    openapi: documentOf(version),
    refResolver: { buildLocalReference: ({ $id }, _baseUri, _fragment, index) => String($id ?? `schema-${index}`) },
    transform: ({ schema, url, route }) => {
      const scope = route.config?.scope ?? 'none';
      const needs = scope === 'none' ? 'Open to everybody.' : `Needs the scope \`${scope}\`.`;
      return {
        url,
        schema: {
          ...schema,
          description: [schema?.description, needs].filter(Boolean).join(' '),
          security: scope === 'none' ? [] : [{ token: [] }],
          response: describedAnswers(schema?.response ?? {}, schema?.summary ?? ''),
        },
      };
    },
  });
}

/** Each answer by reference; one without a description of its own is what the route's summary says. */
function describedAnswers(response: object, summary: string): Record<string, object> {
  return Object.fromEntries(
    Object.entries(membersReferred(response)).map(([status, answer]) => [
      status,
      { description: summary, ...(answer as object) },
    ]),
  );
}

/** The same with references in place of the schemas that have a name. */
function referred(part: unknown): unknown {
  const name = NAME_OF.get(part);
  if (name !== undefined) return { $ref: `${name}#` };
  if (Array.isArray(part)) return part.map(referred);
  return typeof part === 'object' && part !== null ? membersReferred(part) : part;
}

function membersReferred(part: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(part).map(([key, member]) => [key, referred(member)]));
}

function documentOf(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'parlmesh HTTP API',
      version,
      description:
        'What a node shows of itself and what it may be asked to do. Errors are problem details (RFC 9457). ' +
        'Times ending in `At` are milliseconds since 1970, durations are seconds, sizes bytes, shares 0 to 1.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'node', description: 'This node, its board, agents and time series.' },
      { name: 'mesh', description: 'Peers, links, routes and the network.' },
      { name: 'jobs', description: 'Jobs, their tasks and results, and the nodes that work on them.' },
      { name: 'policy', description: 'The learned scheduler: why it serves or not, and its policies.' },
      { name: 'federation', description: 'Learning together: rounds, models, and what leaves this board.' },
      { name: 'anomalies', description: 'What is unusual, why, and since when.' },
      { name: 'healing', description: 'What goes wrong and what the node does about it: incidents and questions.' },
      { name: 'vision', description: 'Cameras, observations and models.' },
      { name: 'journal', description: 'What happened, and what changes now.' },
      { name: 'oracle', description: 'Who may change what, who is frozen, and the audit log.' },
      { name: 'admin', description: 'Tokens, network membership, configuration and store.' },
      { name: 'access', description: 'Log-in of the status page.' },
      { name: 'health', description: 'For supervisors and Prometheus.' },
    ],
    components: {
      securitySchemes: {
        token: { type: 'http' as const, scheme: 'bearer', description: 'A token from `parlmesh token create`.' },
      },
    },
  };
}

/** The schema of an answer with problem details. */
function problemAnswer(description: string) {
  return { description, content: { 'application/problem+json': { schema: ProblemView } } };
}

/** The answers that every route of the API may give besides its own. */
export const PROBLEM_ANSWERS = {
  '4xx': problemAnswer('The request is refused; the problem says why and what to do.'),
  '5xx': problemAnswer('The node could not answer.'),
};

/** A 200 with a body of `schema`. */
export function answers<Schema extends TSchema>(schema: Schema) {
  return { 200: schema, ...PROBLEM_ANSWERS };
}

export const NO_CONTENT = { 204: Type.Null({ description: 'Done.' }), ...PROBLEM_ANSWERS };

/** A 200 with bytes of a media type. */
export function bytesAnswer(mediaType: string, description: string) {
  return {
    200: { description, content: { [mediaType]: { schema: Type.String({ format: 'binary' }) } } },
    ...PROBLEM_ANSWERS,
  };
}

/** The reader is loaded when somebody first opens it: 3 MB that most nodes never need. */
export function serveReader(app: App): void {
  app.get('/api/v3/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  let reader: Promise<FastifyInstance> | undefined;
  for (const path of ['/docs', '/docs/*']) {
    app.get(path, { schema: { hide: true } }, async ({ url, headers }, reply) => {
      reader ??= import('./api-reader.ts').then(({ createReader }) => createReader(JSON.stringify(app.swagger())));
      const answer = await (await reader).inject({ url, headers });
      const { connection: _connection, date: _date, ...kept } = answer.headers;
      return reply.code(answer.statusCode).headers(kept).send(answer.rawPayload);
    });
  }
}
