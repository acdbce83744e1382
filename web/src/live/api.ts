// Calls to the node's HTTP API. Failures are problem details (RFC 9457) and become `ApiError`; a 401
// means that the log-in has run out.

import { signal } from '@preact/signals';

const BASE = '/api/v3';

/** True while the node wants a token before it shows anything. */
export const loginNeeded = signal(false);

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>('GET', path, undefined, signal);
}

export function remove(path: string): Promise<void> {
  return call('DELETE', path);
}

export function post<T>(path: string, body: Record<string, unknown> = {}): Promise<T> {
  return call<T>('POST', path, { text: JSON.stringify(body), mediaType: 'application/json' });
}

export function put<T>(path: string, body: Record<string, unknown>): Promise<T> {
  return call<T>('PUT', path, { text: JSON.stringify(body), mediaType: 'application/json' });
}

/** Posts a text of another kind than JSON, e.g. `application/yaml`. */
export function postText<T>(path: string, text: string, mediaType: string): Promise<T> {
  return call<T>('POST', path, { text, mediaType });
}

/**
 * Where a picture is. The address carries the time of the frame, so that the browser asks again only when there is a
 * newer one; the page draws a camera's boxes itself and wants the bare frame.
 */
export function pictureUrl(kind: 'cameras' | 'observations', id: string, at: number): string {
  const bare = kind === 'cameras' ? '&boxes=false' : '';
  return `${BASE}/${kind}/${encodeURIComponent(id)}/picture?at=${at}${bare}`;
}

/** Of what the browser itself asks for: pictures, downloads. */
export const urlOf = (path: string): string => `${BASE}${path}`;

export const STREAM_URL = urlOf('/stream');

/** Posts a file as it is. The node may have to look at it for a while: a minute is waited. */
export function postFile<T>(path: string, file: Blob): Promise<T> {
  const mediaType = file.type === '' ? 'application/octet-stream' : file.type;
  return call<T>('POST', path, { text: file, mediaType }, AbortSignal.timeout(60_000));
}

interface Body {
  text: string | Blob;
  mediaType: string;
}

async function call<T>(method: string, path: string, body?: Body, signal?: AbortSignal): Promise<T> {
  const response = await fetch(`${BASE}${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': body.mediaType },
    body: body?.text ?? null,
    signal: signal ?? AbortSignal.timeout(15_000),
    credentials: 'same-origin',
  }).catch((error: unknown) => {
    throw new ApiError(0, error instanceof Error && error.name === 'TimeoutError' ? TIMED_OUT : UNREACHABLE);
  });
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  if (response.status === 401 && path !== '/session') loginNeeded.value = true;
  throw new ApiError(response.status, await problem(response));
}

const TIMED_OUT = 'The node did not answer in time.';
const UNREACHABLE = 'The node cannot be reached. Is it running, and is this device on its network?';

async function problem(response: Response): Promise<string> {
  const details: unknown = await response.json().catch(() => undefined);
  if (typeof details === 'object' && details !== null) {
    const hint = 'hint' in details && typeof details.hint === 'string' ? ` (${details.hint})` : '';
    if ('detail' in details && typeof details.detail === 'string') return `${details.detail}${hint}`;
    if ('title' in details && typeof details.title === 'string') return details.title;
  }
  return `The node answered ${response.status} ${response.statusText}`.trim();
}
