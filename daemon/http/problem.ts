// Errors as RFC 9457 problem details: which status a code has, and what of an error a client is told.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { ParlmeshError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';

export const ProblemView = Type.Object(
  {
    type: Type.String({ description: 'Names the code: `/api/v3/problems#CODE`.' }),
    title: Type.String({ description: 'The code in words; the same for every occurrence.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What is wrong, and where, this time.' }),
    code: Type.String({ description: 'Stable, for programs.' }),
    hint: Type.Optional(Type.String({ description: 'What to do next.' })),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), expected: Type.String() }), {
        description: 'Each wrong field of the request.',
      }),
    ),
  },
  { description: 'Problem details (RFC 9457).' },
);
export type ProblemView = Static<typeof ProblemView>;

/** What the HTTP layer itself answers with. Codes of other rooms are placed by `statusOf`. */
export const PROBLEMS = {
  HTTP_BAD_REQUEST: { status: 400, title: 'The request cannot be understood' },
  HTTP_INVALID: { status: 400, title: 'A field of the request is wrong' },
  HTTP_UNAUTHORIZED: { status: 401, title: 'A token is needed' },
  HTTP_TOKEN_INVALID: { status: 401, title: 'The token is unknown, expired or revoked' },
  HTTP_FORBIDDEN: { status: 403, title: 'The token does not allow this' },
  HTTP_CROSS_SITE: { status: 403, title: 'The request comes from another web site' },
  HTTP_NOT_FOUND: { status: 404, title: 'There is no such address' },
  HTTP_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  HTTP_BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  HTTP_URI_TOO_LONG: { status: 414, title: 'The address is too long' },
  HTTP_MEDIA_TYPE: { status: 415, title: 'The body is not JSON' },
  HTTP_HOST_UNKNOWN: { status: 421, title: 'This node does not go by that host name' },
  HTTP_TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests' },
  HTTP_HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large' },
  HTTP_INTERNAL: { status: 500, title: 'Something unforeseen went wrong' },
  HTTP_UNAVAILABLE: { status: 503, title: 'Not available now' },
  HTTP_STREAM_FULL: { status: 503, title: 'Too many listeners' },
} as const satisfies Record<string, { status: number; title: string }>;
export type HttpCode = keyof typeof PROBLEMS;

/** How the codes of other rooms end, and the status that says the same. */
const STATUS_BY_ENDING: readonly [RegExp, number][] = [
  [/_(NOT_FOUND|UNKNOWN|UNKNOWN_LEARNER)$/, 404],
  [/_(INVALID|EXPIRED|USED|MALFORMED)$/, 400],
  [/_(DENIED|FORBIDDEN|REFUSED|AUTHORIZED)$/, 403],
  [/_(EXISTS|CONFLICT|BUSY|RUNNING|IN_USE|TAKEN|LIMIT|OFF|NOT_COORDINATOR)$/, 409],
  [/_(UNAVAILABLE|TIMEOUT|UNREACHABLE|FULL|CLOSED|NO_COORDINATOR)$/, 503],
  [/_(FAILED|CORRUPT)$/, 500],
];

/** An error that the HTTP layer foresaw. */
export function httpError(code: HttpCode, detail: string, hint?: string): ParlmeshError {
  return new ParlmeshError(code, detail, hint === undefined ? {} : { hint });
}

export function statusOf(code: string): number {
  if (isHttpCode(code)) return PROBLEMS[code].status;
  return STATUS_BY_ENDING.find(([ending]) => ending.test(code))?.[1] ?? 422;
}

/** Problem details of anything thrown; undefined for what was not foreseen, whose message stays inside. */
export function problemOf(error: unknown): ProblemView | undefined {
  if (error instanceof ParlmeshError) {
    return problem(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  }
  if (!isFastifyError(error)) return undefined;
  if (error.validation !== undefined) {
    const errors = error.validation.slice(0, 20).map(({ instancePath, message, params }) => ({
      path: `${error.validationContext ?? ''}${instancePath}`,
      expected: `${message ?? 'another value'}${namesIn(params)}`,
    }));
    const first = errors[0];
    const detail = first === undefined ? 'The request is wrong' : `${first.path}: ${first.expected}`;
    return problem('HTTP_INVALID', detail, { hint: '/docs shows what each request takes', errors });
  }
  const code = httpCodeOfStatus(error.statusCode);
  return code === undefined ? undefined : problem(code, error.message);
}

/** Fastify's error handler: answers with problem details and logs what was not foreseen. */
export function answerWithProblem(logger: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const foreseen = problemOf(error);
    if (foreseen === undefined || foreseen.status >= 500) {
      logger.error({ err: error, method: request.method, route: request.routeOptions.url }, 'request failed');
    }
    return sendProblem(reply, foreseen ?? problem('HTTP_INTERNAL', 'The node could not answer; its log says why'));
  };
}

export function sendProblem(reply: FastifyReply, answer: ProblemView): FastifyReply {
  if (answer.status === 401) reply.header('www-authenticate', 'Bearer realm="parlmesh"');
  if (answer.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', '5');
  return reply
    .code(answer.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer((payload) => JSON.stringify(payload))
    .send(answer);
}

function problem(code: string, detail: string, more: Pick<ProblemView, 'hint' | 'errors'> = {}): ProblemView {
  return {
    type: `/api/v3/problems#${code}`,
    title: isHttpCode(code) ? PROBLEMS[code].title : wordsOf(code),
    status: statusOf(code),
    detail,
    code,
    ...more,
  };
}

function isHttpCode(code: string): code is HttpCode {
  return Object.hasOwn(PROBLEMS, code);
}

function httpCodeOfStatus(status: number | undefined): HttpCode | undefined {
  if (status === 503) return 'HTTP_UNAVAILABLE';
  if (status === undefined || status >= 500) return undefined;
  const codes = Object.keys(PROBLEMS).filter(isHttpCode);
  return codes.find((code) => PROBLEMS[code].status === status) ?? 'HTTP_BAD_REQUEST';
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && ('statusCode' in error || 'validation' in error);
}

function wordsOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** ": a, b" where a validation error names the properties it is about. */
function namesIn({ additionalProperties, requiredProperties }: Record<string, unknown>): string {
  const names = additionalProperties ?? requiredProperties;
  return Array.isArray(names) ? `: ${names.join(', ').slice(0, 200)}` : '';
}
