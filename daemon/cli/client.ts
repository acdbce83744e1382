// Talks to the daemon over HTTP on its Unix socket.

import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { ParlmeshError } from '../../core/errors.ts';
import { FORWARD_PROTOCOL } from '../http/forward-upgrade.ts';

const SOCKET = 'parlmesh.sock';
/** Where the service's socket is, whoever asks. */
const SERVICE_SOCKETS = [`/run/parlmesh/${SOCKET}`, `/var/lib/parlmesh/${SOCKET}`];
const MOST_BYTES = 64_000_000;
const ANSWER_WITHIN = 15_000;

/** Nothing answers on any of the sockets: the caller may do the work on the files instead. */
export const NO_DAEMON = 'CLI_NO_DAEMON';

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  hint?: string;
}

/** The sockets to try, in order: the one that was asked for, else the user's own daemon, else the service. */
export async function socketCandidates(dataDir: string | undefined, env: NodeJS.ProcessEnv): Promise<string[]> {
  if (dataDir !== undefined) return [path.resolve(dataDir, SOCKET)];
  if (env.PARLMESH_SOCKET) return [path.resolve(env.PARLMESH_SOCKET)];
  if (env.PARLMESH_DATA_DIR) return [path.resolve(env.PARLMESH_DATA_DIR, SOCKET)];
  const { resolveDataDir } = await import('../config/data-dir.ts');
  return [...new Set([path.join(resolveDataDir({}, env), SOCKET), ...SERVICE_SOCKETS])];
}

/**
 * Answers are taken for what the API's own types say: they come from our daemon through a socket that only its owner
 * may open, and checking them against the schemas would cost a third of a second on a small board. That a listing is
 * a list is checked.
 */
export class ApiClient {
  readonly #candidates: () => Promise<string[]>;
  #socket: string | undefined;

  constructor(candidates: () => Promise<string[]>) {
    this.#candidates = candidates;
  }

  /** GET below /api/v3. @param within milliseconds to wait for the answer */
  get<T>(
    resource: string,
    query: Record<string, string | number | undefined> = {},
    within: number = ANSWER_WITHIN,
  ): Promise<T> {
    return this.#exchange<T>('GET', withQuery(resource, query), undefined, within);
  }

  async list<T>(resource: string, query: Record<string, string | number | undefined> = {}): Promise<T[]> {
    const answer = await this.get<T[]>(resource, query);
    if (Array.isArray(answer)) return answer;
    throw unexpected(resource, 'it is no list');
  }

  /** @param within milliseconds to wait for the answer */
  post<T>(resource: string, body?: unknown, within: number = ANSWER_WITHIN): Promise<T> {
    return this.#exchange<T>('POST', resource, body, within);
  }

  put(resource: string, body: unknown): Promise<void> {
    return this.#exchange<void>('PUT', resource, body);
  }

  delete<T = void>(resource: string, within: number = ANSWER_WITHIN): Promise<T> {
    return this.#exchange<T>('DELETE', resource, undefined, within);
  }

  /** Opens an answer that does not end (server-sent events). Rejects as `get` does. */
  async open(
    resource: string,
    query: Record<string, string | number | undefined>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const response = await this.#request('GET', withQuery(resource, query), undefined, ANSWER_WITHIN, signal);
    if (response.statusCode === 200) return response;
    throw problemOf(response.statusCode ?? 0, await read(response));
  }

  /** Turns a connection to the daemon into a byte stream to what the resource stands for. Rejects as `get` does. */
  async upgrade(resource: string, query: Record<string, string>): Promise<Duplex> {
    // Any answer tells which of the sockets is the daemon's.
    if (this.#socket === undefined) await this.get('node');
    const socketPath = this.#socket ?? '';
    const call = request({
      path: `/api/v3/${withQuery(resource, query)}`,
      headers: { connection: 'Upgrade', upgrade: FORWARD_PROTOCOL },
      // The other side may end its half and go on listening.
      createConnection: () => connect({ path: socketPath, allowHalfOpen: true }),
    });
    return new Promise((resolve, reject) => {
      call.once('upgrade', (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      call.once('response', (response) => {
        read(response).then((text) => reject(problemOf(response.statusCode ?? 0, text)), reject);
      });
      call.once('error', (error) => reject(connectionError(error, socketPath) ?? error));
      call.end();
    });
  }

  async #exchange<T>(method: string, resource: string, body?: unknown, within = ANSWER_WITHIN): Promise<T> {
    const response = await this.#request(method, resource, body, within);
    const text = await read(response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw problemOf(status, text);
    if (text === '') return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw unexpected(resource, 'it is no JSON');
    }
  }

  async #request(
    method: string,
    resource: string,
    body: unknown,
    within: number,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const candidates = this.#socket === undefined ? await this.#candidates() : [this.#socket];
    let failure: ParlmeshError | undefined;
    for (const socketPath of candidates) {
      try {
        const response = await send({ socketPath, method, path: `/api/v3/${resource}`, body, within, signal });
        this.#socket = socketPath;
        return response;
      } catch (error) {
        signal?.throwIfAborted();
        const refused = connectionError(error, socketPath);
        if (refused === undefined) throw error;
        // A socket that we may not use tells more than one that is not there; the first of them most.
        if (failure === undefined || failure.code === NO_DAEMON) failure = refused;
      }
    }
    if (failure !== undefined && failure.code !== NO_DAEMON) throw failure;
    throw new ParlmeshError(NO_DAEMON, `No parlmesh daemon is running (nothing answers at ${candidates.join(', ')})`, {
      hint: 'parlmesh run starts one; --data-dir names the folder of one that runs elsewhere',
      data: { sockets: candidates },
    });
  }
}

interface Exchange {
  socketPath: string;
  method: string;
  path: string;
  body: unknown;
  within: number;
  signal: AbortSignal | undefined;
}

function send({ socketPath, method, path: target, body, within, signal }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { accept: '*/*', ...(body !== undefined && { 'content-type': 'application/json' }) };
    const call = request({
      socketPath,
      method,
      path: target,
      headers,
      agent: false,
      ...(signal !== undefined && { signal }),
    });
    const timer = setTimeout(() => {
      call.destroy(
        new ParlmeshError('CLI_TIMEOUT', `The daemon did not answer within ${within / 1000} s`, {
          hint: 'It may be overloaded or stuck: `parlmesh doctor`, or its log',
        }),
      );
    }, within);
    call.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    call.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => response.destroy(new Error('the answer stopped in the middle')), ANSWER_WITHIN);
  try {
    for await (const chunk of response) {
      const bytes: Buffer = Buffer.from(chunk);
      size += bytes.length;
      if (size > MOST_BYTES) throw unexpected(response.url ?? '', `it is longer than ${MOST_BYTES} bytes`);
      chunks.push(bytes);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function connectionError(error: unknown, socket: string): ParlmeshError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') {
    return new ParlmeshError(NO_DAEMON, `nothing answers at ${socket}`);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new ParlmeshError('CLI_SOCKET_DENIED', `You may not use the daemon's socket ${socket}`, {
      hint: 'Use sudo, or join the group of the user that runs parlmesh',
    });
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new ParlmeshError('CLI_CONNECTION_LOST', `The daemon at ${socket} closed the connection`, {
      hint: 'It may be stopping: try again, or see its log',
    });
  }
  return undefined;
}

/** A problem (RFC 9457) as the error that it describes. */
function problemOf(status: number, text: string): ParlmeshError {
  let problem: Problem = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) problem = parsed;
  } catch {
    // Not from our API; the status must do.
  }
  const message = problem.detail ?? problem.title ?? `The daemon answered with status ${status}`;
  return new ParlmeshError(problem.code ?? `HTTP_${status}`, message, {
    ...(problem.hint !== undefined && { hint: problem.hint }),
    data: { status },
  });
}

function unexpected(resource: string, why: string): ParlmeshError {
  return new ParlmeshError('CLI_UNEXPECTED_ANSWER', `The daemon's answer to ${resource} cannot be used: ${why}`, {
    hint: 'The daemon may be of another version: `parlmesh status` shows it',
  });
}

function withQuery(resource: string, query: Record<string, string | number | undefined>): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) given.set(key, String(value));
  }
  return given.size === 0 ? resource : `${resource}?${given}`;
}
