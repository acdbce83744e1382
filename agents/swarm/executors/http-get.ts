// Tasks that fetch a web address: the answer as text or JSON, or, when it is large or neither, as a blob. Only http and
// https, also after redirects.

import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { messageOf, ParlmeshError } from '../../../core/errors.ts';
import { resultsIn } from '../job-spec.ts';
import type { TaskContext, TaskExecutor } from '../task-executor.ts';

const Input = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', maxLength: 8192 }),
    headers: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 8192 }))),
    /** Bytes of the answer; a longer one fails the task. */
    mostBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
    redirects: Type.Optional(Type.Integer({ minimum: 0, maximum: 20 })),
  },
  { additionalProperties: false },
);

const DEFAULTS = { mostBytes: 10_000_000, redirects: 5 };
/** Bytes of an answer that goes into the result as it is. */
const MOST_BY_VALUE = 12_000;

/** `{ url, headers, mostBytes, redirects }` resolves to `{ status, mediaType, body }`. */
export class HttpGetExecutor implements TaskExecutor {
  readonly kind = 'http.get';

  check(input: unknown): void {
    if (resultsIn(input).length === 0) read(input);
  }

  async run(input: unknown, context: TaskContext): Promise<unknown> {
    const { url, headers = {}, mostBytes = DEFAULTS.mostBytes, redirects = DEFAULTS.redirects } = read(input);
    const response = await this.#get(new URL(url), headers, redirects, context.signal);
    if (!response.ok) {
      await response.body?.cancel();
      throw new ParlmeshError('HTTP_STATUS', `${url} answers with status ${response.status}`);
    }
    const bytes = await bytesOf(response, mostBytes, context);
    const mediaType = response.headers.get('content-type') ?? 'application/octet-stream';
    return { status: response.status, mediaType, body: await bodyOf(bytes, mediaType, context) };
  }

  /** Redirects by hand, so that none leads elsewhere than to the web. */
  async #get(url: URL, headers: Record<string, string>, redirects: number, signal: AbortSignal): Promise<Response> {
    for (let left = redirects, at = url; ; left--) {
      const options = { signal, redirect: 'manual', headers: { 'user-agent': 'parlmesh', ...headers } } as const;
      const response = await fetch(at.href, options).catch((thrown: unknown) => {
        // fetch hides what happened in the cause of its error.
        const cause = thrown instanceof TypeError && thrown.cause !== undefined ? thrown.cause : thrown;
        throw new ParlmeshError('HTTP_UNREACHABLE', `${at.origin} cannot be reached: ${messageOf(cause)}`);
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) return response;
      await response.body?.cancel();
      if (left === 0)
        throw new ParlmeshError('HTTP_REDIRECTS', `${url.href} leads through more than ${redirects} redirects`);
      const next = URL.parse(location, at.href);
      if (next === null || !/^https?:$/.test(next.protocol)) {
        throw new ParlmeshError(
          'HTTP_REDIRECTS',
          `${at.href} leads to ${location.slice(0, 200)}, which is not of the web`,
        );
      }
      // Who is asked next has no business with what was meant for the first.
      if (next.origin !== at.origin) headers = {};
      at = next;
    }
  }
}

function read(input: unknown): Static<typeof Input> {
  if (Value.Check(Input, input)) return input;
  const [problem] = Value.Errors(Input, input);
  throw new ParlmeshError(
    'TASK_INPUT_INVALID',
    `An \`http.get\` task takes \`{ url, headers, mostBytes, redirects }\`: ${problem?.instancePath || '/'} ${problem?.message}`,
  );
}

async function bytesOf({ body, headers }: Response, most: number, context: TaskContext): Promise<Buffer> {
  const expected = Number(headers.get('content-length') ?? 0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > most) throw new ParlmeshError('HTTP_TOO_LONG', `The answer has more than ${most} bytes`);
    chunks.push(chunk);
    if (expected > 0) context.progress(Math.min(1, length / expected));
  }
  return Buffer.concat(chunks);
}

async function bodyOf(bytes: Buffer, mediaType: string, context: TaskContext): Promise<unknown> {
  const isJson = /^application\/([\w.+-]+\+)?json\b/.test(mediaType);
  if (bytes.length > MOST_BY_VALUE || !(isJson || mediaType.startsWith('text/'))) {
    return context.writeBlob(bytes, mediaType.slice(0, 128));
  }
  const text = bytes.toString('utf8');
  if (!isJson) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
